package djangosession_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
)

// If another request has changed the expiry in the meantime, the cookie has the stored
// one.
func TestCookieEndsWithTheMergedSession(t *testing.T) {
	for name, c := range map[string]struct {
		renew  bool
		expiry int64
		want   string // Max-Age of the cookie; "" if it has none
	}{
		"merged, until the browser closes":  {false, 0, ""},
		"merged, a month":                   {false, 30 * 86400, "Max-Age=2592000"},
		"renewed, until the browser closes": {true, 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := newShop(t, "6.1", nil)
			key := s.visitor(map[string]any{"n": "old"})
			if c.renew {
				s.use(func(o *djangosession.Options) { o.RenewBelow = 0.9 })
				s.wait(13 * 24 * time.Hour)
			} else {
				s.use(func(o *djangosession.Options) { o.MergeSaves = true })
			}
			r := s.visit("sessionid="+key, func(_ http.ResponseWriter, r *http.Request) {
				mine := s.session(r)
				mine.Get("n")
				if !c.renew {
					mine.Set("m", "new")
				}
				other, err := s.Load(r.Context(), key)
				if err != nil {
					t.Fatal(err)
				}
				other.SetExpiry(c.expiry)
				if err := other.Save(r.Context()); err != nil {
					t.Fatal(err)
				}
			})
			cookie := r.Header.Get("Set-Cookie")
			if !strings.HasPrefix(cookie, "sessionid=") || !strings.Contains(cookie, c.want) || (c.want == "") != !strings.Contains(cookie, "Max-Age") {
				t.Errorf("Set-Cookie %q", cookie)
			}
		})
	}
}

// A hook that reports a damaged session may use the engine.
func TestHooksAreCalledOutsideTheMerge(t *testing.T) {
	s := newShop(t, "6.1", nil)
	told := 0
	s.use(func(o *djangosession.Options) {
		o.MergeSaves = true
		o.OnLoadError = func(ctx context.Context, _ error) {
			told++
			if _, err := s.ClearExpired(ctx, djangosession.ClearOptions{DryRun: true}); err != nil {
				t.Error(err)
			}
		}
	})
	key := s.visitor(map[string]any{"n": "old"})
	session, err := s.Load(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	session.Set("n", "new")
	s.engine.SetRow(key, "junk", noon.AddDate(1, 0, 0))
	if err := session.Save(t.Context()); err != nil || told != 1 {
		t.Errorf("told %d times, %v", told, err)
	}
	if n := s.stored(key); n != "new" {
		t.Errorf("stored is %q", n)
	}
}
