package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestRotateSaysWhatHoldsWithoutFallbacks has releases whose rotation loses something
// whatever is done.
func TestRotateSaysWhatHoldsWithoutFallbacks(t *testing.T) {
	t.Parallel()
	for release, c := range map[string]struct {
		keys    []string
		step    string
		warning string // "" without any
	}{
		"6.1.3":  {keys: []string{oldKey, newKey}, step: stepSwitch},
		"4.1.8":  {keys: []string{oldKey, newKey}, step: stepSwitch},
		"4.1.7":  {keys: []string{oldKey, newKey}, step: stepSwitch, warning: "logs out all users"},
		"3.2.25": {keys: []string{oldKey, newKey}, step: stepStart, warning: "logs out all visitors"},
		"2.2.28": {keys: []string{oldKey}, step: stepStart, warning: "logs out all visitors"},
	} {
		s := newRotatingSite(t, c.keys...)
		s.settings["DJANGO_VERSION"] = release
		s.export(time.Now(), c.keys...)
		status, got := s.report()
		if status != statusOK || got.Step != c.step {
			t.Errorf("%s: step %q with status %d: %s", release, got.Step, status, got.Reason)
		}
		if warnings := strings.Join(got.Warnings, "\n"); (warnings == "") != (c.warning == "") || !strings.Contains(warnings, c.warning) {
			t.Errorf("%s: %s", release, warnings)
		}
		if _, stdout, _ := s.rotate(); !strings.Contains(stdout, c.warning) {
			t.Errorf("%s: %s", release, stdout)
		}
	}
}

// TestRotateWithoutACountGoesByTheDates has sessions in cookies.
func TestRotateWithoutACountGoesByTheDates(t *testing.T) {
	t.Parallel()
	const noTime = -1
	ago := func(d time.Duration) string { return time.Now().Add(-d).Format(time.RFC3339) }
	for name, c := range map[string]struct {
		keys   []string
		args   []string
		age    time.Duration // of the settings
		step   string
		status int
		check  int
		known  bool
		ends   time.Duration // of the wait, from now
	}{
		"one key":          {keys: []string{oldKey}, step: stepStart, check: statusWait, known: true},
		"which one is new": {keys: []string{oldKey, newKey}, step: stepSwitch, check: statusWait},
		"switched a while": {
			keys: []string{newKey, oldKey}, args: []string{"--switched"}, age: 13 * day, step: stepWait,
			status: statusWait, check: statusWait, ends: day,
		},
		"switched long ago": {
			keys: []string{newKey, oldKey}, args: []string{"--switched"}, age: 15 * day, step: stepDrop, check: statusWait,
		},
		"loaded late": {
			keys: []string{newKey, oldKey}, args: []string{"--switched", "--since", ago(2 * day)}, age: 15 * day, step: stepWait,
			status: statusWait, check: statusWait, ends: 12 * day,
		},
		"loaded long ago": {
			keys: []string{newKey, oldKey}, args: []string{"--switched", "--since", ago(15 * day)}, age: 16 * day, step: stepDrop,
			known: true,
		},
		"loaded long ago, and exported again": {
			keys: []string{newKey, oldKey}, args: []string{"--switched", "--since", ago(15 * day)}, age: day, step: stepDrop,
			known: true,
		},
		"no time of the export": {
			keys: []string{newKey, oldKey}, args: []string{"--switched"}, age: noTime, step: stepWait, status: statusWait,
			check: statusWait,
		},
		"only the time of the last load": {
			keys: []string{newKey, oldKey}, args: []string{"--switched", "--since", ago(15 * day)}, age: noTime, step: stepDrop,
			known: true,
		},
	} {
		s := newRotatingSite(t, c.keys...)
		s.settings["SESSION_ENGINE"] = enginePackage + signedCookiesEngine
		s.settings["SESSION_STORE_CLASS"] = map[string]any{"mro": []string{
			enginePackage + signedCookiesEngine + ".SessionStore", enginePackage + "base.SessionBase", "builtins.object",
		}}
		if c.age == noTime {
			s.export(time.Time{}, c.keys...)
		} else {
			s.export(time.Now().Add(-c.age), c.keys...)
		}
		status, got := s.report(c.args...)
		if status != c.status || got.Step != c.step || got.Counted || (got.Loses != nil) != c.known {
			t.Errorf("%s: status %d, %+v", name, status, got)
		}
		until, err := time.Parse(time.RFC3339, got.Until)
		if (err == nil) != (c.ends != 0) || err == nil && time.Until(until.Add(-c.ends)).Abs() > time.Minute {
			t.Errorf("%s: wait until %q, want in %v", name, got.Until, c.ends)
		}
		// Only the export is known: a process may have loaded the settings later.
		isDoubtful := len(c.args) == 1 && c.age != noTime || c.step == stepSwitch
		if (got.Remark != "") != isDoubtful ||
			len(c.args) > 0 && !strings.Contains(got.Reason, "the last process has loaded") {
			t.Errorf("%s: reason %q, remark %q", name, got.Reason, got.Remark)
		}
		if status, _ := s.report(append(c.args, "--check")...); status != c.check {
			t.Errorf("%s: --check: status %d", name, status)
		}
		if _, stdout, _ := s.rotate(c.args...); len(c.keys) > 1 && !strings.Contains(stdout, "in the visitors' cookies") {
			t.Errorf("%s: %s", name, stdout)
		}
	}
}

func TestRotateCountsSessionsInFiles(t *testing.T) {
	t.Parallel()
	s := newRotatingSite(t, newKey, oldKey)
	dir := t.TempDir()
	s.settings["SESSION_ENGINE"], s.settings["SESSION_FILE_PATH"] = enginePackage+fileEngine, dir
	s.settings["SESSION_STORE_CLASS"] = map[string]any{"mro": []string{
		enginePackage + fileEngine + ".SessionStore", enginePackage + "base.SessionBase", "builtins.object",
	}}
	s.export(time.Now().Add(-hour), newKey, oldKey)
	for name, text := range map[string]string{
		"sessionidaaaaaaaaaaaaaaaa": s.text(oldKey, time.Now().Add(-2*hour), map[string]any{"a": 1}),
		"sessionidbbbbbbbbbbbbbbbb": s.text(newKey, time.Now().Add(-2*hour), s.login(oldKey)),
		"sessionidcccccccccccccccc": s.text(otherKey, time.Now().Add(-2*hour), nil),
		"other":                     "",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	status, got := s.report()
	if status != statusWait || got.Step != stepWait || got.Live != 3 || got.Keys[0].Live != 1 || got.Keys[1].Live != 1 ||
		got.Unknown == nil || got.Logins.Fallback != 1 {
		t.Errorf("status %d, %+v", status, got)
	}
}

func TestRotateFailsWithoutACount(t *testing.T) {
	t.Parallel()
	s := newRotatingSite(t, newKey, oldKey)
	if status, stdout, _ := s.rotate("--recent", "-1s"); status != statusUsage || stdout != "" {
		t.Errorf("status %d: %s", status, stdout)
	}
	if status, stdout, _ := s.rotate("--since", "2026-11-29T12:00:00Z"); status != statusUsage || stdout != "" {
		t.Errorf("--since without --switched: status %d: %s", status, stdout)
	}
	s.add(newKey, hour, day, s.login(newKey))
	s.exec("DROP TABLE auth_user")
	if status, stdout, stderr := s.rotate(); status != statusFailed || stdout != "" || stderr == "" {
		t.Errorf("without users: status %d: %s%s", status, stdout, stderr)
	}
	s.exec("DROP TABLE django_session")
	if status, stdout, stderr := s.rotate(); status != statusFailed || stdout != "" || stderr == "" {
		t.Errorf("without sessions: status %d: %s%s", status, stdout, stderr)
	}
	var out bytes.Buffer
	if status := run([]string{"rotate", s.database}, strings.NewReader(""), &out, &out); status != statusUsage {
		t.Errorf("without settings: status %d: %s", status, &out)
	}
}

// TestRotateRepeatsItsFlags looks at the command for the next look.
func TestRotateRepeatsItsFlags(t *testing.T) {
	t.Parallel()
	again := func(r rotationReport) string { return r.Actions[len(r.Actions)-1].Run }
	s := newRotatingSite(t, newKey, oldKey)
	if _, got := s.report(); strings.Contains(again(got), "--switched") {
		t.Errorf("nothing is proved: %s", again(got))
	}
	if _, got := s.report("--switched"); !strings.Contains(again(got), " --switched ") {
		t.Errorf("--switched is lost: %s", again(got))
	}
	s.add(oldKey, 2*hour, day, nil)
	if _, got := s.report(); got.Step != stepWait || !strings.HasSuffix(again(got), " --switched "+shellQuote(s.database)) {
		t.Errorf("the proof is lost: %s", again(got))
	}
	s.add(oldKey, time.Minute, day, nil)
	if _, got := s.report(); got.Step != stepFinish || !strings.Contains(again(got), " --switched ") {
		t.Errorf("the proof is lost: %s", again(got))
	}
	s.export(time.Now().Add(-hour), otherKey, newKey, oldKey)
	if _, got := s.report("--recent", "0s"); got.Step != stepWait || strings.Contains(again(got), "--switched") ||
		!strings.Contains(again(got), " --recent 0s ") {
		t.Errorf("newKey may be the new one: %s", again(got))
	}
	c := &rotateCommand{Recent: defaultRecent}
	c.Settings, c.Database, c.UsersDatabase, c.Schema = "site.json", "mysql://u:p@h/n", "mysql://u:q@h/n", "a b"
	c.AcceptEngine, c.AcceptDatabaseEngine, c.KnownOverride = "e.E", "d.D", texts{"m", "n"}
	c.Since = time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)
	if got, want := c.again(false), program+" rotate --settings site.json --users-database USERS_DATABASE --schema 'a b' --accept-engine e.E "+
		"--accept-database-engine d.D --known-override m --known-override n "+
		"--since 2026-11-29T12:00:00Z DATABASE"; got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
}

// TestRotateNamesACheckThatPasses runs the check that the output names, on a site that
// needs a flag.
func TestRotateNamesACheckThatPasses(t *testing.T) {
	t.Parallel()
	s := newRotatingSite(t, oldKey)
	s.settings["USER_MODEL"].(map[string]any)["overrides"] = map[string]any{"shop.User": []string{"has_perm"}}
	s.export(time.Now().Add(-hour), oldKey)
	if err := os.Link(s.file, s.file+".new"); err != nil {
		t.Fatal(err)
	}
	status, got := s.report("--known-override", "shop.User.has_perm")
	checks := 0
	for _, a := range got.Actions {
		command, isCheck := strings.CutPrefix(a.Run, program+" settings check ")
		if !isCheck {
			continue
		}
		checks++
		if !strings.Contains(a.Do, "owner") {
			t.Errorf("services of other users cannot read the file: %s", a.Do)
		}
		flags, _, _ := strings.Cut(command, " && ")
		var out bytes.Buffer
		args := append([]string{"settings", "check"}, strings.Fields(flags)...)
		if status := run(args, strings.NewReader(""), &out, &out); status != statusOK {
			t.Errorf("%s: status %d: %s", a.Run, status, &out)
		}
	}
	if checks != 1 {
		t.Errorf("status %d: %d checks in %v", status, checks, got.Actions)
	}
}
