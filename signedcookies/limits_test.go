package signedcookies_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/signedcookies"
)

// TestSessionThatIsTooLargeForACookieIsAnError has a page that Django would answer, with
// a cookie that browsers drop.
func TestSessionThatIsTooLargeForACookieIsAnError(t *testing.T) {
	t.Parallel()
	random := make([]byte, 0, 6000)
	for len(random) < 6000 { // which does not compress
		random = append(random, djangosession.NewKey()...)
	}
	fill := func(s *shop, n int) *httptest.ResponseRecorder {
		return s.visit(t, one, func(_ http.ResponseWriter, r *http.Request) {
			session, err := djangosession.FromContext(r.Context())
			must(t, err)
			session.Set("b", string(random[:n]))
		})
	}
	largest := 0
	for n := 2000; n < 6000; n += 500 {
		s := newShop(t, nil)
		r := fill(s, n)
		size := 0
		for _, c := range cookiesOf(r) {
			size = len(c.Name) + 1 + len(c.Value)
		}
		if size > 0 {
			largest = max(largest, size)
			if r.Code != http.StatusOK || size > signedcookies.MaxCookieSize {
				t.Errorf("a cookie of %d bytes with status %d", size, r.Code)
			}
			continue
		}
		var refused *signedcookies.SizeError
		if r.Code != http.StatusInternalServerError || len(s.errs) != 1 || !errors.As(s.errs[0], &refused) ||
			refused.Size <= signedcookies.MaxCookieSize {
			t.Errorf("status %d, reported %v", r.Code, s.errs)
		}
	}
	if largest < signedcookies.MaxCookieSize-600 {
		t.Errorf("the largest cookie has %d bytes", largest)
	}
}

// TestCookieOfNewerSettingsIsLeftAlone has a cookie that was signed after the settings
// were exported, with a key that this service does not have.
func TestCookieOfNewerSettingsIsLeftAlone(t *testing.T) {
	t.Parallel()
	for _, newer := range []bool{true, false} {
		var told []error
		s := newShop(t, func(set *djangosession.Settings, o *djangosession.Options) {
			set.ExportedAt = signed.Add(time.Hour)
			if newer {
				set.ExportedAt = signed.Add(-time.Hour)
			}
			set.SecretKey = "another"
			o.OnLoadError = func(_ context.Context, err error) { told = append(told, err) }
		})
		for _, use := range []use{read, set} {
			told, s.errs = nil, nil
			changed := false
			r := s.visit(t, one, func(_ http.ResponseWriter, r *http.Request) {
				session, err := djangosession.FromContext(r.Context())
				must(t, errors.Join(err, use(r.Context(), session)))
				changed = session.Modified()
			})
			got := s.shown(t, r)
			if newer && (got != "none" || len(told) != 1 || !errors.Is(told[0], djangosession.ErrOutdatedSettings)) {
				t.Errorf("the cookie is %s, told of %v", got, told)
			}
			if newer && changed && (r.Code != http.StatusInternalServerError || !errors.Is(s.errs[0], djangosession.ErrOutdatedSettings)) {
				t.Errorf("status %d, reported %v", r.Code, s.errs)
			}
			if !newer && (got == "none" || len(told) != 1 || errors.Is(told[0], djangosession.ErrOutdatedSettings)) {
				t.Errorf("the cookie is %s, told of %v", got, told)
			}
		}
	}
}

// TestCookieLargerThanMaxInflatedIsLeftAlone has one that the site has signed before the
// settings were exported. An invalid one starts over, however large it is.
func TestCookieLargerThanMaxInflatedIsLeftAlone(t *testing.T) {
	t.Parallel()
	larger := newShop(t, nil).sessions.New()
	larger.Set("a", strings.Repeat("x", 5000))
	must(t, larger.Save(t.Context()))
	s := newShop(t, func(set *djangosession.Settings, _ *djangosession.Options) { set.MaxInflated = 1000 })
	for ending, kept := range map[string]bool{"": true, "x": false} {
		s.errs = nil
		r := s.visit(t, larger.Key()+ending, func(_ http.ResponseWriter, r *http.Request) {
			session, err := djangosession.FromContext(r.Context())
			must(t, err)
			session.Set("a", 1)
		})
		if got := s.shown(t, r); (got == "none") != kept {
			t.Errorf("the cookie is %s", got)
		}
		if kept && (r.Code != http.StatusInternalServerError || len(s.errs) != 1 || !errors.Is(s.errs[0], djangosession.ErrMaxInflated)) {
			t.Errorf("status %d, reported %v", r.Code, s.errs)
		}
	}
}

func TestReadOnlyServiceSetsNoCookie(t *testing.T) {
	t.Parallel()
	for _, cookie := range []string{one, one + "x", "short", ""} {
		s := newShop(t, func(_ *djangosession.Settings, o *djangosession.Options) { o.ReadOnly = true })
		r := s.visit(t, cookie, func(_ http.ResponseWriter, r *http.Request) {
			session, err := djangosession.FromContext(r.Context())
			must(t, err)
			if session.Contains("a") != (cookie == one) {
				t.Errorf("%s: values %v", cookie, session.Keys())
			}
			for name, err := range map[string]error{
				"flush": session.Flush(r.Context()), "create": session.Create(r.Context()), "delete": session.DeleteStored(r.Context()),
			} {
				if !errors.Is(err, djangosession.ErrReadOnly) && (name != "delete" || cookie == one) {
					t.Errorf("%s: %v", name, err)
				}
			}
		})
		if got := s.shown(t, r); got != "none" || len(s.errs) > 0 {
			t.Errorf("%s: the cookie is %s, reported %v", cookie, got, s.errs)
		}
	}
}

func TestRefusedSettings(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		django string
		set    map[string]string
		want   string
	}{
		"another engine":  {django: "6.1.3", set: map[string]string{"SESSION_ENGINE": "django.contrib.sessions.backends.db"}, want: "SESSION_ENGINE"},
		"a site's engine": {django: "6.1.3", set: map[string]string{"SESSION_ENGINE": "shop.sessions"}, want: "SESSION_ENGINE"},
		"pickles": {
			django: "4.2.30", set: map[string]string{"SESSION_SERIALIZER": "django.contrib.sessions.serializers.PickleSerializer"},
			want: "SESSION_SERIALIZER",
		},
		"a site's serializer": {django: "6.1.3", set: map[string]string{"SESSION_SERIALIZER": "shop.Serializer"}, want: "SESSION_SERIALIZER"},
	} {
		given := map[string]json.RawMessage{}
		for setting, value := range c.set {
			text, err := json.Marshal(value)
			must(t, err)
			given[setting] = text
		}
		_, err := signedcookies.New(settings(t, c.django, given), signedcookies.Options{})
		if refused, ok := errors.AsType[*djangosession.SettingError](err); !ok || refused.Setting != c.want {
			t.Errorf("%s: %v", name, err)
		}
	}
}
