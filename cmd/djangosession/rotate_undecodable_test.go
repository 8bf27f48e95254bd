package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/py"
	"github.com/djangobridge/djangobridge/signing"
)

// foreign returns a session in a form that the settings do not describe: one of another
// serializer, or a large one.
func (s *rotatingSite) foreign(key string, ago time.Duration, values map[string]any) string {
	s.t.Helper()
	settings := djangosession.NewSettings(key)
	settings.Now = func() time.Time { return time.Now().Add(-ago) }
	if settings.MaxInflated = 2 * signing.DefaultMaxInflated; values["large"] == nil {
		settings.Serializer = djangosession.PickleSerializer{}
	}
	codec, err := djangosession.NewCodec(settings)
	if err != nil {
		s.t.Fatal(err)
	}
	d := py.NewDict(len(values))
	for name, value := range values {
		d.Set(name, value)
	}
	text, err := codec.Encode(d)
	if err != nil {
		s.t.Fatal(err)
	}
	return text
}

// TestRotateSeesSessionsThatDoNotDecode has logins of the old key in sessions that only
// Django may be able to read. The settings were exported an hour ago.
func TestRotateSeesSessionsThatDoNotDecode(t *testing.T) {
	t.Parallel()
	text := func(s *rotatingSite, ago time.Duration) string { return s.foreign(newKey, ago, s.login(oldKey)) }
	large := func(s *rotatingSite, ago time.Duration) string {
		values := s.login(oldKey)
		values["large"] = strings.Repeat("a", signing.DefaultMaxInflated)
		return s.foreign(newKey, ago, values)
	}
	for name, c := range map[string]struct {
		keys         []string
		text         func(*rotatingSite, time.Duration) string
		ago, ends    time.Duration
		step         string
		status       int
		known        bool
		newer, older int64
		why          string
	}{
		"signed after the export": {
			keys: []string{newKey, oldKey}, text: text, ago: time.Minute, ends: day, step: stepExport,
			status: statusOutdated, newer: 1,
			why: "1 session was signed with SECRET_KEY after these settings were exported, and cannot be decoded",
		},
		"signed before the export": {
			keys: []string{newKey, oldKey}, text: text, ago: 2 * hour, ends: day, step: stepWait, status: statusWait, older: 1,
			why: "1 because the session does not decode",
		},
		"too large, whatever the settings": {
			keys: []string{newKey, oldKey}, text: large, ago: time.Minute, ends: day, step: stepWait,
			status: statusWait, older: 1,
		},
		"expired": {
			keys: []string{newKey, oldKey}, text: text, ago: time.Minute, ends: -day, step: stepDrop, known: true,
		},
		"before the switch": {
			keys: []string{newKey, otherKey}, text: text, ago: 2 * hour, ends: day, step: stepSwitch, older: 1,
		},
		"one key": {keys: []string{newKey}, text: text, ago: time.Minute, ends: day, step: stepStart, known: true},
	} {
		s := newRotatingSite(t, c.keys...)
		for _, key := range c.keys {
			if key != otherKey {
				s.add(key, 30*day, -day, nil) // which proves that the key was used
			}
		}
		s.rows++
		s.exec("INSERT INTO django_session VALUES (?, ?, ?)", fmt.Sprintf("session%025d", s.rows), c.text(s, c.ago),
			time.Now().Add(c.ends).UTC().Format("2006-01-02 15:04:05"))
		status, got := s.report()
		if got.Step != c.step || status != c.status || (got.Loses != nil) != c.known || !strings.Contains(got.Reason, c.why) {
			t.Errorf("%s: step %q with status %d, want %q with %d: %s", name, got.Step, status, c.step, c.status, got.Reason)
		}
		if again := got.Actions[len(got.Actions)-1].Run; strings.Contains(again, "--switched") != (c.step == stepWait) {
			t.Errorf("%s: the sessions prove which key is new: %s", name, again)
		}
		if got.Unread != c.newer || got.Logins != nil && (got.Logins.Unread != c.older || got.Logins.Unchecked != c.older) {
			t.Errorf("%s: %d newer, %+v", name, got.Unread, got.Logins)
		}
		if status, _ := s.report("--check"); (status == statusOK) != (c.step == stepDrop) {
			t.Errorf("%s: --check: status %d", name, status)
		}
	}
}

// TestRotateSeesFilesThatDoNotDecode has the same in files.
func TestRotateSeesFilesThatDoNotDecode(t *testing.T) {
	t.Parallel()
	for ago, want := range map[time.Duration]string{time.Minute: stepExport, 2 * hour: stepWait} {
		s := newRotatingSite(t, newKey, oldKey)
		dir := t.TempDir()
		s.settings["SESSION_ENGINE"], s.settings["SESSION_FILE_PATH"] = enginePackage+fileEngine, dir
		s.settings["SESSION_STORE_CLASS"] = map[string]any{"mro": []string{
			enginePackage + fileEngine + ".SessionStore", enginePackage + "base.SessionBase", "builtins.object",
		}}
		s.export(time.Now().Add(-hour), newKey, oldKey)
		text := s.foreign(newKey, ago, s.login(oldKey))
		if err := os.WriteFile(filepath.Join(dir, "sessionidaaaaaaaaaaaaaaaa"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, got := s.report("--switched"); got.Step != want {
			t.Errorf("signed %v ago: step %q: %s", ago, got.Step, got.Reason)
		}
	}
}
