package djangosession

import (
	"strings"
	"time"

	"github.com/djangobridge/djangobridge/internal/cookies"
	"github.com/djangobridge/djangobridge/py"
	"github.com/djangobridge/djangobridge/py/pyjson"
)

// cookie returns a cookie with the attributes that all session cookies have.
func (m *Manager) cookie() *cookies.Cookie {
	c := &cookies.Cookie{
		Name:        m.settings.SessionCookieName,
		Path:        m.settings.SessionCookiePath,
		Domain:      m.settings.SessionCookieDomain,
		Partitioned: m.options.Partitioned,
		Secure:      m.options.Partitioned,
	}
	if m.settings.release.HasSameSite() {
		c.SameSite = m.settings.SessionCookieSameSite
	}
	return c
}

// sessionCookie returns the cookie of a session without its value. The error is that of
// GetExpiryAge.
func (m *Manager) sessionCookie(session *Session) (*cookies.Cookie, error) {
	c := m.cookie()
	c.Secure = c.Secure || m.settings.SessionCookieSecure
	c.HTTPOnly = m.settings.SessionCookieHTTPOnly
	if session.GetExpireAtBrowserClose() {
		return c, nil
	}
	age, err := session.GetExpiryAge()
	if err != nil {
		return nil, err
	}
	ends, err := addSeconds(py.DateTime{Time: m.settings.Clock().UTC()}, age)
	if err != nil {
		return nil, &ValueError{Name: ExpiryName, Err: err}
	}
	c.Expires = ends.Time.Format(m.settings.release.CookieDate())
	c.MaxAge = cookies.FormatSeconds(age)
	if expiry, _ := session.Get(ExpiryName); !m.settings.release.HasWholeMaxAge() {
		if f, isFloat := expiry.(float64); isFloat && f != 0 {
			if text, err := pyjson.Dumps(f); err == nil { // the repr of a float
				c.MaxAge = string(text)
			}
		}
	}
	return c, nil
}

// deletion returns the cookie that deletes the session cookie. Matches delete_cookie.
func (m *Manager) deletion() *cookies.Cookie {
	release := m.settings.release
	c := m.cookie()
	c.Expires, c.MaxAge = time.Unix(0, 0).UTC().Format(release.CookieDate()), "0"
	if !release.DeletesWithPath() {
		c.Path = "/"
	}
	if !release.DeletesWithDomain() {
		c.Domain = ""
	}
	if !release.DeletesWithSameSite() {
		c.SameSite = ""
	}
	c.Secure = c.Secure || strings.HasPrefix(c.Name, "__Secure-") || strings.HasPrefix(c.Name, "__Host-") ||
		release.DeletesNoneSecurely() && strings.EqualFold(c.SameSite, "none")
	return c
}
