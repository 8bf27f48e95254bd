// Package djangobridge lets a Go service share the logins, sessions and forms of a Django
// site: the same database, the same cookies, the same users. The service acts as another
// worker of the site.
//
// # A service beside Django
//
// Export the site's settings, where manage.py is, and check the file:
//
//	djangosession settings script | python manage.py shell > site.json
//	djangosession settings check site.json
//
// Then open the site, with the database driver of your choice:
//
//	db, err := sql.Open("pgx", os.Getenv("DATABASE_URL"))
//	...
//	site, err := djangobridge.Open("site.json", djangobridge.Options{DB: db})
//	...
//	mux := http.NewServeMux()
//	mux.Handle("GET /account/", site.LoginRequired(account))
//	http.ListenAndServe("127.0.0.1:8000", site.Middleware(mux))
//
// Handlers call [djangosession.FromContext] for the session, [auth.UserFrom] for the
// user and [csrf.TemplateField] for the hidden field of a form. The file describes the
// release, the databases, the tables and the user model. [Open] refuses a site whose
// description is incomplete, or that this module is not known to handle exactly as
// Django does. The error names the setting, option or command.
//
// # Who is logged in, read only
//
// With Options.ReadOnly the service only reads: it stores and deletes no session, sets no
// cookie, and logs nobody in or out.
//
//	site, err := djangobridge.Open("site.json", djangobridge.Options{DB: db, ReadOnly: true})
//	...
//	handler := site.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
//		user, err := auth.UserFrom(r.Context()) // nil: nobody is logged in
//		...
//	}))
//
// # Test vectors
//
// The folder fixtures holds sessions, signatures, passwords and tokens that real Django
// releases wrote, in a documented format for tests in any language. The command
// djangosession decodes and encodes them.
//
// # Compatibility
//
// A session that any version of this module writes can be read by the Django release
// that DJANGO_VERSION names, and by later versions of this module. Later versions also
// read the settings files of earlier ones; if Open needs more than such a file
// contains, it says how to export it again. Before version 1, Go names may change
// between minor versions, and CHANGELOG.md says how to follow. Each deliberate
// difference from Django is documented.
package djangobridge
