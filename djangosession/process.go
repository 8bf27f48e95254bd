package djangosession

import (
	"context"
	"net/http"

	"github.com/djangobridge/djangobridge/internal/cookies"
)

// ResponseHeader is what the header of a response needs because of the session. See
// [Manager.ProcessResponse].
type ResponseHeader struct {
	// SetCookie is the value of a Set-Cookie field: the session cookie, or its deletion.
	// It is "" if the response needs neither.
	SetCookie string
	// VaryCookie reports whether the response needs Cookie in its Vary field. Otherwise a
	// shared cache may show it to other visitors.
	VaryCookie bool
}

// ProcessRequest returns the session of a request with this Cookie header, as
// [FromContext] does inside [Manager.Middleware]. It is for servers that are not
// net/http, such as fasthttp or gRPC, and for workers that respond later; see
// [Manager.ProcessResponse]. Join several Cookie fields with "; ". If the client sends
// the session key in another way, pass the cookie that it would have:
// SESSION_COOKIE_NAME, "=" and the key.
//
// The errors are those of [Manager.Load]. ProcessRequest loads the session at once; to
// read it only if it is needed, call ProcessRequest when it is. Matches process_request
// of SessionMiddleware.
func (m *Manager) ProcessRequest(ctx context.Context, cookie string) (*Session, error) {
	key, _ := m.findCookie(cookie)
	return m.Load(ctx, key)
}

// ProcessResponse saves a session and returns what the response needs, by the same rules
// as [Manager.Middleware]. Call it once, right before the header of the response is sent,
// with the Cookie header that was passed to [Manager.ProcessRequest], the session that it
// returned, and the status of the response. The session is nil if the request did not use
// it; SESSION_SAVE_EVERY_REQUEST and cookies that name no session still apply. With a
// status of 500 or more nothing is saved, so pass 500 if the handler has panicked. Other
// protocols than HTTP pass the status that a gateway would use, or simply 200 and 500.
//
// Saving does not end with ctx, but after [Options].SaveTimeout. OnSave is called.
// Changes to the session after ProcessResponse are the caller's to save.
//
// The error is that of [Session.Save]. The response of the handler must then not be sent,
// because it reports what was not stored. Send an error in its place, with status 400 for
// [ErrSessionGone] and 500 otherwise, and with the ResponseHeader, which is valid in this
// case too. Matches process_response of SessionMiddleware.
//
// ProcessResponse knows nothing of logins and CSRF. For logins, pass the session to the
// methods of package auth that take one, such as State and LoginSession.
func (m *Manager) ProcessResponse(ctx context.Context, cookie string, s *Session, status int) (ResponseHeader, error) {
	header := http.Header{}
	r := &reply{manager: m, session: s}
	r.key, r.present = m.findCookie(cookie)
	err := r.respond(ctx, header, status)
	if err != nil {
		r.tellKey(header)
		r.discard(ctx)
	}
	h := ResponseHeader{VaryCookie: r.varied || err != nil} // an error is for this visitor too
	if lines := header["Set-Cookie"]; len(lines) > 0 {
		h.SetCookie = lines[0]
	}
	return h, err
}

// findCookie returns the key in the session cookie of a Cookie header, and whether there
// is such a cookie.
func (m *Manager) findCookie(cookie string) (key string, present bool) {
	return cookies.Find(http.Header{"Cookie": {cookie}}, m.settings.SessionCookieName)
}
