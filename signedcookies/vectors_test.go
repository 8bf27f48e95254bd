package signedcookies_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"math"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/fixtures"
	"github.com/djangobridge/djangobridge/py"
	"github.com/djangobridge/djangobridge/py/tagged"
	"github.com/djangobridge/djangobridge/signedcookies"
)

// vector is a case of signed_cookies.json.
type vector struct {
	Name       string
	Op         string
	Expect     string
	Raises     string
	Time       float64
	Settings   map[string]json.RawMessage
	Session    json.RawMessage
	Compressed bool
	Token      string
	NewToken   string `json:"new_token"`
	Decoded    json.RawMessage
}

func at(seconds float64) time.Time {
	whole, fraction := math.Modf(seconds)
	return time.Unix(int64(whole), int64(math.Round(fraction*1e6))*1000).UTC()
}

const cookieEngine = "django.contrib.sessions.backends.signed_cookies"

// settings reads settings under Django's names.
func settings(t *testing.T, django string, more map[string]json.RawMessage) djangosession.Settings {
	t.Helper()
	all := map[string]any{"DJANGO_VERSION": django, "SECRET_KEY": "test-secret-key", "TIME_ZONE": "UTC", "SESSION_ENGINE": cookieEngine, "PICKLE_PROTOCOL": 5}
	for name, value := range more {
		all[name] = value
	}
	text, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	s, err := djangosession.ReadSettings(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func newEngine(t *testing.T, s djangosession.Settings) *signedcookies.Engine {
	t.Helper()
	engine, err := signedcookies.New(s, signedcookies.Options{AcceptPickle: true})
	if err != nil {
		t.Fatal(err)
	}
	return engine
}

func dict(t *testing.T, text json.RawMessage) *py.Dict {
	t.Helper()
	v, err := tagged.Loads(text)
	if err != nil {
		t.Fatal(err)
	}
	d, ok := v.(*py.Dict)
	if !ok {
		t.Fatalf("%s is no dict", text)
	}
	return d
}

func TestVectors(t *testing.T) {
	t.Parallel()
	for _, folder := range fixtures.Releases() {
		file, err := fixtures.Read[vector](folder + "/signed_cookies.json")
		if err != nil {
			t.Fatal(err)
		}
		if len(file.Cases) < 40 {
			t.Errorf("%s has only %d cases", folder, len(file.Cases))
		}
		for _, v := range file.Cases {
			t.Run(folder+"/"+v.Name, func(t *testing.T) {
				t.Parallel()
				s := settings(t, file.Django, v.Settings)
				now := at(v.Time)
				s.Now, s.ExportedAt = func() time.Time { return now }, now
				switch v.Op {
				case "cookie_save":
					v.save(t, newEngine(t, s))
				case "cookie_load":
					v.load(t, newEngine(t, s), s)
				default:
					t.Errorf("operation %q", v.Op)
				}
			})
		}
	}
}

func (v *vector) save(t *testing.T, engine *signedcookies.Engine) {
	session := dict(t, v.Session)
	r := &djangosession.Record{Key: djangosession.NewKey(), Data: session}
	err := engine.Create(t.Context(), r)
	size := len("sessionid=") + len(v.Token)
	switch {
	case v.Expect == "unserializable":
		if _, ok := errors.AsType[*djangosession.ValueError](err); !ok {
			t.Errorf("error %v, want a ValueError, as Django raises %s", err, v.Raises)
		}
		return
	case size > signedcookies.MaxCookieSize:
		if refused, ok := errors.AsType[*signedcookies.SizeError](err); !ok || refused.Size != size && !v.Compressed {
			t.Errorf("error %v, want a SizeError of %d", err, size)
		}
		return
	case err != nil:
		t.Fatal(err)
	case r.Key != v.Token && !v.Compressed: // the same data can be deflated in several ways
		t.Errorf("the cookie is %s, want %s", r.Key, v.Token)
	}
	want := session
	if v.Decoded != nil {
		want = dict(t, v.Decoded)
	}
	for _, token := range []string{r.Key, v.Token} {
		got, err := engine.Load(t.Context(), token)
		if err != nil || !py.Equal(py.Native(got.Data), py.Native(want)) {
			t.Errorf("the cookie contains %v, %v; want %v", got, err, want)
		}
	}
}

func (v *vector) load(t *testing.T, engine *signedcookies.Engine, s djangosession.Settings) {
	sessions, err := djangosession.NewManager(engine, s, djangosession.Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	session, err := sessions.Load(t.Context(), v.Token)
	if err != nil {
		t.Fatal(err)
	}
	r, err := engine.Load(t.Context(), v.Token)
	switch v.Expect {
	case "ok":
		if err != nil || !py.Equal(r.Data, dict(t, v.Session)) || session.Modified() || session.Key() != v.Token {
			t.Errorf("loaded %v, %v; want %s", r, err, v.Session)
		}
	case "missing":
		if session.Key() != "" || session.Modified() {
			t.Error("a cookie that is too short gives a session")
		}
	default:
		refused, isDecode := errors.AsType[*djangosession.DecodeError](err)
		if !errors.Is(err, djangosession.ErrStartOver) || session.Key() != v.NewToken || len(session.Keys()) != 0 || !session.Modified() {
			t.Errorf("error %v, the new cookie is %s; want %s", err, session.Key(), v.NewToken)
		}
		if v.Expect == "bad_signature" != isDecode || isDecode && string(refused.Reason) != v.Expect {
			t.Errorf("error %v, want %s", err, v.Expect)
		}
	}
}
