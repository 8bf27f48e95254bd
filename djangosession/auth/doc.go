// Package auth tells who is logged in to a Django site, and logs people in and out, by what Django keeps in its sessions.
//
//	a, err := auth.New(manager, users, auth.Options{})
//	handler := manager.Middleware(a.Middleware(mux))
//
//	func page(w http.ResponseWriter, r *http.Request) {
//		user, err := auth.UserFrom(r.Context()) // nil: nobody is logged in
//
// # What a login is
//
// A session is a login if all of this holds, looked at in this order: it names a user and a backend; the backend is one of
// AUTHENTICATION_BACKENDS, to the letter; there is such a user; the user is active, unless the backend takes others too; and
// the hash in the session is that of the user's password under SECRET_KEY, or one of SECRET_KEY_FALLBACKS. A session
// whose hash is wrong is flushed, as in Django, since the password was changed elsewhere; one that fails for another
// reason is kept, and nobody is logged in. [State] tells which it was.
//
// # Where it differs from Django
//
// An id in a session that cannot be one of the user model makes Django answer with status 500, on every page until the
// session ends. Here nobody is logged in then ([BadID]). Ids are read as Django writes them: where its to_python takes
// " 1 ", "0_1" or "1.9" for 1, they are bad here.
//
// A login never survives a logout that ended before the login was stored: where Django copies a session to a new key without
// looking whether it is still there (a rotated SECRET_KEY, a changed password), this package looks.
//
// A session key is never changed when the browser cannot learn the new one any more, because the response has begun or the
// connection was hijacked: see [Auth.State], [Auth.Login] and [Auth.UpdateSessionAuthHash]. Django changes it, and the
// visitor loses the session.
//
// A login that fails leaves the session without one, or with the one that it had.
//
// Passwords are checked here and not stored anew: where Django's settings ask for more iterations by now, Django stores
// them at the next login there.
//
// Matches django.contrib.auth: its middleware, ModelBackend and decorators.
package auth
