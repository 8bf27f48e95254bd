package compat_test

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/py"
	"github.com/djangobridge/djangobridge/py/pyjson"
	"github.com/djangobridge/djangobridge/signing"
	"github.com/djangobridge/djangobridge/tables"
)

func TestTurnsOnOneSession(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, p *pair) {
		key := p.django.text(t, "create", map[string]any{"values": many(t)})
		p.wantSame(t, key)
		for turn := range 10 {
			s := p.load(t, key)
			s.Set("go", map[string]any{"turn": turn, "float": float64(turn), "text": strings.Repeat("é", turn)})
			if turn%3 == 2 {
				if err := s.Delete("django"); err != nil {
					t.Error(err)
				}
			}
			save(t, s)
			p.wantSame(t, key)
			p.django.do(t, "change", map[string]any{
				"key": key, "set": map[string]any{"django": []any{turn, 1.5, nil, "☃"}}, "delete": []string{"go"},
			})
			p.wantSame(t, key)
		}
		want := many(t)
		s := p.load(t, key)
		for name, value := range want.All() {
			text, _ := name.(string)
			if got, ok := s.Get(text); !ok || !py.Equal(got, value) {
				t.Errorf("%s has become %v", text, got)
			}
		}
	})
}

func TestSessionMadeByGoIsDjangos(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, p *pair) {
		s := p.sessions.New()
		if err := s.Update(many(t)); err != nil {
			t.Fatal(err)
		}
		save(t, s)
		p.wantSame(t, s.Key())
		if got := p.django.load(t, s.Key()); !py.Equal(got.Values, many(t)) {
			t.Error("Django loads other values than Go was given")
		}
	})
}

func TestDeletedSessionsStayDeleted(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, p *pair) {
		key := p.django.text(t, "create", map[string]any{"values": map[string]any{"a": 1}})
		s := p.load(t, key)
		p.django.do(t, "flush", map[string]any{"key": key})
		s.Set("a", 2)
		if err := s.Save(t.Context()); !errors.Is(err, djangosession.ErrSessionGone) {
			t.Errorf("Go saves a session that Django has flushed: %v", err)
		}

		key = p.django.text(t, "create", map[string]any{"values": map[string]any{"a": 1}})
		p.django.send(t, map[string]any{"do": "late_save", "key": key, "values": map[string]any{"a": 2}, "go_on": true})
		p.django.receive(t) // it has loaded the session
		if err := p.load(t, key).Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		p.django.send(t, map[string]any{})
		var class raised
		if _, err := p.django.answer(); !errors.As(err, &class) || class != "UpdateError" {
			t.Errorf("Django saves a session that Go has flushed: %v", err)
		}
		if n := p.django.do(t, "count", nil); n != int64(0) {
			t.Errorf("%v sessions are left", n)
		}
	})
}

func TestKeysAreCycledOnBothSides(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, p *pair) {
		first := p.django.text(t, "create", map[string]any{"values": many(t)})
		s := p.load(t, first)
		if err := s.CycleKey(t.Context()); err != nil {
			t.Fatal(err)
		}
		if exists, ok := p.django.do(t, "exists", map[string]any{"key": first}).(bool); exists || !ok {
			t.Error("the old session exists in Django")
		}
		p.wantSame(t, s.Key())
		third := p.django.text(t, "cycle", map[string]any{"key": s.Key()})
		if ok, err := p.sessions.Exists(t.Context(), s.Key()); ok || err != nil {
			t.Errorf("the old session exists in Go (%v)", err)
		}
		p.wantSame(t, third)
	})
}

// expiry is Django's view of the end of a session.
type expiry struct {
	Age     float64 `json:"age"`
	Date    string  `json:"date"`
	Browser bool    `json:"browser"`
}

func TestExpiriesAgree(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, p *pair) {
		s := p.sessions.New()
		save(t, s)
		check := func(what string) {
			t.Helper()
			var theirs expiry
			if err := py.Scan(p.django.do(t, "expiry", map[string]any{"key": s.Key()}), &theirs, nil); err != nil {
				t.Fatal(err)
			}
			ours := p.load(t, s.Key())
			age, err := ours.GetExpiryAge()
			// Django read its clock earlier: a moment, or seconds on a busy machine.
			if err != nil || age > theirs.Age || age < theirs.Age-30 || ours.GetExpireAtBrowserClose() != theirs.Browser {
				t.Errorf("%s: Go says %v, %v, %v; Django %+v", what, age, ours.GetExpireAtBrowserClose(), err, theirs)
			}
			if strings.Contains(what, "date") { // no clock in it
				end, dateErr := ours.GetExpiryDate()
				want, err := py.ParseISOFormat(theirs.Date)
				settings := p.sessions.Settings()
				loc, locErr := settings.Location()
				if err := errors.Join(dateErr, err, locErr); err != nil || !end.Equal(want.In(loc)) {
					t.Errorf("%s: Go says %v, %v; Django %s", what, end, err, theirs.Date)
				}
			}
		}
		check("default")
		s.SetExpiry(300)
		save(t, s)
		check("seconds by Go")
		s.SetExpiry(0)
		save(t, s)
		check("browser close by Go")
		p.django.do(t, "set_expiry", map[string]any{"key": s.Key(), "seconds": 77})
		check("seconds by Django")
		s.SetExpiryTime(time.Now().Add(time.Hour))
		if p.sessions.Settings().DjangoVersion < "4.1" { // those have no JSON for dates
			if err := s.Save(t.Context()); err == nil {
				t.Error("Go saves a date that this release cannot read")
			}
			return
		}
		save(t, s)
		check("date by Go")
		date := "2099-07-01T12:00:00.000001"
		if p.sessions.Settings().UseTZ {
			date += "+02:00"
		}
		p.django.do(t, "set_expiry", map[string]any{"key": s.Key(), "date": date})
		check("date by Django")
	})
}

func TestClearingAgrees(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, p *pair) {
		fill := func() {
			for _, offset := range []time.Duration{-24 * time.Hour, -time.Second, time.Hour, 24 * time.Hour} {
				s := p.sessions.New()
				s.SetExpiry(int64(offset / time.Second))
				save(t, s)
			}
		}
		fill()
		if n, err := p.sessions.ClearExpired(t.Context(), djangosession.ClearOptions{DryRun: true}); n != 2 || err != nil {
			t.Errorf("Go would clear %d, %v; want 2", n, err)
		}
		p.django.do(t, "clear", nil)
		if n, err := p.sessions.ClearExpired(t.Context(), djangosession.ClearOptions{}); n != 0 || err != nil {
			t.Errorf("Go clears %d after Django, %v; want 0", n, err)
		}
		fill()
		if n, err := p.sessions.ClearExpired(t.Context(), djangosession.ClearOptions{}); n != 2 || err != nil {
			t.Errorf("Go clears %d, %v; want 2", n, err)
		}
		p.wantEdgesAgree(t)
		before := p.django.do(t, "count", nil)
		p.django.do(t, "clear", nil)
		if after := p.django.do(t, "count", nil); after != before || after != int64(4) {
			t.Errorf("Django clears from %v to %v after Go", before, after)
		}
	})
}

func TestBothWriteAtOnce(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, p *pair) {
		const rounds = 50
		var wg sync.WaitGroup
		for range 3 {
			wg.Go(func() {
				s := p.sessions.New()
				for n := range rounds {
					s.Set("n", n)
					if err := s.Save(t.Context()); err != nil {
						t.Error(err)
						return
					}
					again, err := p.sessions.Load(t.Context(), s.Key())
					if err != nil {
						t.Error(err)
						return
					}
					if got, err := djangosession.Value[int](again, "n"); got != n || err != nil {
						t.Errorf("n is %d, %v; want %d", got, err, n)
					}
				}
			})
		}
		key := p.django.text(t, "hammer", map[string]any{"rounds": rounds})
		wg.Wait()
		if got, err := djangosession.Value[int](p.load(t, key), "n"); got != rounds || err != nil {
			t.Errorf("Django's session has n = %d, %v", got, err)
		}
	})
}

func TestSigningAgrees(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, p *pair) {
		text := p.django.text(t, "encode", map[string]any{"values": many(t)})
		d, err := p.engine.Codec().Decode(text)
		if err != nil || !py.Equal(d, many(t)) {
			t.Errorf("Go does not decode what Django encodes: %v", err)
		}
		if text, err = p.engine.Codec().Encode(many(t)); err != nil {
			t.Fatal(err)
		}
		if got := p.django.do(t, "decode", map[string]any{"text": text}); !py.Equal(got, many(t)) {
			t.Error("Django does not decode what Go encodes")
		}
		settings := p.sessions.Settings()
		o, err := settings.SigningOptions()
		if err != nil {
			t.Fatal(err)
		}
		o.Salt = "compat"
		text = p.django.text(t, "dumps", map[string]any{"value": many(t), "salt": o.Salt, "compress": true})
		data, err := signing.Loads(text, o)
		if err != nil {
			t.Fatal(err)
		}
		if v, err := pyjson.Loads(data); err != nil || !py.Equal(v, many(t)) {
			t.Errorf("Go does not load what Django dumps: %v", err)
		}
		o.Compress = true
		if text, err = signing.Dumps(data, o); err != nil {
			t.Fatal(err)
		}
		got := p.django.do(t, "loads", map[string]any{"text": text, "salt": o.Salt, "max_age": 60})
		if !py.Equal(got, many(t)) {
			t.Error("Django does not load what Go dumps")
		}
	})
}

// wantEdgesAgree asks both sides, with a stopped clock, for sessions that end a
// microsecond before, at and after the current time.
func (p *pair) wantEdgesAgree(t *testing.T) {
	t.Helper()
	end := time.Date(2099, 3, 1, 12, 0, 0, 123456000, time.UTC)
	still := p.sessions.Settings()
	loc, err := still.Location()
	if err != nil {
		t.Fatal(err)
	}
	wall := py.DateTime{Time: end}.ISOFormat()
	if !still.UseTZ {
		wall = py.NaiveIn(end, loc).ISOFormat()
	}
	s := p.sessions.New()
	save(t, s)
	if p.release < "4.1" { // the JSON serializer has no form for dates
		p.django.do(t, "set_row_date", map[string]any{"key": s.Key(), "date": wall})
	} else {
		p.django.do(t, "set_expiry", map[string]any{"key": s.Key(), "date": wall})
	}
	for _, offset := range []time.Duration{-time.Microsecond, 0, time.Microsecond} {
		clock := end.Add(offset)
		still.Now = func() time.Time { return clock }
		sessions, engine := p.site(t, still, tables.Options{})
		dateNow := py.DateTime{Time: clock}.ISOFormat()
		if !still.UseTZ {
			dateNow = py.NaiveIn(clock, loc).ISOFormat()
		}
		var theirs struct {
			Found   bool `json:"found"`
			Cleared bool `json:"cleared"`
		}
		if err := py.Scan(p.django.do(t, "at", map[string]any{"key": s.Key(), "now": dateNow}), &theirs, nil); err != nil {
			t.Fatal(err)
		}
		_, err := engine.Load(t.Context(), s.Key())
		if found := err == nil; found != theirs.Found || found != (offset < 0) {
			t.Errorf("%v from the end: Go finds it: %v (%v); Django: %v", offset, found, err, theirs.Found)
		}
		others, err := p.sessions.ClearExpired(t.Context(), djangosession.ClearOptions{DryRun: true})
		if err != nil {
			t.Fatal(err)
		}
		n, err := sessions.ClearExpired(t.Context(), djangosession.ClearOptions{DryRun: true})
		// At that clock all the other sessions have ended.
		all, _ := p.django.do(t, "count", nil).(int64)
		if cleared := n == all; err != nil || cleared != theirs.Cleared || others > n {
			t.Errorf("%v from the end: Go would clear %d of %d, %v; Django clears it: %v", offset, n, all, err, theirs.Cleared)
		}
	}
	if err := p.sessions.Delete(t.Context(), s.Key()); err != nil {
		t.Fatal(err)
	}
}
