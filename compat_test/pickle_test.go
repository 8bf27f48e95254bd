package compat_test

import (
	"fmt"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/py"
	"github.com/djangobridge/djangobridge/tables"
)

const picklePath = "django.contrib.sessions.serializers.PickleSerializer"

// pickleReleases returns the releases that have PickleSerializer.
func pickleReleases() []string {
	return slices.DeleteFunc(releases(), func(release string) bool { return release >= "5" })
}

// onEachPickle runs a test with each release that has PickleSerializer, with and without
// USE_TZ, on SQLite.
func onEachPickle(t *testing.T, run func(t *testing.T, p *pair)) {
	t.Helper()
	for _, release := range pickleReleases() {
		for _, useTZ := range []bool{true, false} {
			t.Run(fmt.Sprintf("django-%s/USE_TZ=%v", release, useTZ), func(t *testing.T) {
				t.Parallel()
				run(t, newPicklePair(t, release, "", func(s *djangosession.Settings) { s.UseTZ = useTZ }))
			})
		}
	}
}

// newPicklePair is newPair with PickleSerializer. Hashing is DEFAULT_HASHING_ALGORITHM
// unless it is "".
func newPicklePair(t *testing.T, release, hashing string, change func(*djangosession.Settings)) *pair {
	t.Helper()
	s, err := djangosession.NewSettingsFor(release, "compat-secret-key")
	if err != nil {
		t.Fatal(err)
	}
	s.SessionSerializer, s.PickleProtocol = picklePath, highestProtocol
	change(&s)
	p := &pair{base: newDatabase(t, "sqlite"), release: release}
	options := map[string]any{
		"database": p.base.django(), "SECRET_KEY": s.SecretKey, "USE_TZ": s.UseTZ, "TIME_ZONE": s.TimeZone,
		"SESSION_SERIALIZER": picklePath, "also": "pickle_peer",
		"INSTALLED_APPS":     []string{"django.contrib.contenttypes", "django.contrib.auth", "django.contrib.sessions"},
		"DEFAULT_AUTO_FIELD": "django.db.models.AutoField",
	}
	if hashing != "" {
		options["DEFAULT_HASHING_ALGORITHM"] = hashing
	}
	p.django = startPeer(t, release, options)
	p.sessions, p.engine = p.site(t, s, tables.Options{})
	return p
}

// wantNoDifferences fails unless Django loads the values that it stored, types and
// sharing included.
func (p *pair) wantNoDifferences(t *testing.T, key string, but ...string) {
	t.Helper()
	var differences []string
	answer := p.django.do(t, "pickle_differences", map[string]any{"key": key, "but": append([]string{}, but...)})
	if err := py.Scan(answer, &differences, nil); err != nil {
		t.Fatal(err)
	}
	if len(differences) > 0 {
		t.Errorf("Django finds other values of %q", differences)
	}
}

// payload is the bytes that are stored.
func (p *pair) payload(t *testing.T, key string) string {
	t.Helper()
	return p.django.text(t, "pickle_payload", map[string]any{"key": key})
}

func TestPickledSessionsTakeTurns(t *testing.T) {
	t.Parallel()
	onEachPickle(t, func(t *testing.T, p *pair) {
		key := p.django.text(t, "pickle_create", nil)
		p.wantNoDifferences(t, key)
		before := p.payload(t, key)

		s := p.load(t, key)
		save(t, s)
		if after := p.payload(t, key); after != before {
			t.Errorf("Go writes an untouched session back as\n%q\nwhere Django wrote\n%q", after, before)
		}
		for turn := range 5 {
			s := p.load(t, key)
			for range s.Items() { // reading changes nothing
			}
			s.Set("go", []any{turn, "é", []byte{0xff}, time.Unix(int64(turn), 5000).UTC()})
			save(t, s)
			p.wantNoDifferences(t, key, "go", "django")
			p.django.do(t, "change", map[string]any{"key": key, "set": map[string]any{"django": turn}, "delete": []string{"go"}})
			p.wantNoDifferences(t, key, "django")
		}

		p.sessions = newManager(t, p.engine, p.sessions.Settings(), djangosession.Options{StrictLoad: true, MergeSaves: true})
		s, other := p.load(t, key), p.load(t, key)
		s.Set("go", 1)
		other.Set("other", py.NewTuple(int64(2)))
		save(t, s)
		save(t, other)
		p.wantNoDifferences(t, key, "go", "other", "django")
		if got := p.load(t, key); !got.Contains("go") || !got.Contains("other") {
			t.Error("merging has lost a value")
		}
	})
}

func TestPickledSessionsMadeByGoAreDjangos(t *testing.T) {
	t.Parallel()
	onEachPickle(t, func(t *testing.T, p *pair) {
		s := p.sessions.New()
		p.storeEveryKind(t, s)
		if raw := p.payload(t, s.Key()); !strings.HasPrefix(raw, "\u0080\x05") {
			t.Errorf("stored %q, want protocol 5", raw)
		}
	})
}

type kindOfValue struct {
	value any
	code  string
}

// everyKind returns a value of each kind that Go can make, and the Python expression for
// it.
func everyKind(t *testing.T) map[string]kindOfValue {
	t.Helper()
	price, err := py.ParseDecimal("19.90")
	if err != nil {
		t.Fatal(err)
	}
	moment := time.Date(2023, 11, 14, 22, 13, 20, 500000000, time.UTC)
	keys := py.NewDict(0)
	keys.Set(py.NewTuple(int64(1), "a"), nil)
	keys.Set(int64(2), true)
	id := [16]byte{0x12, 0x34, 15: 1}
	safe := &py.Object{
		Construction: py.ConstructNew, Callable: &py.Global{Module: "collections", Name: "OrderedDict"},
		Args: py.NewTuple(), Extra: &py.Extra{Pairs: []py.Pair{{Key: "b", Value: int64(1)}}},
	}
	return map[string]kindOfValue{
		"text":     {"hé☃😀\x00", `"h\u00e9\u2603\U0001f600\0"`},
		"int":      {-5, `-5`},
		"huge":     {new(big.Int).Lsh(big.NewInt(1), 80), `2**80`},
		"float":    {1.0, `1.0`},
		"bytes":    {[]byte{0xff, 0}, `b"\xff\0"`},
		"array":    {&py.ByteArray{Bytes: []byte("a")}, `bytearray(b"a")`},
		"list":     {[]any{1, nil, false}, `[1, None, False]`},
		"map":      {map[string]int{"b": 1, "a": 2}, `{"a": 2, "b": 1}`},
		"tuple":    {py.NewTuple(int64(1), py.NewTuple()), `(1, ())`},
		"keys":     {keys, `{(1, "a"): None, 2: True}`},
		"set":      {py.NewSet(int64(1), int64(2)), `{1, 2}`},
		"frozen":   {py.NewFrozenSet("a"), `frozenset(["a"])`},
		"complex":  {complex(1.5, -2), `1.5-2j`},
		"decimal":  {price, `decimal.Decimal("19.90")`},
		"uuid":     {py.UUID(id), `uuid.UUID("12340000-0000-0000-0000-000000000001")`},
		"aware":    {moment, `datetime.datetime(2023, 11, 14, 22, 13, 20, 500000, datetime.timezone.utc)`},
		"naive":    {py.DateTime{Time: moment, Naive: true}, `datetime.datetime(2023, 11, 14, 22, 13, 20, 500000)`},
		"date":     {py.Date{Year: 2023, Month: 11, Day: 14}, `datetime.date(2023, 11, 14)`},
		"time":     {py.Time{Hour: 1, Minute: 2}, `datetime.time(1, 2)`},
		"duration": {py.TimeDelta{Days: -1, Seconds: 2}, `datetime.timedelta(-1, 2)`},
		"ordered":  {safe, `collections.OrderedDict([("b", 1)])`},
	}
}

// storeEveryKind stores everyKind in a session. Django loads the same values.
func (p *pair) storeEveryKind(t *testing.T, s *djangosession.Session) {
	t.Helper()
	values, code := everyKind(t), map[string]any{}
	for name, v := range values {
		s.Set(name, v.value)
		code[name] = v.code
	}
	save(t, s)
	wrong := map[string]string{}
	if err := py.Scan(p.django.do(t, "pickle_wrong", map[string]any{"key": s.Key(), "expected": code}), &wrong, nil); err != nil {
		t.Fatal(err)
	}
	for name, got := range wrong {
		t.Errorf("%s is %s in Django, want %s", name, got, values[name].code)
	}
}

// TestPickledExpiries agrees on expiries in the forms in which PickleSerializer stores
// them.
func TestPickledExpiries(t *testing.T) {
	t.Parallel()
	onEachPickle(t, func(t *testing.T, p *pair) {
		s := p.sessions.New()
		save(t, s)
		check := func(what, typ string) {
			t.Helper()
			var theirs expiry
			if err := py.Scan(p.django.do(t, "expiry", map[string]any{"key": s.Key()}), &theirs, nil); err != nil {
				t.Fatal(err)
			}
			again := p.load(t, s.Key())
			age, err := again.GetExpiryAge()
			if err != nil || age > theirs.Age || age < theirs.Age-30 || again.GetExpireAtBrowserClose() != theirs.Browser {
				t.Errorf("%s: Go says %v, %v; Django %+v", what, age, err, theirs)
			}
			settings := p.sessions.Settings()
			loc, locErr := settings.Location()
			date, dateErr := again.GetExpiryDate()
			want, err := py.ParseISOFormat(theirs.Date)
			if err != nil || locErr != nil || dateErr != nil || !date.Equal(want.In(loc)) {
				t.Errorf("%s: Go says %v, %v; Django %s", what, date, dateErr, theirs.Date)
			}
			got := p.django.do(t, "pickle_type", map[string]any{"key": s.Key(), "name": djangosession.ExpiryName})
			if got != typ {
				t.Errorf("%s: stored as %v, want %s", what, got, typ)
			}
			row := p.row(t, s.Key())
			again.Set("touched", what)
			save(t, again)
			if ours := p.row(t, s.Key()); ours != row {
				t.Errorf("%s: Go stores the date %s, Django %s", what, ours, row)
			}
		}
		typ := "datetime"
		if p.release >= "4.1" {
			typ = "str"
		}
		p.django.do(t, "pickle_expiry", map[string]any{"key": s.Key(), "seconds": 3600, "aware": true})
		check("datetime by Django", typ)
		p.django.do(t, "pickle_expiry", map[string]any{"key": s.Key(), "seconds": 7200, "aware": false})
		check("timedelta by Django", typ)
		s = p.load(t, s.Key())
		s.SetExpiryTime(time.Now().Add(90 * time.Minute))
		save(t, s)
		check("time by Go", typ)
		s = p.load(t, s.Key())
		s.SetExpiryDuration(3 * time.Hour)
		save(t, s)
		check("duration by Go", typ)
	})
}

// TestPickledSessionsOfTheOldLayout shares the layout from before 3.1 with 3.2, which
// still reads it and can write it.
func TestPickledSessionsOfTheOldLayout(t *testing.T) {
	t.Parallel()
	for _, release := range pickleReleases() {
		if release < "3.1" || release >= "4" {
			continue
		}
		t.Run(release, func(t *testing.T) {
			t.Parallel()
			p := newPicklePair(t, release, "sha1", func(*djangosession.Settings) {})
			key := p.django.text(t, "pickle_create", nil)
			s := p.load(t, key) // Go writes the new layout
			s.Set("go", 1)
			save(t, s)
			old := p.sessions.Settings()
			old.DefaultHashingAlgorithm = "sha1"
			writesOld, _ := p.site(t, old, tables.Options{})
			if _, err := writesOld.Load(t.Context(), key); err == nil {
				t.Fatal("a site of SHA-1 alone reads the new layout")
			}
			key = p.django.text(t, "pickle_create", nil)
			again, err := writesOld.Load(t.Context(), key)
			if err != nil {
				t.Fatal(err)
			}
			again.Set("go", 1)
			save(t, again)
			p.wantNoDifferences(t, key, "go")
		})
	}
}

// TestPickleThatCallsIsInertInGo stores a session that makes Python call a function when
// it is read.
func TestPickleThatCallsIsInertInGo(t *testing.T) {
	t.Parallel()
	onEachPickle(t, func(t *testing.T, p *pair) {
		key := p.django.text(t, "pickle_owned", nil)
		s := p.load(t, key)
		v, _ := s.Get("owned")
		if o, ok := v.(*py.Object); !ok || o.Class() != "pickle_peer.call" {
			t.Errorf("read %v", v)
		}
		s.Set("n", 2)
		save(t, s)
		var called struct {
			Before int    `json:"before"`
			After  int    `json:"after"`
			Value  string `json:"value"`
		}
		if err := py.Scan(p.django.do(t, "pickle_called", map[string]any{"key": key}), &called, nil); err != nil {
			t.Fatal(err)
		}
		if called.Before != 0 || called.After != 1 || called.Value != "called" {
			t.Errorf("it was called %+v", called)
		}
	})
}

// TestTransitionFromPickle reads Django's pickles and writes JSON that a Django of the
// next release reads.
func TestTransitionFromPickle(t *testing.T) {
	t.Parallel()
	for _, release := range pickleReleases() {
		t.Run(release, func(t *testing.T) {
			t.Parallel()
			p := newPicklePair(t, release, "", func(*djangosession.Settings) {})
			key := p.django.text(t, "create", map[string]any{"values": map[string]any{"_auth_user_id": "7", "cart": []any{1, "é"}}})
			settings := p.sessions.Settings()
			settings.Serializer = djangosession.TransitionalSerializer{}
			sessions, _ := p.site(t, settings, tables.Options{})
			s, err := sessions.Load(t.Context(), key)
			if err != nil {
				t.Fatal(err)
			}
			s.Set("go", 1.0)
			save(t, s)
			settings.Serializer = djangosession.JSONSerializer{}
			asJSON, _ := p.site(t, settings, tables.Options{})
			if _, err := asJSON.Load(t.Context(), key); err != nil {
				t.Fatalf("what is stored is no JSON: %v", err)
			}
			next := startPeer(t, release, map[string]any{
				"database": p.base.django(), "SECRET_KEY": settings.SecretKey, "USE_TZ": settings.UseTZ, "TIME_ZONE": settings.TimeZone,
			})
			if got := next.load(t, key); got.Payload != `{"_auth_user_id":"7","cart":[1,"\u00e9"],"go":1.0}` {
				t.Errorf("Django loads %s", got.Payload)
			}
		})
	}
}
