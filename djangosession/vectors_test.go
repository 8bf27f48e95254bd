package djangosession_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/fixtures"
	"github.com/djangobridge/djangobridge/py"
	"github.com/djangobridge/djangobridge/py/tagged"
)

// vector is a case in the files about sessions.
type vector struct {
	Name        string
	Op          string
	Expect      string
	Time        float64
	Settings    map[string]json.RawMessage
	Store       string
	KeySalt     string `json:"key_salt"`
	Session     json.RawMessage
	Decoded     json.RawMessage
	Payload     *fixtures.Latin1
	Changed     *fixtures.Latin1
	Protocol    int
	Rewritten   *fixtures.Latin1
	Compressed  bool
	Encoded     string
	MaxInflated int `json:"max_inflated"`

	Arguments    map[string]json.RawMessage
	Age          *outcome
	Date         *outcome
	BrowserClose *outcome `json:"browser_close"`
	Before       json.RawMessage
	Argument     json.RawMessage
	Modified     bool
}

// outcome is the result of one of Django's methods.
type outcome struct {
	Value  json.RawMessage
	Raises string
}

func (v *vector) now() time.Time {
	sec, fraction := math.Modf(v.Time)
	return time.Unix(int64(sec), int64(math.Round(fraction*1e6))*1000).UTC()
}

// settings returns the settings of the case for a release.
func (v *vector) settings(t *testing.T, django string) djangosession.Settings {
	t.Helper()
	all := map[string]any{"DJANGO_VERSION": django, "SECRET_KEY": "test-secret-key"}
	for name, value := range v.Settings {
		all[name] = value
	}
	if v.Store != "" {
		all["SESSION_STORE"] = v.Store
	}
	if v.Protocol != 0 {
		all["PICKLE_PROTOCOL"] = v.Protocol
	}
	text, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	s, err := djangosession.ReadSettings(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	s.Now = v.now
	s.MaxInflated = v.MaxInflated
	if !strings.HasPrefix(v.KeySalt, "django.contrib.sessions") {
		s.KeySalt = v.KeySalt // the class overrides it
	}
	return s
}

// value decodes tagged JSON.
func value(t *testing.T, text json.RawMessage) any {
	t.Helper()
	if text == nil {
		return nil
	}
	v, err := tagged.Loads(text)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func taggedText(t *testing.T, v any) string {
	t.Helper()
	text, err := tagged.Dumps(v)
	must(err)
	return string(text)
}

func dictOf(t *testing.T, text json.RawMessage) *py.Dict {
	t.Helper()
	d, ok := value(t, text).(*py.Dict)
	if !ok {
		t.Fatalf("%s is not a dict", text)
	}
	return d
}

func forEachVector(t *testing.T, subject string, run func(t *testing.T, django string, v *vector), ops ...string) {
	t.Helper()
	count := 0
	for _, folder := range fixtures.Releases() {
		file, err := fixtures.Read[vector](folder + "/" + subject + ".json")
		if errors.Is(err, fs.ErrNotExist) && subject == "pickle" && folder >= "django-5" {
			continue // those releases have no PickleSerializer
		}
		if err != nil {
			t.Fatal(err)
		}
		for i := range file.Cases {
			v := &file.Cases[i]
			if !strings.Contains(" "+strings.Join(ops, " ")+" ", " "+v.Op+" ") {
				continue
			}
			count++
			t.Run(folder+"/"+v.Name, func(t *testing.T) {
				t.Parallel()
				run(t, file.Django, v)
			})
		}
	}
	if count < 10 {
		t.Fatalf("only %d cases", count)
	}
}

func TestDjangosSessionsAreWrittenAndRead(t *testing.T) {
	t.Parallel()
	run := func(t *testing.T, django string, v *vector) {
		codec, err := djangosession.NewCodec(v.settings(t, django))
		if err != nil {
			t.Fatal(err)
		}
		session := dictOf(t, v.Session)
		encoded, err := codec.Encode(session)
		if v.Expect == "unserializable" {
			if err == nil {
				t.Errorf("wrote %q, which Django does not", encoded)
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		payload, err := djangosession.JSONSerializer{}.Dumps(session)
		if err != nil || string(payload) != string(*v.Payload) {
			t.Errorf("payload %q, %v\nwant    %q", payload, err, *v.Payload)
		}
		if !v.Compressed && !strings.HasPrefix(encoded, ".") && encoded != v.Encoded {
			t.Errorf("encoded %q\nwant    %q", encoded, v.Encoded)
		}
		want := v.Session
		if v.Decoded != nil {
			want = v.Decoded
		}
		for _, text := range []string{v.Encoded, encoded} {
			decoded, err := codec.Decode(text)
			if err != nil || !py.Equal(decoded, value(t, want)) {
				t.Errorf("decoded otherwise, %v; want %s", err, want)
				continue
			}
			wantUntouched(t, v, decoded)
		}
	}
	forEachVector(t, "sessions", run, "encode")
	forEachVector(t, "legacy", run, "encode")
}

// wantUntouched fails unless an unused session is written back with its original bytes.
// Where Django itself would write other bytes (duplicate keys, spaces), only the values
// must match.
func wantUntouched(t *testing.T, v *vector, decoded *py.Dict) {
	t.Helper()
	again, err := djangosession.JSONSerializer{}.Dumps(decoded)
	if err != nil {
		t.Error(err)
	}
	if v.Rewritten != nil {
		if back, err := (djangosession.JSONSerializer{}).Loads(again); err != nil || !py.Equal(back, decoded) {
			t.Errorf("written back as %q, %v", again, err)
		}
		return
	}
	if v.Payload != nil && string(again) != string(*v.Payload) {
		t.Errorf("written back as %q\nwant            %q", again, *v.Payload)
	}
}

func TestDjangosStoredTextsAreReadOrRefused(t *testing.T) {
	t.Parallel()
	run := func(t *testing.T, django string, v *vector) {
		codec, err := djangosession.NewCodec(v.settings(t, django))
		if err != nil {
			t.Fatal(err)
		}
		decoded, err := codec.Decode(v.Encoded)
		expect := v.Expect
		if _, isDict := value(t, v.Session).(*py.Dict); expect == "ok" && !isDict {
			expect = "bad_serialization" // Django creates a store that fails when it is used
		}
		if expect != "ok" {
			var refused *djangosession.DecodeError
			if !errors.As(err, &refused) || string(refused.Reason) != expect {
				t.Errorf("error %v, want the reason %s", err, expect)
			}
			return
		}
		if err != nil || !py.Equal(decoded, value(t, v.Session)) {
			t.Fatalf("decoded otherwise, %v; want %.200s", err, v.Session)
		}
		wantUntouched(t, v, decoded)
	}
	forEachVector(t, "refusals", run, "decode")
	forEachVector(t, "legacy", run, "decode")
	forEachVector(t, "rotation", run, "decode")
}

func TestDjangosExpiries(t *testing.T) {
	t.Parallel()
	forEachVector(t, "expiry", func(t *testing.T, django string, v *vector) {
		wantExpiry(t, django, v, dictOf(t, v.Session))
	}, "read")
	forEachVector(t, "pickle", func(t *testing.T, django string, v *vector) {
		pickled, err := djangosession.PickleSerializer{}.Loads(*v.Payload)
		must(err)
		wantExpiry(t, django, v, pickled)
		wantExpiry(t, django, v, dictOf(t, v.Session))
	}, "read")
}

// wantExpiry fails unless a session with these values has Django's expiry.
func wantExpiry(t *testing.T, django string, v *vector, values *py.Dict) {
	t.Helper()
	s := v.settings(t, django)
	m, _ := site(t, func(to *djangosession.Settings) { *to = s })
	loc, err := s.Location()
	if err != nil {
		t.Fatal(err)
	}
	session := m.New()
	must(session.Update(values))
	var args djangosession.ExpiryArgs
	if text, ok := v.Arguments["modification"]; ok {
		d, _ := value(t, text).(py.DateTime)
		if d.Naive == s.UseTZ {
			t.Skip("Go's times are never of the other kind")
		}
		args.Modification = d.In(loc)
	}
	if text, ok := v.Arguments["expiry"]; ok {
		args.Expiry, args.Override = value(t, text), true
	}

	age, err := session.GetExpiryAgeWith(args)
	switch want := v.Age; {
	case want.Raises != "":
		if err == nil {
			t.Errorf("age %v; Django raises %s", age, want.Raises)
		}
	case strings.HasPrefix(string(want.Value), `"`):
		// Releases before 4.1 return text unchanged, which is not an age.
	default:
		want, isNumber := asFloat(value(t, want.Value))
		if (err == nil) != isNumber || isNumber && age != want && !(age != age && want != want) {
			t.Errorf("age %v, %v; want %v", age, err, want)
		}
	}

	date, err := session.GetExpiryDateWith(args)
	switch want := v.Date; {
	case want.Raises != "":
		if err == nil && !readsText(django, session, args) {
			t.Errorf("date %v; Django raises %s", date, want.Raises)
		}
	default:
		d, _ := value(t, want.Value).(py.DateTime)
		if err != nil || !date.Equal(d.In(loc)) {
			t.Errorf("date %v, %v; want %s", date, err, want.Value)
		}
	}

	if got := session.GetExpireAtBrowserClose(); v.BrowserClose.Raises == "" && got != (string(v.BrowserClose.Value) == "true") {
		t.Errorf("browser close %v, want %s", got, v.BrowserClose.Value)
	}
}

// readsText reports whether the expiry is text, which only this package and releases
// since 4.1 can use.
func readsText(django string, s *djangosession.Session, args djangosession.ExpiryArgs) bool {
	expiry := args.Expiry
	if !args.Override {
		expiry, _ = s.Get(djangosession.ExpiryName)
	}
	text, ok := expiry.(string)
	_, err := py.ParseISOFormat(text)
	return ok && err == nil && django < "4.1"
}

// asFloat returns the value of a Python number.
func asFloat(v any) (float64, bool) {
	if b, ok := v.(bool); ok {
		return map[bool]float64{true: 1}[b], true
	}
	var f float64
	err := py.Scan(v, &f, nil)
	return f, err == nil
}

func TestDjangosSetExpiry(t *testing.T) {
	t.Parallel()
	forEachVector(t, "expiry", func(t *testing.T, django string, v *vector) {
		s := v.settings(t, django)
		m, _ := site(t, func(to *djangosession.Settings) { *to = s })
		session := m.New()
		must(session.Update(dictOf(t, v.Before)))
		session.SetModified(false)
		var delta struct {
			Parts []int64 `json:"$timedelta"`
		}
		if json.Unmarshal(v.Argument, &delta) == nil && delta.Parts != nil {
			if v.Expect != "ok" {
				t.Skip("more than a Duration holds")
			}
			session.SetExpiryDuration(time.Duration(delta.Parts[0]*86400+delta.Parts[1])*time.Second +
				time.Duration(delta.Parts[2])*time.Microsecond)
		} else {
			switch arg := value(t, v.Argument).(type) {
			case nil:
				session.SetExpiryDefault()
			case int64:
				session.SetExpiry(arg)
			case py.DateTime:
				if arg.Naive == s.UseTZ {
					t.Skip("Go's times have a zone, and are stored as the settings want them")
				}
				loc, err := s.Location()
				must(err)
				if arg.Naive && !py.Equal(py.NaiveIn(arg.In(loc), loc), arg) {
					t.Skip("a time that does not exist in the zone")
				}
				session.SetExpiryTime(arg.In(loc))
			default:
				session.Set(djangosession.ExpiryName, arg)
			}
		}
		if !py.Equal(session.Dict(), value(t, v.Session)) || session.Modified() != v.Modified {
			got, err := tagged.Dumps(session.Dict())
			t.Errorf("session %s (%v), modified %v; want %s, %v", got, err, session.Modified(), v.Session, v.Modified)
		}
	}, "set")
}
