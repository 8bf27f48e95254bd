// Package csrf is Django's protection against cross-site request forgery for net/http. A
// request that changes something must come from a page of the site, which it proves with
// a token that other sites cannot read. Cookies, session values and tokens are the same
// as Django's: a form of a page that Django rendered can be submitted to Go, and vice
// versa. Matches django.middleware.csrf.
//
//	protection, err := csrf.New(settings, csrf.Options{})
//	handler := sessions.Middleware(protection.Middleware(mux))
//
// Pages get the token from [TemplateField] or [Token]. A request with a method other than
// GET, HEAD, OPTIONS and TRACE receives status 403 unless all of these conditions hold.
// They are checked in this order:
//
//   - The Origin header, if present (and the site runs Django 4.0 or newer), names this
//     host or one of CSRF_TRUSTED_ORIGINS. An HTTPS request without it has a Referer on
//     this host, in the cookie's domain, or on one of CSRF_TRUSTED_ORIGINS.
//   - The cookie or the session contains the secret.
//   - The form, or else the X-CSRFToken header, contains a token of that secret.
//
// # Differences from Django
//
// The package is stricter than Django in some cases:
//
//   - If the session stores the secret, the session is loaded, and the response varies on
//     its cookie, only if a page asks for a token or a token is checked.
//   - Lowercase methods are not safe, because Go handlers do not know them.
//   - The host is taken from the request only, never from the server's name.
//   - URLs with brackets are parsed by the rules of the newest Python.
//   - A urlencoded form whose charset is not UTF-8 is refused, even if the charset is
//     unknown.
//
// Forms of unknown length (Transfer-Encoding: chunked) are read, as Django does under
// ASGI.
//
// The tokens of Django before 1.10 are not supported.
package csrf
