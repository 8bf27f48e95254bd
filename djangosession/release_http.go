package djangosession

// What the releases differ in when they answer a request.

// savesWith: a session is saved though the response has this status.
func (r release) savesWith(status int) bool {
	switch {
	case r.atLeast(4, 2, 0):
		return status < 500
	case r.atLeast(1, 5, 0):
		return status != 500
	}
	return true
}

// variesOnDeletion: a response that deletes the cookie says Vary: Cookie. Before, it did not, even if the session was looked at.
func (r release) variesOnDeletion() bool { return r.atLeast(3, 0, 0) }

// variesWithCookie: a response that sets the cookie says it, also if the session was not looked at.
func (r release) variesWithCookie() bool {
	return r.atLeast(6, 0, 5) || r.atLeast(5, 2, 14) && !r.atLeast(6, 0, 0)
}

// cookieDate is the form of dates in cookies.
func (r release) cookieDate() string {
	if r.atLeast(2, 1, 0) {
		return "Mon, 02 Jan 2006 15:04:05 GMT"
	}
	return "Mon, 02-Jan-2006 15:04:05 GMT"
}

// hasWholeMaxAge: a Max-Age is a whole number.
func (r release) hasWholeMaxAge() bool { return r.atLeast(3, 2, 0) }

// hasSameSite: cookies have the attribute SameSite.
func (r release) hasSameSite() bool { return r.atLeast(2, 1, 0) }

// deletesWithDomain, deletesWithPath, deletesWithSameSite: the cookie that deletes has these attributes of the one that
// it deletes.
func (r release) deletesWithDomain() bool { return r.atLeast(1, 9, 0) }
func (r release) deletesWithPath() bool   { return r.atLeast(1, 11, 0) }
func (r release) deletesWithSameSite() bool {
	return r.atLeast(3, 0, 9) || r.atLeast(2, 2, 15) && !r.atLeast(3, 0, 0)
}

// deletesNoneSecurely: with SameSite=None it has Secure, without which browsers pass it over.
func (r release) deletesNoneSecurely() bool { return r.atLeast(3, 1, 0) }
