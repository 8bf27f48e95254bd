package csrf

import (
	"strconv"
	"time"

	"github.com/djangobridge/djangobridge/internal/cookies"
)

// cookie returns the cookie with this value, according to the settings CSRF_COOKIE_*.
func (p *Protection) cookie(value string) *cookies.Cookie {
	s := &p.settings
	c := &cookies.Cookie{
		Name:     s.CSRFCookieName,
		Value:    value,
		Domain:   s.CSRFCookieDomain,
		Path:     s.CSRFCookiePath,
		Secure:   s.CSRFCookieSecure,
		HTTPOnly: s.CSRFCookieHTTPOnly,
	}
	if p.rules.hasSameSite {
		c.SameSite = s.CSRFCookieSameSite
	}
	if age := s.CSRFCookieAge; age != 0 {
		c.MaxAge = strconv.FormatInt(int64(age/time.Second), 10)
		c.Expires = s.Clock().UTC().Add(age).Format(p.rules.cookieDate)
	}
	return c
}
