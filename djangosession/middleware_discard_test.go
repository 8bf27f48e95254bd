package djangosession_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
)

// TestNoSessionIsLeftThatNoBrowserHas stores a session in the handler, whose response
// then fails. Only a session whose cookie the browser gets may remain.
func TestNoSessionIsLeftThatNoBrowserHas(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		known bool
		store func(ctx context.Context, s *djangosession.Session) error
	}{
		"a new session":           {store: func(ctx context.Context, s *djangosession.Session) error { return s.Save(ctx) }},
		"a new key":               {known: true, store: func(ctx context.Context, s *djangosession.Session) error { return s.CycleKey(ctx) }},
		"a copy":                  {known: true, store: func(ctx context.Context, s *djangosession.Session) error { return s.Create(ctx) }},
		"a session that is known": {known: true, store: func(ctx context.Context, s *djangosession.Session) error { return s.Save(ctx) }},
		"nothing":                 {store: func(context.Context, *djangosession.Session) error { return nil }},
	} {
		s := newShop(t, "6.1", nil)
		old, cookie := "", ""
		if c.known {
			old = s.visitor(map[string]any{"n": "old"})
			cookie = "sessionid=" + old
		}
		r := s.visit(cookie, func(w http.ResponseWriter, r *http.Request) {
			session := s.session(r)
			session.Set("n", "new")
			must(c.store(r.Context(), session))
			w.WriteHeader(http.StatusInternalServerError)
		})
		_, told := setCookie(t, r.Header)
		if told == "" {
			told = old
		}
		errs, _ := s.told()
		for record, err := range s.Records(t.Context()) {
			must(err)
			if record.Key != told && record.Key != old {
				t.Errorf("%s: an unreachable session is stored", name)
			}
		}
		if there, err := s.Exists(t.Context(), told); err != nil || there != (told != "") || errs != nil {
			t.Errorf("%s: the browser's session is there: %v, %v; told of %v", name, there, err, errs)
		}
	}
}

// TestRenewalsFailAsSavesDo renews unchanged sessions, on an engine that can merge and on
// one that cannot.
func TestRenewalsFailAsSavesDo(t *testing.T) {
	t.Parallel()
	for name, merges := range map[string]bool{"merger": true, "plain": false} {
		for _, fails := range []bool{false, true} {
			s := newShop(t, "6.1", nil)
			s.use(func(o *djangosession.Options) { o.RenewBelow = 0.5 })
			if !merges {
				m, err := djangosession.NewManager(plainEngine{s.engine}, s.settings, s.options)
				must(err)
				s.Manager = m
			}
			key := s.visitor(map[string]any{"n": "old"})
			s.wait(10 * 24 * time.Hour)
			if fails {
				s.engine.saveErr = errBroken
			}
			r := s.visit("sessionid="+key, func(_ http.ResponseWriter, r *http.Request) { s.session(r).Get("n") })
			errs, events := s.told()
			if fails && (r.StatusCode != http.StatusInternalServerError || len(errs) != 1 || !errors.Is(errs[0], errBroken) || events != nil) {
				t.Errorf("%s: status %d, told of %v, %v", name, r.StatusCode, errs, events)
			}
			if !fails && (r.StatusCode != http.StatusOK || errs != nil || len(events) != 1 || events[0].Reason != djangosession.SaveRenewed) {
				t.Errorf("%s: status %d, told of %v, %v", name, r.StatusCode, errs, events)
			}
			s.wait(10 * 24 * time.Hour) // past the original end
			want := map[bool]string{false: "old", true: ""}[fails]
			if got := s.stored(key); got != want {
				t.Errorf("%s, failing: %v: stored %q, want %q", name, fails, got, want)
			}
		}
	}
}

// ages is an engine that records the lifetimes of sessions.
type ages struct {
	*spy
	age time.Duration
}

func (a *ages) Create(ctx context.Context, r *djangosession.Record) error {
	a.age = r.ExpireAge
	return a.spy.Create(ctx, r)
}

// TestEnginesAreToldHowLongSessionsLive has the results of get_expiry_age, and a date for
// which it has none: without a zone where USE_TZ is true.
func TestEnginesAreToldHowLongSessionsLive(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		expiry any
		want   time.Duration
	}{
		"default":        {expiry: nil, want: 14 * 24 * time.Hour},
		"seconds":        {expiry: 90, want: 90 * time.Second},
		"past":           {expiry: -5, want: -5 * time.Second},
		"fraction":       {expiry: 1.5, want: 1500 * time.Millisecond},
		"date":           {expiry: "2023-11-14T22:15:20+00:00", want: 2 * time.Minute},
		"without a zone": {expiry: "2023-11-14T22:15:20", want: 2 * time.Minute}, // in TIME_ZONE
	} {
		s := newShop(t, "6.1", func(settings *djangosession.Settings) { settings.TimeZone = "UTC" })
		engine := &ages{spy: s.engine}
		m, err := djangosession.NewManager(engine, s.Settings(), djangosession.Options{})
		must(err)
		session := m.New()
		if c.expiry != nil {
			session.Set(djangosession.ExpiryName, c.expiry)
		}
		if err := session.Save(t.Context()); err != nil || engine.age != c.want {
			t.Errorf("%s: %v, %v; want %v", name, engine.age, err, c.want)
		}
	}
}

// TestKeysOfSessionsThatHaveBecomeUnreadableStay changes Django's SECRET_KEY after the
// session was loaded.
func TestKeysOfSessionsThatHaveBecomeUnreadableStay(t *testing.T) {
	for _, merge := range []bool{false, true} {
		s := newRotated(t, nil)
		s.use(func(o *djangosession.Options) { o.MergeSaves = merge })
		key := s.visitor(map[string]any{"n": "old"})
		session, err := s.Load(t.Context(), key)
		must(err)
		s.wait(time.Hour)
		text := s.django(noon.Add(time.Minute))
		s.engine.SetRow(key, text, noon.AddDate(1, 0, 0))
		session.Set("n", "go")
		if err := session.CycleKey(t.Context()); !isOutdated(err) || session.Key() != key {
			t.Errorf("merging: %v: error %v", merge, err)
		}
		s.wantKept(key, text)
	}
}
