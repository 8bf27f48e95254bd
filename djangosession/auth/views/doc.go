// Package views contains the login pages of django.contrib.auth as HTTP handlers: login,
// logout, change of a password, and its reset by a link. They accept the same forms,
// redirect to the same addresses and send the same headers as Django's views of the same
// names. The caller renders the pages.
//
//	pages, err := site.Views(views.Options{Render: render, ...})
//	mux.HandleFunc("/accounts/login/", pages.Login)
//	mux.HandleFunc("/accounts/logout/", pages.Logout)
//	mux.HandleFunc("/accounts/password_change/", pages.PasswordChange)
//	mux.HandleFunc("/accounts/password_reset/", pages.PasswordReset)
//	mux.HandleFunc("/accounts/reset/{uidb64}/{token}/{$}", pages.PasswordResetConfirm)
//
// The handlers belong inside the middlewares for sessions, logins and CSRF. A POST
// request without a CSRF token is refused even if the handler is exempt from the
// middleware's check.
//
// Limit the rate of requests to these pages. Like Django, this package does not.
//
// # Differences from Django
//
//   - The page after a login or logout has to be a path on the same site; see
//     [auth.Auth.Next].
//   - The host in a reset link comes from [Options].ResetURL, never from the request.
//   - A failure to send mail is logged, and the response is as for an address without an
//     account, even for releases before 4.2.16, 5.0.9 and 5.1.1.
//   - A password that another request changes at the same time is not overwritten.
//
// Matches django.contrib.auth.views and forms.
package views
