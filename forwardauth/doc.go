// Package forwardauth lets a reverse proxy ask, for each request, whether its visitor is
// logged in at a Django site: nginx with auth_request, Traefik with forwardAuth, Caddy with
// forward_auth, Envoy with ext_authz over HTTP. Services behind the proxy then need
// neither sessions nor a login of their own, in whatever language they are written. They
// rely on headers that the proxy copies from the answer, such as [HeaderID].
//
// # Paths
//
// A proxy asks at /auth/PROXY/REQUIREMENT, where PROXY is nginx, traefik, caddy or envoy.
// Each proxy describes the original request in other headers. REQUIREMENT is login,
// anonymous, staff, superuser, group=NAME or permission=NAME, or several of them joined by
// "&", as in /auth/nginx/staff&group=Editors. Envoy adds the path of the original request.
// Queries are ignored, because Caddy passes on that of the client.
//
// # Answers
//
// Status 200 lets the request pass, with the headers of the user. All others keep it out:
// 302 (nginx: 401) leads to LOGIN_URL, 403 refuses a user who does not meet a requirement
// and a request that a proxy and a service could read differently, 429 is for clients that
// guess, and 500 and 503 report that nothing is known. See [Reason].
//
// The values of the headers are percent-encoded, so that they are ASCII, contain no line
// ends and are unambiguous; unquote of urllib.parse decodes them. Spaces and commas are
// encoded too.
//
// # Rules for safety
//
//   - The services must be reachable through the proxy alone. Otherwise clients send the
//     headers themselves.
//   - The proxy must copy all headers of [HeaderID] and the others. They are in every
//     answer with status 200, and empty without a login, so a header of the client never
//     remains.
//   - A request that brings one of these headers, in any spelling, is refused.
//   - Each answer comes from one load of the session and one query for the user. Nothing
//     is kept, so a logout, a new password and a deactivated user count at once.
//   - Nothing is written: neither sessions nor cookies nor users. Expiry dates are not
//     extended; SESSION_SAVE_EVERY_REQUEST has no effect here.
//   - Of several session cookies in a header the last one counts, as in Django. Several
//     headers Cookie are refused.
package forwardauth
