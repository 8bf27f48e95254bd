package compat_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/py"
)

// engineTurn is something that Django and Go do with the sessions of an engine.
type engineTurn struct {
	name string
	run  func(t *testing.T, p *enginePair)
}

// engineTurns lists what every engine must be able to do.
func engineTurns() []engineTurn {
	return []engineTurn{
		{"turns", takeTurns},
		{"made by Go", madeByGo},
		{"types", keepTypes},
		{"large values", shareLargeValues},
		{"forms of expiry", shareExpiries},
		{"expiry", expireSessions},
		{"keys are cycled", cycleKeys},
		{"deleted sessions", deleteSessions},
		{"late saves", saveLate},
		{"taken keys", takenKeys},
		{"clearing", clearSessions},
		{"merging", mergeSessions},
		{"through the middlewares", visitBoth},
		{"undecodable value", damageSession},
		{"unreachable store", stopStore}, // last: a store may come back empty
	}
}

func takeTurns(t *testing.T, p *enginePair) {
	key := p.create(t, many(t))
	p.wantSame(t, key)
	for turn := range 4 {
		s := p.load(t, key)
		s.Set("go", map[string]any{"turn": turn, "float": float64(turn), "text": strings.Repeat("é", turn)})
		if turn%3 == 2 {
			if err := s.Delete("django"); err != nil {
				t.Error(err)
			}
		}
		save(t, s)
		key = s.Key()
		p.wantSame(t, key)
		key = p.edit(t, key, map[string]any{"django": []any{turn, 1.5, nil, "☃"}}, "go")
		p.wantSame(t, key)
	}
	s := p.load(t, key)
	for name, value := range many(t).All() {
		text, _ := name.(string)
		if got, ok := s.Get(text); !ok || !py.Equal(got, value) {
			t.Errorf("%s has become %v", text, got)
		}
	}
}

func madeByGo(t *testing.T, p *enginePair) {
	s := p.sessions.New()
	if err := s.Update(many(t)); err != nil {
		t.Fatal(err)
	}
	save(t, s)
	p.wantSame(t, s.Key())
	if got := p.django.load(t, s.Key()); !py.Equal(got.Values, many(t)) {
		t.Error("Django loads other values than Go was given")
	}
	empty := p.sessions.New()
	save(t, empty)
	p.wantSame(t, empty.Key())
}

func keepTypes(t *testing.T, p *enginePair) {
	if !p.pickles {
		return // the text of JSON is the same on all engines: see madeByGo
	}
	key := p.django.text(t, "pickle_create", nil)
	p.wantNoDifferences(t, key)
	s := p.load(t, key)
	s.Set("go", 1)
	save(t, s)
	p.wantNoDifferences(t, key, "go")
	p.storeEveryKind(t, p.sessions.New())
}

func shareLargeValues(t *testing.T, p *enginePair) {
	if p.inCookie {
		return // browsers refuse cookies of more than 4096 bytes
	}
	large := strings.Repeat("0123456789abcdé", 20_000)
	key := p.create(t, map[string]any{"large": large})
	s := p.load(t, key)
	if got, _ := s.Get("large"); got != large {
		t.Error("Go loads another text")
	}
	s.Set("larger", large+large[:len(large)/2])
	save(t, s)
	p.wantSame(t, key)
}

func shareExpiries(t *testing.T, p *enginePair) {
	check := func(what, key string) {
		t.Helper()
		var theirs expiry
		if err := py.Scan(p.django.do(t, "expiry", map[string]any{"key": key}), &theirs, nil); err != nil {
			t.Fatal(err)
		}
		ours := p.load(t, key)
		age, err := ours.GetExpiryAge()
		if err != nil || age > theirs.Age || age < theirs.Age-30 || ours.GetExpireAtBrowserClose() != theirs.Browser {
			t.Errorf("%s: Go says %v, %v, %v; Django %+v", what, age, ours.GetExpireAtBrowserClose(), err, theirs)
		}
	}
	for _, form := range []string{"none", "int", "timedelta", "datetime"} {
		if !p.dates() && (form == "timedelta" || form == "datetime") {
			continue
		}
		key := p.create(t, map[string]any{"a": 1})
		check(form+" by Django", p.end(t, key, form, 3600))
	}
	check("0 by Django", p.end(t, p.create(t, map[string]any{}), "int", 0))
	for what, set := range map[string]func(s *djangosession.Session){
		"seconds by Go":  func(s *djangosession.Session) { s.SetExpiry(300) },
		"0 by Go":        func(s *djangosession.Session) { s.SetExpiry(0) },
		"duration by Go": func(s *djangosession.Session) { s.SetExpiryDuration(time.Hour) },
		"time by Go":     func(s *djangosession.Session) { s.SetExpiryTime(time.Now().Add(time.Hour)) },
		"default by Go":  func(s *djangosession.Session) { s.SetExpiryDefault() },
	} {
		s := p.sessions.New()
		set(s)
		if !p.dates() && (strings.HasPrefix(what, "time") || strings.HasPrefix(what, "duration")) {
			if err := s.Save(t.Context()); err == nil {
				t.Errorf("%s: Go saves a date that this release cannot read", what)
			}
			continue
		}
		save(t, s)
		check(what, s.Key())
	}
}

// dates reports whether sessions can contain dates as expiries. Releases before 4.1 have
// no JSON for them.
func (p *enginePair) dates() bool { return p.pickles || p.release >= "4.1" }

// end sets an expiry in Django, and returns the key.
func (p *enginePair) end(t *testing.T, key, form string, seconds int) string {
	t.Helper()
	return p.django.text(t, "end", map[string]any{"key": key, "form": form, "seconds": seconds})
}

func expireSessions(t *testing.T, p *enginePair) {
	form := "int"
	if p.ageless {
		form = "datetime"
	}
	if p.lingers {
		return
	}
	if p.inCookie || p.ageless && !p.dates() {
		return // sessions end only by SESSION_COOKIE_AGE
	}
	forever := p.create(t, map[string]any{"a": 1})
	past := p.sessions.New()
	past.SetExpiry(-10)
	save(t, past)
	p.wantGone(t, past.Key())
	keys, age := p.makeEnding(t, form)
	time.Sleep(age + 1200*time.Millisecond)
	for _, key := range keys {
		for began := time.Now(); time.Since(began) < 5*time.Second; time.Sleep(100 * time.Millisecond) { // the clock of memcached is late
			if django, ours := p.has(t, key); !django && !ours {
				break
			}
		}
		p.wantGone(t, key)
	}
	p.wantSame(t, forever)
}

// makeEnding makes a session on each side that ends after age, and returns the keys.
// Until then both sides find them. A busy machine gets longer ones, so that it can look in
// time.
func (p *enginePair) makeEnding(t *testing.T, form string) (keys []string, age time.Duration) {
	t.Helper()
	for age = 2 * time.Second; ; age *= 2 {
		began, seconds := time.Now(), int(age/time.Second)
		s := p.sessions.New()
		s.SetExpiry(int64(seconds))
		if p.ageless {
			s.SetExpiryTime(began.Add(age))
		}
		save(t, s)
		keys = []string{p.end(t, p.create(t, map[string]any{"a": 1}), form, seconds), s.Key()}
		if p.bothLoad(t, keys[0]) && p.bothLoad(t, keys[1]) {
			return keys, age
		}
		if took := time.Since(began); took < age/4 { // some stores count whole seconds
			t.Fatalf("a session of %v is gone after %v", age, took)
		}
	}
}

// bothLoad reports whether both sides find a session. It must be the same for both.
func (p *enginePair) bothLoad(t *testing.T, key string) bool {
	t.Helper()
	ours, err := p.sessions.Load(t.Context(), key)
	if err != nil && !errors.Is(err, djangosession.ErrStartOver) {
		t.Fatal(err)
	}
	django := p.django.load(t, key)
	if ours == nil || ours.Key() != key || django.Key == nil || *django.Key != key {
		return false
	}
	wantSameValues(t, django, ours)
	return true
}

func cycleKeys(t *testing.T, p *enginePair) {
	first := p.create(t, many(t))
	s := p.load(t, first)
	if err := s.CycleKey(t.Context()); err != nil {
		t.Fatal(err)
	}
	p.wantSame(t, s.Key())
	third := p.django.text(t, "cycle", map[string]any{"key": s.Key()})
	p.wantSame(t, third)
	if !p.inCookie {
		p.wantGone(t, first)
		p.wantGone(t, s.Key())
	}
}

func deleteSessions(t *testing.T, p *enginePair) {
	if p.inCookie {
		return
	}
	key := p.create(t, map[string]any{"_auth_user_id": "1", "_auth_user_hash": "x"})
	p.wantExists(t, key, true)
	p.django.do(t, "flush", map[string]any{"key": key})
	p.wantGone(t, key)
	p.wantExists(t, key, false)
	s := p.sessions.New()
	s.Set("_auth_user_id", "1")
	save(t, s)
	key = s.Key()
	p.wantExists(t, key, true)
	if err := s.Flush(t.Context()); err != nil {
		t.Error(err)
	}
	p.wantGone(t, key)
	p.wantExists(t, key, false)
	if err := p.sessions.Delete(t.Context(), key); err != nil {
		t.Errorf("deleting it again: %v", err)
	}
}

// wantExists fails unless both sides say whether a session exists.
func (p *enginePair) wantExists(t *testing.T, key string, want bool) {
	t.Helper()
	if got := p.django.do(t, "exists", map[string]any{"key": key}); got != want {
		t.Errorf("Django says that the session exists: %v", got)
	}
	if got, err := p.sessions.Exists(t.Context(), key); got != want || err != nil {
		t.Errorf("Go says that the session exists: %v, %v", got, err)
	}
}

func saveLate(t *testing.T, p *enginePair) {
	if p.inCookie {
		return
	}
	key := p.create(t, map[string]any{"a": 1})
	s := p.load(t, key)
	p.django.do(t, "flush", map[string]any{"key": key})
	s.Set("a", 2)
	if err := s.Save(t.Context()); !errors.Is(err, djangosession.ErrSessionGone) {
		t.Errorf("Go saves a session that Django has flushed: %v", err)
	}
	p.wantGone(t, key)

	key = p.create(t, map[string]any{"a": 1})
	p.django.send(t, map[string]any{"do": "late_save", "key": key, "values": map[string]any{"a": 2}, "go_on": true})
	p.django.receive(t) // it has loaded the session
	if err := p.load(t, key).Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	p.django.send(t, map[string]any{})
	if _, err := p.django.answer(); !isRaised(err, "UpdateError") {
		t.Errorf("Django saves a session that Go has flushed: %v", err)
	}
	p.wantGone(t, key)
}

func takenKeys(t *testing.T, p *enginePair) {
	if p.inCookie {
		return
	}
	key := p.create(t, map[string]any{"n": "first"})
	record := &djangosession.Record{
		Key: key, Data: py.NewDict(0), ExpireAge: time.Hour, ExpireDate: p.inAnHour(t),
	}
	if err := p.shared.Create(t.Context(), record); !errors.Is(err, djangosession.ErrKeyTaken) {
		t.Errorf("Go creates a session under a taken key: %v", err)
	}
	p.wantSame(t, key)
	s := p.sessions.New()
	s.Set("n", "first")
	save(t, s)
	if _, err := p.django.try(t, "create_again", map[string]any{"key": s.Key()}); !isRaised(err, "CreateError") {
		t.Errorf("Django creates a session under a taken key: %v", err)
	}
	if got, _ := p.load(t, s.Key()).Get("n"); got != "first" {
		t.Errorf("the session has become %v", got)
	}
}

// inAnHour returns a date for a record.
func (p *enginePair) inAnHour(t *testing.T) py.DateTime {
	t.Helper()
	settings := p.sessions.Settings()
	loc, err := settings.Location()
	if err != nil {
		t.Fatal(err)
	}
	if p.at.useTZ {
		return py.DateTime{Time: time.Now().Add(time.Hour).UTC()}
	}
	return py.NaiveIn(time.Now().Add(time.Hour), loc)
}

func clearSessions(t *testing.T, p *enginePair) {
	kept := p.create(t, map[string]any{"a": 1})
	ended := p.sessions.New()
	ended.SetExpiry(-10)
	save(t, ended)
	if _, err := p.sessions.ClearExpired(t.Context(), djangosession.ClearOptions{}); err != nil {
		t.Error(err)
	}
	p.django.do(t, "clear", nil)
	if n, err := p.sessions.ClearExpired(t.Context(), djangosession.ClearOptions{}); n != 0 || err != nil {
		t.Errorf("Go clears %d after Django, %v", n, err)
	}
	p.wantSame(t, kept)
}

func mergeSessions(t *testing.T, p *enginePair) {
	if _, ok := p.shared.(djangosession.Merger); !ok {
		return // enginetest demands it of engines that say so
	}
	merging := newManager(t, p.shared, p.sessions.Settings(), djangosession.Options{StrictLoad: true, MergeSaves: true})
	key := p.create(t, map[string]any{"a": 1})
	s, err := merging.Load(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	p.edit(t, key, map[string]any{"django": 1})
	s.Set("go", 1)
	save(t, s)
	p.wantSame(t, key)
	if got := p.load(t, key); !got.Contains("go") || !got.Contains("django") || !got.Contains("a") {
		t.Errorf("merging has lost a value: %v", got.Keys())
	}
	p.django.do(t, "flush", map[string]any{"key": key})
	s.Set("go", 2)
	if err := s.Save(t.Context()); !errors.Is(err, djangosession.ErrSessionGone) {
		t.Errorf("merging into a flushed session: %v", err)
	}
	p.wantGone(t, key)
}
