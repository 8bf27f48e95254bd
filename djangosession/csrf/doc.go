// Package csrf is Django's protection against forged requests for net/http: a request that changes something has to come
// from a page of the site, which it proves with a token that other sites cannot read. Cookies, session values and tokens
// are Django's: a page that Django has made may be sent to Go, and the other way round. It matches
// django.middleware.csrf.
//
//	protection, err := csrf.New(settings)
//	handler := sessions.Middleware(protection.Middleware(mux))
//
// Pages get the token with [TemplateField] or [Token]. A request with a method other than GET, HEAD, OPTIONS and TRACE is
// answered with status 403 unless all of this holds, in this order:
//
//   - The header Origin, if there is one (and Django 4.0 or newer), is this host's or one of CSRF_TRUSTED_ORIGINS. Without
//     it, a request by HTTPS has a Referer of this host, of the cookie's domain, or of those.
//   - The browser has the secret in its cookie, or its session has it.
//   - The form, or else the header X-CSRFToken, has a token of that secret.
//
// # Differences
//
// On purpose, there is less trust in some places than in Django. Where the secret is in the session, that is not loaded,
// and the response does not vary on its cookie, unless a page asks for a token or a token is checked. Methods in small
// letters are not safe, because a handler in Go does not know them. A host is looked for in the request only, never made up
// of the server's name. URLs with brackets are read by the rules of the newest Python. A urlencoded form whose charset is
// not UTF-8 is refused even if the name is nobody's.
//
// Forms of unknown length (Transfer-Encoding: chunked) are read, as Django does under ASGI.
//
// The tokens of Django before 1.10 are not known here.
package csrf
