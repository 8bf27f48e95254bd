package djangosession

import (
	"context"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/djangobridge/djangobridge/internal/cookies"
	"github.com/djangobridge/djangobridge/py"
	"github.com/djangobridge/djangobridge/py/pyjson"
)

// isKey reports whether Django takes this for a session key.
func isKey(key string) bool { return utf8.RuneCountInString(key) >= minKeyLength }

// cookie returns what session cookies have in common.
func (s *site) cookie() *cookies.Cookie {
	c := &cookies.Cookie{
		Name:        s.settings.SessionCookieName,
		Path:        s.settings.SessionCookiePath,
		Domain:      s.settings.SessionCookieDomain,
		Partitioned: s.Partitioned,
		Secure:      s.Partitioned,
	}
	if s.settings.release.HasSameSite() {
		c.SameSite = s.settings.SessionCookieSameSite
	}
	return c
}

// sessionCookie returns the cookie of a session, but for its value. The error is that of GetExpiryAge.
func (s *site) sessionCookie(session *Session) (*cookies.Cookie, error) {
	c := s.cookie()
	c.Secure = c.Secure || s.settings.SessionCookieSecure
	c.HTTPOnly = s.settings.SessionCookieHTTPOnly
	if session.GetExpireAtBrowserClose() {
		return c, nil
	}
	age, err := session.GetExpiryAge(ExpiryArgs{})
	if err != nil {
		return nil, err
	}
	ends, err := addSeconds(py.DateTime{Time: s.settings.Clock().UTC()}, age)
	if err != nil {
		return nil, &ValueError{Name: ExpiryName, Err: err}
	}
	c.Expires = ends.Time.Format(s.settings.release.CookieDate())
	c.MaxAge = cookies.FormatSeconds(age)
	if expiry, _ := session.Get(ExpiryName); !s.settings.release.HasWholeMaxAge() {
		if f, isFloat := expiry.(float64); isFloat && f != 0 {
			if text, err := pyjson.Dumps(f); err == nil { // the repr of a float
				c.MaxAge = string(text)
			}
		}
	}
	return c, nil
}

// deletion returns the cookie that makes a browser drop the session cookie. Matches delete_cookie.
func (s *site) deletion() *cookies.Cookie {
	release := s.settings.release
	c := s.cookie()
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

// renew stores the session for nothing but its new end: what others have stored meanwhile stays, if the engine can do that.
func (s *Session) renew(ctx context.Context) error {
	if _, ok := s.manager.engine.(Merger); !ok {
		return s.Save(ctx)
	}
	unlock, err := s.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	key, _ := s.state()
	if key == "" {
		return s.create(ctx)
	}
	return s.merge(ctx, key)
}

// needsRenewal reports whether less than this share of the session's life is left.
func (s *Session) needsRenewal(share float64) bool {
	if share <= 0 || s.IsEmpty() {
		return false
	}
	settings := s.manager.settings
	s.mu.Lock()
	ends := s.ends
	s.mu.Unlock()
	if ends.Time.IsZero() { // it was not loaded, or did not decode
		return false
	}
	next, err := s.GetExpiryDate(ExpiryArgs{})
	now := settings.Clock()
	return err == nil && ends.In(settings.loc).Sub(now).Seconds() < share*next.Sub(now).Seconds()
}
