package files_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/files"
	"github.com/djangobridge/djangobridge/fixtures"
	"github.com/djangobridge/djangobridge/py"
	"github.com/djangobridge/djangobridge/py/tagged"
)

// vector is a case of files.json.
type vector struct {
	Name       string
	Op         string
	Expect     string
	Raises     string
	Time       float64
	MTime      float64
	Settings   map[string]json.RawMessage
	Session    json.RawMessage
	SessionKey string `json:"session_key"`
	File       string
	Mode       string
	Text       string
	Compressed bool
	Decoded    json.RawMessage
	Before     []string
	After      []string
}

func at(seconds float64) time.Time {
	whole, fraction := math.Modf(seconds)
	return time.Unix(int64(whole), int64(math.Round(fraction*1e6))*1000).UTC()
}

// site returns the engine and a manager of a case, in an empty folder.
func (v *vector) site(t *testing.T, django string) (*files.Engine, *djangosession.Manager, string) {
	t.Helper()
	all := map[string]any{
		"DJANGO_VERSION": django, "USE_TZ": true, "TIME_ZONE": "UTC", "SESSION_ENGINE": "django.contrib.sessions.backends.file",
		"SESSION_FILE_PATH": t.TempDir(),
	}
	for name, value := range v.Settings {
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
	s.ExportedAt = at(v.Time) // what was signed before does not decode because it is damaged
	s.Now = func() time.Time { return at(v.Time) }
	engine, err := files.New(s, files.Options{})
	if err != nil {
		t.Fatal(err)
	}
	sessions, err := djangosession.NewManager(engine, s, djangosession.Options{Logger: silent})
	if err != nil {
		t.Fatal(err)
	}
	return engine, sessions, s.SessionFilePath
}

func decoded(t *testing.T, text json.RawMessage) *py.Dict {
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
		file, err := fixtures.Read[vector](folder + "/files.json")
		if err != nil {
			t.Fatal(err)
		}
		if len(file.Cases) < 80 {
			t.Errorf("%s has only %d cases", folder, len(file.Cases))
		}
		for _, v := range file.Cases {
			t.Run(folder+"/"+v.Name, func(t *testing.T) {
				t.Parallel()
				switch v.Op {
				case "file_save":
					v.save(t, file.Django)
				case "file_load":
					v.load(t, file.Django)
				case "file_clear":
					v.clear(t, file.Django)
				default:
					t.Errorf("operation %q", v.Op)
				}
			})
		}
	}
}

// save stores the session, as a new one and in place of another, and compares the text.
func (v *vector) save(t *testing.T, django string) {
	engine, _, folder := v.site(t, django)
	session := decoded(t, v.Session)
	if v.SessionKey == "" { // Django raised an exception
		v.SessionKey = djangosession.NewKey()
	}
	name := filepath.Join(folder, v.File)
	for _, store := range []func(*djangosession.Record) error{
		func(r *djangosession.Record) error { return engine.Create(t.Context(), r) },
		func(r *djangosession.Record) error { return engine.Save(t.Context(), r) },
	} {
		err := store(&djangosession.Record{Key: v.SessionKey, Data: session})
		if v.Expect != "ok" {
			if _, ok := errors.AsType[*djangosession.ValueError](err); !ok {
				t.Errorf("error %v, want a ValueError, as Django raises %s", err, v.Raises)
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if string(text) != v.Text && !v.Compressed { // the same data can be deflated in several ways
			t.Errorf("text %s, want %s", text, v.Text)
		}
		info, err := os.Stat(name)
		if err != nil || info.Mode() != 0o600 || v.Mode != "600" {
			t.Errorf("mode %v, %v; want %s", info.Mode(), err, v.Mode)
		}
		if entries, err := os.ReadDir(folder); err != nil || len(entries) != 1 {
			t.Errorf("the folder contains %v, %v", entries, err)
		}
	}
}

func (v *vector) load(t *testing.T, django string) {
	engine, sessions, folder := v.site(t, django)
	name := filepath.Join(folder, v.File)
	if err := errors.Join(os.WriteFile(name, latin1(v.Text), 0o600), os.Chtimes(name, at(v.MTime), at(v.MTime))); err != nil {
		t.Fatal(err)
	}
	r, err := engine.Load(t.Context(), v.SessionKey)
	_, corrupt := errors.AsType[*djangosession.DecodeError](err)
	over, unknown := errors.Is(err, djangosession.ErrStartOver), errors.Is(err, djangosession.ErrUnknownFormat)
	session, managed := sessions.Load(t.Context(), v.SessionKey)
	after := names(t, folder)
	switch {
	case v.Raises != "":
		_, isValue := errors.AsType[*djangosession.ValueError](err)
		if !unknown && !isValue || len(after) != 1 || after[0] != v.File {
			t.Errorf("error %v, files %v; Django raises %s", err, after, v.Raises)
		}
		if text, err := os.ReadFile(name); err != nil || !bytes.Equal(text, latin1(v.Text)) {
			t.Errorf("the file has changed: %v", err)
		}
	case v.Expect == "missing":
		if !errors.Is(err, djangosession.ErrNoSession) || managed != nil || session.Key() != "" {
			t.Errorf("errors %v, %v; want ErrNoSession", err, managed)
		}
	case v.Expect == "new_key":
		if !over || managed != nil || session.Key() == v.SessionKey || len(after) != 1 || after[0] != "sessionid"+session.Key() {
			t.Errorf("errors %v, %v, files %v; want a new key", err, managed, after)
		}
	case v.Expect == "ok":
		if err != nil || !py.Equal(r.Data, decoded(t, v.Session)) || managed != nil || session.Key() != v.SessionKey {
			t.Errorf("loaded %v, errors %v, %v", r, err, managed)
		}
	default:
		if !corrupt || over || unknown || managed != nil || session.Key() != v.SessionKey || len(session.Keys()) != 0 {
			t.Errorf("errors %v, %v; want an empty session with its key", err, managed)
		}
	}
}

func (v *vector) clear(t *testing.T, django string) {
	engine, _, folder := v.site(t, django)
	for _, name := range v.Before {
		name = filepath.Join(folder, name)
		if err := errors.Join(os.WriteFile(name, latin1(v.Text), 0o600), os.Chtimes(name, at(v.MTime), at(v.MTime))); err != nil {
			t.Fatal(err)
		}
	}
	removed := len(v.Before) - len(v.After)
	for _, dry := range []bool{true, false} {
		n, err := engine.ClearExpired(t.Context(), djangosession.ClearOptions{DryRun: dry})
		if err != nil || int(n) != removed {
			t.Errorf("removed %d, %v; want %d", n, err, removed)
		}
	}
	if after := names(t, folder); !slices.Equal(after, v.After) {
		t.Errorf("files %v, want %v", after, v.After)
	}
}

// names returns the sorted names of the files in a folder.
func names(t *testing.T, folder string) []string {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	all := make([]string, 0, len(entries))
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return all
}

func latin1(s string) []byte {
	b := make([]byte, 0, len(s))
	for _, r := range s {
		b = append(b, byte(r))
	}
	return b
}
