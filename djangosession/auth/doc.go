// Package auth finds out which user is logged in to a Django site, and logs users in and
// out, in sessions that the site and Go services share.
//
//	login, err := auth.New(sessions, users, auth.Options{})
//	handler := sessions.Middleware(login.Middleware(mux))
//
//	func page(w http.ResponseWriter, r *http.Request) {
//		user, err := auth.UserFrom(r.Context()) // nil if no user is logged in
//		...
//
// # Logins in sessions
//
// A session is a login if all of these conditions hold. They are checked in this order:
//
//   - The session names a user and a backend.
//   - The backend is one of AUTHENTICATION_BACKENDS, compared as text.
//   - The user exists.
//   - The user is active, or the backend accepts inactive users.
//   - The hash in the session matches the user's password and SECRET_KEY, or one of
//     SECRET_KEY_FALLBACKS.
//
// A session with a wrong hash is flushed, as in Django, because the password was changed
// elsewhere. A session that fails another check is kept, but no user is logged in.
// [State] contains the [Reason].
//
// # Differences from Django
//
// If the id in a session is invalid for the user model, Django responds with status 500
// to every request until the session ends. Here, no user is logged in ([BadID]). Ids are
// accepted only in the form that Django writes: " 1 ", "0_1" and "1.9", which Django's
// to_python may read as 1, are invalid.
//
// A login never survives a logout that finished before the login was stored. When a
// session gets a new key (after a change of SECRET_KEY or of the password), Django does
// not check that the old session still exists; this package does.
//
// A session key never changes once the browser cannot learn the new one, because the
// response has begun or the connection was hijacked; see [Auth.State], [Auth.Login] and
// [Auth.UpdateSessionAuthHash]. Django changes it, and the visitor loses the session.
//
// After a failed Login, the session has no login or the same login as before.
//
// If Django's settings now require another encoding of passwords, such as more
// iterations, [Auth.Authenticate] and [Auth.CheckPassword] encode a password again and
// store it, as Django does. They never overwrite a password that was changed in the
// meantime; Django does.
//
// Matches django.contrib.auth: its middleware, ModelBackend and decorators.
package auth
