package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/auth"
	"github.com/djangobridge/djangobridge/fixtures"
	"github.com/djangobridge/djangobridge/internal/sqlitedriver"
	"github.com/djangobridge/djangobridge/py"
	"github.com/djangobridge/djangobridge/signing"
)

// Keys of a rotation. The first is that of the sessions that Django wrote.
const (
	oldKey   = "test-secret-key"
	newKey   = "the-key-of-tomorrow"
	otherKey = "the-key-of-nobody"
)

// rotatingSite is a database and the settings of a site, in which SECRET_KEY changes.
type rotatingSite struct {
	t        *testing.T
	settings map[string]any
	file     string
	database string
	db       *sql.DB
	rows     int
}

// newRotatingSite has the users of the demo, and no sessions. The settings were exported
// an hour ago.
func newRotatingSite(t *testing.T, keys ...string) *rotatingSite {
	t.Helper()
	dir := t.TempDir()
	s := &rotatingSite{t: t, file: filepath.Join(dir, "site.json"), database: filepath.Join(dir, "db.sqlite3")}
	data, err := os.ReadFile(filepath.Join("..", "..", "examples", "service", "testdata", "site.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &s.settings); err != nil {
		t.Fatal(err)
	}
	if s.db, err = sql.Open(sqlitedriver.Name, sqlitedriver.DataSource(s.database, nil)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.db.Close() })
	s.exec(fixtures.DemoSQL)
	s.exec("DELETE FROM django_session")
	s.export(time.Now().Add(-time.Hour), keys...)
	return s
}

func (s *rotatingSite) exec(statement string, values ...any) {
	s.t.Helper()
	if _, err := s.db.ExecContext(context.Background(), statement, values...); err != nil {
		s.t.Fatal(err)
	}
}

// export writes the settings with these keys, the first of which signs. They do not say
// when they were exported if the time is zero.
func (s *rotatingSite) export(at time.Time, keys ...string) {
	s.t.Helper()
	s.settings["SECRET_KEY"], s.settings["SECRET_KEY_FALLBACKS"] = keys[0], slices.Clone(keys[1:])
	if s.settings["EXPORTED_AT"] = float64(at.Unix()); at.IsZero() {
		delete(s.settings, "EXPORTED_AT")
	}
	data, err := json.Marshal(s.settings)
	if err != nil {
		s.t.Fatal(err)
	}
	if err := os.WriteFile(s.file, data, 0o600); err != nil {
		s.t.Fatal(err)
	}
}

// text returns a session as Django stores it.
func (s *rotatingSite) text(key string, at time.Time, values map[string]any) string {
	s.t.Helper()
	settings := djangosession.NewSettings(key)
	settings.Now = func() time.Time { return at }
	codec, err := djangosession.NewCodec(settings)
	if err != nil {
		s.t.Fatal(err)
	}
	d := py.NewDict(len(values))
	for _, name := range slices.Sorted(maps.Keys(values)) {
		d.Set(name, values[name])
	}
	text, err := codec.Encode(d)
	if err != nil {
		s.t.Fatal(err)
	}
	return text
}

// add stores a session that was signed some time ago and ends in some time.
func (s *rotatingSite) add(key string, ago, ends time.Duration, values map[string]any) {
	s.t.Helper()
	s.rows++
	s.exec("INSERT INTO django_session VALUES (?, ?, ?)", fmt.Sprintf("session%025d", s.rows),
		s.text(key, time.Now().Add(-ago), values), time.Now().Add(ends).UTC().Format("2006-01-02 15:04:05"))
}

// login returns the values of a login of the user ada, with a hash made with this key.
func (s *rotatingSite) login(key string) map[string]any {
	s.t.Helper()
	var password string
	if err := s.db.QueryRowContext(context.Background(), "SELECT password FROM auth_user WHERE id = 1").Scan(&password); err != nil {
		s.t.Fatal(err)
	}
	sum, err := signing.SaltedHMAC(password, signing.HMACOptions{
		KeySalt: "django.contrib.auth.models.AbstractBaseUser.get_session_auth_hash", Secret: key, Algorithm: signing.SHA256,
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return map[string]any{auth.SessionKey: "1", auth.BackendSessionKey: auth.ModelBackend, auth.HashSessionKey: hex.EncodeToString(sum)}
}

// rotate runs the command. Its outputs contain no key.
func (s *rotatingSite) rotate(args ...string) (status int, stdout, stderr string) {
	s.t.Helper()
	var out, errs bytes.Buffer
	status = run(append([]string{"rotate", "--settings", s.file, s.database}, args...), strings.NewReader(""), &out, &errs)
	for _, key := range []string{oldKey, newKey, otherKey, fmt.Sprintf("session%025d", 1)} {
		if strings.Contains(out.String()+errs.String(), key) {
			s.t.Errorf("the output contains %q", key)
		}
	}
	return status, out.String(), errs.String()
}

// report runs the command with --json.
func (s *rotatingSite) report(args ...string) (int, rotationReport) {
	s.t.Helper()
	status, stdout, stderr := s.rotate(append(args, "--json")...)
	var report rotationReport
	if err := json.Unmarshal([]byte(stdout), &report); err != nil {
		s.t.Fatalf("status %d, %v: %s%s", status, err, stdout, stderr)
	}
	return status, report
}

const (
	hour = time.Hour
	day  = 24 * hour
)

// TestRotateNamesTheNextStep has the stages of a rotation, and what can go wrong.
func TestRotateNamesTheNextStep(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		keys          []string
		fill          func(s *rotatingSite)
		args          []string
		step          string
		status, check int
		loses         bool
		until         time.Duration // from now; 0 without a date
		why           string        // is in the reason
	}{
		"one key": {
			keys: []string{oldKey}, step: stepStart, check: statusWait,
			fill: func(s *rotatingSite) { s.add(oldKey, 2*hour, day, nil) },
		},
		"no sessions": {keys: []string{oldKey}, step: stepStart, check: statusWait, fill: func(*rotatingSite) {}},
		"new key known": {
			keys: []string{oldKey, newKey}, step: stepSwitch, check: statusWait,
			fill: func(s *rotatingSite) {
				s.add(oldKey, 2*hour, day, s.login(oldKey))
				s.add(oldKey, time.Minute, day, nil)
			},
		},
		"Django has switched, and these settings are those before": {
			keys: []string{oldKey, newKey}, step: stepExport, status: statusOutdated, check: statusOutdated, loses: true, why: "FALLBACKS[0] has signed",
			fill: func(s *rotatingSite) { s.add(oldKey, 2*hour, day, nil); s.add(newKey, time.Minute, day, nil) },
		},
		"a service is late": {
			keys: []string{newKey, oldKey}, step: stepFinish, status: statusWait, check: statusWait, loses: true, why: "FALLBACKS[0] has signed a session 1m",
			fill: func(s *rotatingSite) {
				s.add(oldKey, 2*hour, day, nil)
				s.add(oldKey, time.Minute, day, nil)
				s.add(newKey, time.Minute, day, nil)
			},
		},
		"a service was late": {
			keys: []string{newKey, oldKey}, step: stepWait, status: statusWait, check: statusWait, loses: true, until: 2 * day, args: []string{"--recent", "30s"},
			fill: func(s *rotatingSite) {
				s.add(oldKey, 2*hour, 2*day, nil)
				s.add(oldKey, time.Minute, day, nil)
				s.add(newKey, time.Minute, 9*day, nil)
			},
		},
		"old sessions live": {
			keys: []string{newKey, oldKey}, step: stepWait, status: statusWait, check: statusWait, loses: true, until: day, why: "1 live session is signed",
			fill: func(s *rotatingSite) {
				s.add(oldKey, 2*hour, day, nil)
				s.add(oldKey, 30*day, -day, nil)
				s.add(newKey, time.Minute, 2*day, nil)
			},
		},
		"an old login in a new session": {
			keys: []string{newKey, oldKey}, step: stepWait, status: statusWait, check: statusWait, loses: true, until: 3 * day, why: "1 login in",
			fill: func(s *rotatingSite) {
				s.add(newKey, time.Minute, 3*day, s.login(oldKey))
				s.add(newKey, time.Minute, 9*day, s.login(newKey))
			},
		},
		"old sessions ended": {
			keys: []string{newKey, oldKey}, step: stepDrop,
			fill: func(s *rotatingSite) {
				s.add(oldKey, 30*day, -day, nil)
				s.add(newKey, time.Minute, day, s.login(newKey))
			},
		},
		"old sessions cleared": {
			keys: []string{newKey, oldKey}, step: stepDrop, args: []string{"--switched"},
			fill: func(s *rotatingSite) { s.add(newKey, time.Minute, day, nil) },
		},
		"a retired key besides the new one": {
			keys: []string{oldKey, newKey, otherKey}, step: stepSwitch, check: statusWait,
			fill: func(s *rotatingSite) { s.add(oldKey, 2*hour, day, nil); s.add(otherKey, 30*day, -day, nil) },
		},
		"two old keys ended": {
			keys: []string{newKey, oldKey, otherKey}, step: stepDrop,
			fill: func(s *rotatingSite) { s.add(oldKey, 30*day, -day, nil); s.add(otherKey, 30*day, -day, nil) },
		},
		"the old key was dropped here, but not in a process": {
			keys: []string{newKey}, step: stepExport, status: statusOutdated, check: statusOutdated, why: "1 session was",
			fill: func(s *rotatingSite) { s.add(newKey, 2*hour, day, nil); s.add(oldKey, time.Minute, day, nil) },
		},
		"sessions of a former key": {
			keys: []string{newKey}, step: stepStart, check: statusWait,
			fill: func(s *rotatingSite) { s.add(oldKey, 2*hour, day, nil) },
		},
		"a signature of the far future": {
			keys: []string{oldKey}, step: stepStart, check: statusWait,
			fill: func(s *rotatingSite) { s.add(otherKey, -48*hour, day, nil) },
		},
		"two old keys": {
			keys: []string{newKey, otherKey, oldKey}, step: stepWait, status: statusWait, check: statusWait, loses: true, until: 3 * day, why: "2 live sessions are",
			fill: func(s *rotatingSite) { s.add(otherKey, 2*hour, day, nil); s.add(oldKey, 5*hour, 3*day, nil) },
		},
		"the old key twice": {
			keys: []string{newKey, oldKey, newKey, oldKey}, step: stepDrop,
			fill: func(s *rotatingSite) { s.add(oldKey, 30*day, -day, nil); s.add(newKey, time.Minute, day, nil) },
		},
		"the new key twice": {
			keys: []string{oldKey, newKey, newKey}, step: stepSwitch, check: statusWait,
			fill: func(s *rotatingSite) { s.add(oldKey, 2*hour, day, nil) },
		},
		"the same key twice": {
			keys: []string{oldKey, oldKey, ""}, step: stepStart, check: statusWait,
			fill: func(s *rotatingSite) { s.add(oldKey, 2*hour, day, nil) },
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newRotatingSite(t, c.keys...)
			c.fill(s)
			status, got := s.report(c.args...)
			if got.Step != c.step || status != c.status || !strings.Contains(got.Reason, c.why) {
				t.Errorf("step %q with status %d, want %q with %d: %s", got.Step, status, c.step, c.status, got.Reason)
			}
			if got.Loses == nil || *got.Loses != c.loses {
				t.Errorf("dropping the old keys loses sessions: %v, want %v", got.Loses, c.loses)
			}
			if until, err := time.Parse(time.RFC3339, got.Until); (err == nil) != (c.until != 0) ||
				err == nil && time.Until(until.Add(-c.until)).Abs() > time.Minute {
				t.Errorf("wait until %s, want in %v", got.Until, c.until)
			}
			if (got.Remark != "") != (c.step == stepSwitch) {
				t.Errorf("remark %q", got.Remark)
			}
			if len(got.Actions) == 0 {
				t.Error("no actions")
			}
			status, checked := s.report(append(c.args, "--check")...)
			if status != c.check || len(checked.Actions) != 0 || checked.Step != got.Step {
				t.Errorf("--check: status %d, want %d; %d actions", status, c.check, len(checked.Actions))
			}
			if status, stdout, _ := s.rotate(c.args...); status != c.status || !strings.Contains(stdout, "Next step: "+c.step+"\n") ||
				strings.Contains(stdout, "\nCaution: ") != (c.step == stepSwitch) {
				t.Errorf("in words, with status %d: %s", status, stdout)
			}
			if _, stdout, _ := s.rotate(append(c.args, "--check")...); strings.Contains(stdout, "Next step") {
				t.Errorf("--check prints a step: %s", stdout)
			}
		})
	}
}

// TestRotateCountsEachSessionOnce has more sessions than a batch, of all kinds.
func TestRotateCountsEachSessionOnce(t *testing.T) {
	t.Parallel()
	s := newRotatingSite(t, newKey, oldKey)
	texts := map[string]string{
		"a": s.text(newKey, time.Now().Add(-2*hour), s.login(newKey)), "b": s.text(newKey, time.Now().Add(-3*hour), s.login(oldKey)),
		"c": s.text(oldKey, time.Now().Add(-4*hour), s.login(oldKey)), "d": s.text(otherKey, time.Now().Add(-5*hour), nil),
		"e": "no signature", "f": s.text(newKey, time.Now().Add(-2*hour), s.login(otherKey)),
		"g": s.text(newKey, time.Now().Add(-2*hour), map[string]any{"big": strings.Repeat("big ", 1000)}),
	}
	for name, text := range texts {
		for ends, n := range map[string]int{"2999-01-01 00:00:00": 500, "1999-01-01 00:00:00": 10} {
			s.exec(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i < ?)
				INSERT INTO django_session SELECT printf('`+name+ends[:1]+`%08d', i), ?, ? FROM n`, n, text, ends)
		}
	}
	before := readAll(t, s.database)
	status, got := s.report()
	if status != statusWait || got.Live != 3500 || got.Expired != 70 || len(got.Keys) != 2 {
		t.Fatalf("status %d, %+v", status, got)
	}
	current, old := got.Keys[0], got.Keys[1]
	if current.Live != 2000 || current.Expired != 40 || old.Live != 500 || old.Expired != 10 || got.Unknown == nil ||
		got.Unknown.Live != 500 || got.Newer != 0 || got.Malformed != 500 {
		t.Errorf("%+v", got)
	}
	if *got.Logins != (loginsReport{Current: 500, Fallback: 500, Other: 500}) {
		t.Errorf("%+v", got.Logins)
	}
	ago := func(text string) time.Duration {
		at, err := time.Parse(time.RFC3339, text)
		if err != nil {
			t.Error(err)
		}
		return time.Since(at).Round(time.Hour)
	}
	if ago(current.Oldest) != 3*hour || ago(current.Newest) != 2*hour || ago(old.Newest) != 4*hour || ago(got.Unknown.Newest) != 5*hour {
		t.Errorf("%+v", got.Keys)
	}
	if !strings.HasPrefix(old.Ends, "2999-01-01") {
		t.Errorf("the last session ends at %s", old.Ends)
	}
	if readAll(t, s.database) != before {
		t.Error("the command writes")
	}
	_, stdout, _ := s.rotate("--check")
	for _, want := range []string{
		"3,500 live sessions, 70 expired sessions", "500 logins with a hash of SECRET_KEY, 500 of a fallback key, 500 invalid",
		"would lose 500 sessions and 500 logins besides", "500 live sessions are signed with a key that is not in these settings",
	} {
		if !strings.Contains(stdout, want) {
			t.Errorf("no %q in\n%s", want, stdout)
		}
	}
}

func readAll(t *testing.T, file string) [sha256.Size]byte {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return sha256.Sum256(data)
}
