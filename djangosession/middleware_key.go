package djangosession

import "net/http"

// tellKey sets the cookie of a session that was stored under a new key in this request,
// although the response fails. Otherwise the visitor would lose the session because the
// old key no longer exists, and a login would remain under a key that no browser has.
// Django does not set the cookie. Sessions that have only started over are discarded
// instead.
func (r *reply) tellKey(header http.Header) {
	s, _ := r.loaded()
	if s == nil || r.manager.options.ReadOnly || s.isGone() || s.isBlank() || r.manager.stateless { // the old cookie is still valid
		return
	}
	key := s.Key()
	if key == "" || key == r.key {
		return
	}
	c, err := r.manager.sessionCookie(s)
	if err != nil {
		return // a session whose expiry is invalid is not stored
	}
	c.Value, r.told = key, key
	c.Put(header)
	r.vary(header, true)
}
