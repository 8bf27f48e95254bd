package csrf

import (
	"net/http"
	"strconv"
	"time"

	"github.com/djangobridge/djangobridge/internal/cookies"
)

// cookie returns the cookie with this value, by the settings CSRF_COOKIE_*.
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
	dates := "Mon, 02-Jan-2006 15:04:05 GMT"
	if s.Site.AtLeast(2, 1, 0) {
		dates, c.SameSite = http.TimeFormat, s.CSRFCookieSameSite
	}
	if age := s.CSRFCookieAge; age != 0 {
		c.MaxAge = strconv.FormatInt(int64(age/time.Second), 10)
		c.Expires = s.Site.Clock().UTC().Add(age).Format(dates)
	}
	return c
}
