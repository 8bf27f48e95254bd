package djangosession

// tellKey sets the cookie of a session that was stored under a new key in this request,
// although the response fails. Otherwise the visitor would lose the session because the
// old key no longer exists, and a login would remain under a key that no browser has.
// Django does not set the cookie. Sessions that have only started over are discarded
// instead.
func (x *exchange) tellKey() {
	s, _ := x.loaded()
	if s == nil || x.manager.options.ReadOnly || s.isGone() || s.isBlank() || x.manager.stateless { // the old cookie is still valid
		return
	}
	key := s.Key()
	if key == "" || key == x.key {
		return
	}
	c, err := x.manager.sessionCookie(s)
	if err != nil {
		return // a session whose expiry is invalid is not stored
	}
	c.Value, x.told = key, key
	c.Put(x.under.Header())
	x.vary(true)
}
