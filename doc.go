// Package djangobridge lets Go services share a Django site's logins, sessions and forms:
// the same tables, the same cookies, the same signatures, byte for byte. To the database,
// the cache and the browser, such a service looks like one more Django worker. It works
// with Django 2.2 to 6.1, with every session engine of Django, and on SQLite, MariaDB,
// MySQL and PostgreSQL.
//
// # Who is logged in
//
// Export the site's settings where manage.py is, and check the file:
//
//	go install github.com/djangobridge/djangobridge/cmd/djangosession@latest
//	(umask 077; djangosession settings script | python manage.py shell > site.json)
//	djangosession settings check site.json
//
// Open the site with the database driver of your choice. A site that is opened with
// ReadOnly stores and deletes no session, sets no cookie, and logs no user in or out:
//
//	db, err := sql.Open("pgx", os.Getenv("DATABASE_URL"))
//	...
//	site, err := djangobridge.Open("site.json", djangobridge.Options{DB: db, ReadOnly: true})
//	...
//	mux.Handle("GET /reports/", site.LoginRequired(reports))
//	http.ListenAndServe("127.0.0.1:8001", site.Middleware(mux))
//
//	func reports(w http.ResponseWriter, r *http.Request) {
//		user, err := auth.UserFrom(r.Context()) // as request.user
//		...
//
// # Endpoints that move to Go
//
// Without ReadOnly, handlers change sessions, log users in and out, and accept forms:
//
//	session, err := djangosession.FromContext(r.Context()) // as request.session
//	err = session.Scan("cart", &cart)
//	session.Set("cart", cart) // saved before the response goes out
//
//	field, err := csrf.TemplateField(r.Context())          // as {% csrf_token %}
//	user, err := site.Login.Authenticate(r.Context(), username, password)
//	err = site.Login.Login(r.Context(), user)
//
//	err = messages.Success(r.Context(), "Saved.")          // as messages.success
//	list, err := messages.Show(r.Context())                // for {{range .Messages}}
//
// See [djangosession.FromContext], [auth.UserFrom], [csrf.TemplateField] and
// [messages.Show].
//
// [Open] reads the release, databases, tables, user model and middlewares from the file.
// It refuses a site that is described incompletely, or that this module is not known to
// handle exactly as Django does. The error names the setting, option or command that
// helps. [Site.Check] compares the file with the database.
//
// # Sessions in caches, files and cookies
//
// [Open] also chooses the session engine by the file. Sessions in Redis or memcached need
// one more line, which links the client library:
//
//	site, err := djangobridge.Open("site.json", djangobridge.Options{DB: db, OpenCache: rediscache.Open})
//	...
//	defer site.Close()
//
// The file then contains the password of the cache. docs/engines.md says what each engine
// needs and can do.
//
// # Test vectors
//
// Package fixtures contains signed strings, sessions, cookies, rows, cached values and
// refusals of real Django releases, in a documented format for tests in any language:
//
//	file, err := fixtures.Read[vector]("django-5.2/sessions.json")
//
//	curl -sO https://raw.githubusercontent.com/djangobridge/djangobridge/main/fixtures/django-5.2/sessions.json
//
// # Parts
//
// A [Site] consists of parts that also work alone: packages signing, py, djangosession,
// djangosession/auth, djangosession/csrf and djangosession/messages. The session engines
// are in packages tables (db), caches (cache and cached_db), files (file) and
// signedcookies (signed_cookies); caches/rediscache and caches/memcached have the caches
// that need a client library.
// Package djangosession/memory is an engine for tests. The command djangosession decodes,
// explains, lists and clears sessions.
//
// # Compatibility
//
// The Django release in DJANGO_VERSION reads every session that any version of this
// module writes, and so do later versions of this module. Later versions read the
// settings files of earlier ones; if Open needs a fact that such a file lacks, the error
// says how to export it again. Before version 1, Go names may change between minor
// versions, and CHANGELOG.md says how to follow. docs/differences.md lists each
// deliberate difference from Django with the test that holds it.
package djangobridge
