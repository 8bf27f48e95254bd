package files_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/files"
	"github.com/djangobridge/djangobridge/py"
	"github.com/djangobridge/djangobridge/signing"
)

// site is an engine in a folder, with the clock of the machine.
type site struct {
	*files.Engine
	folder   string
	sessions *djangosession.Manager
}

func newSite(t *testing.T, o djangosession.Options) *site {
	t.Helper()
	folder := t.TempDir()
	s := djangosession.NewSettings("test-secret-key")
	engine := open(t, folder, s)
	o.Logger = silent
	sessions, err := djangosession.NewManager(engine, s, o)
	if err != nil {
		t.Fatal(err)
	}
	return &site{Engine: engine, folder: folder, sessions: sessions}
}

// created stores a session with one value and returns it.
func (s *site) created(t *testing.T) *djangosession.Session {
	t.Helper()
	session := s.sessions.New()
	session.Set("a", 1)
	must(t, session.Save(t.Context()))
	return session
}

func (s *site) load(t *testing.T, key string) *djangosession.Session {
	t.Helper()
	session, err := s.sessions.Load(t.Context(), key)
	must(t, err)
	return session
}

func dict() *py.Dict {
	d := py.NewDict(1)
	d.Set("a", int64(1))
	return d
}

func (s *site) path(key string) string { return filepath.Join(s.folder, "sessionid"+key) }

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestLostFolderIsAnError checks that no visitor is logged out while the folder is away.
func TestLostFolderIsAnError(t *testing.T) {
	t.Parallel()
	s := newSite(t, djangosession.Options{MergeSaves: true})
	session := s.created(t)
	key := session.Key()
	must(t, s.Check(t.Context()))
	must(t, os.Rename(s.folder, s.folder+".away"))
	fresh := s.sessions.New()
	fresh.Set("a", 1)
	session.Set("a", 2)
	_, loadErr := s.sessions.Load(t.Context(), key)
	_, existsErr := s.Exists(t.Context(), key)
	_, clearErr := s.ClearExpired(t.Context(), djangosession.ClearOptions{})
	var listErr error
	for _, err := range s.Records(t.Context()) {
		listErr = err
	}
	for name, err := range map[string]error{
		"load": loadErr, "exists": existsErr, "clear": clearErr, "list": listErr, "create": fresh.Save(t.Context()),
		"save":  s.Save(t.Context(), &djangosession.Record{Key: key, Data: session.Dict()}),
		"merge": session.Save(t.Context()), "cycle": session.CycleKey(t.Context()), "delete": s.Delete(t.Context(), key), "check": s.Check(t.Context()),
	} {
		if !errors.Is(err, fs.ErrNotExist) || errors.Is(err, djangosession.ErrSessionGone) || errors.Is(err, djangosession.ErrNoSession) ||
			strings.Contains(err.Error(), key) || !strings.Contains(err.Error(), s.folder) {
			t.Errorf("%s: %v", name, err)
		}
	}
	must(t, os.Rename(s.folder+".away", s.folder))
	if got, _ := s.load(t, key).Get("a"); got != int64(1) {
		t.Errorf("the session has become %v", got)
	}
	must(t, session.Save(t.Context()))
}

// TestWhatIsNotASession has things beside the sessions in the folder.
func TestWhatIsNotASession(t *testing.T) {
	t.Parallel()
	s := newSite(t, djangosession.Options{})
	key := djangosession.NewKey()
	must(t, os.Mkdir(s.path(key), 0o700))
	must(t, os.WriteFile(filepath.Join(s.folder, "sessionid"+strings.ToUpper(key)), nil, 0o600))
	must(t, os.WriteFile(filepath.Join(s.folder, "other"), nil, 0o600))
	if got := s.load(t, key); got.Key() != "" {
		t.Error("a folder is a session")
	}
	for r, err := range s.Records(t.Context()) {
		t.Errorf("listed %v, %v", r, err)
	}
	if n, err := s.ClearExpired(t.Context(), djangosession.ClearOptions{}); n != 0 || err != nil {
		t.Errorf("cleared %d, %v", n, err)
	}
	if err := s.Create(t.Context(), &djangosession.Record{Key: key, Data: s.sessions.New().Dict()}); !errors.Is(err, djangosession.ErrKeyTaken) {
		t.Errorf("create: %v", err)
	}
}

// TestListIsNotASession has a valid signature around something else than a dict, with
// which Django fails.
func TestListIsNotASession(t *testing.T) {
	t.Parallel()
	s := newSite(t, djangosession.Options{MergeSaves: true})
	key := djangosession.NewKey()
	text, err := signing.Dumps([]byte("[1]"), signing.Options{Key: "test-secret-key", Salt: "django.contrib.sessions.SessionStore"})
	must(t, err)
	must(t, os.WriteFile(s.path(key), []byte(text), 0o600))
	session := s.load(t, key)
	session.Set("a", 1)
	for name, err := range map[string]error{"save": session.Save(t.Context()), "cycle": session.CycleKey(t.Context())} {
		if !errors.Is(err, djangosession.ErrUnknownFormat) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if after, err := os.ReadFile(s.path(key)); err != nil || string(after) != text {
		t.Errorf("the file contains %s, %v", after, err)
	}
}

// TestPlaceholderOfDjangoIsAnEmptySession has the empty file that Django makes first.
func TestPlaceholderOfDjangoIsAnEmptySession(t *testing.T) {
	t.Parallel()
	s := newSite(t, djangosession.Options{})
	key := djangosession.NewKey()
	must(t, os.WriteFile(s.path(key), nil, 0o600))
	old := time.Now().Add(-20 * 24 * time.Hour)
	must(t, os.Chtimes(s.path(key), old, old))
	session := s.load(t, key)
	if session.Key() != key || len(session.Keys()) != 0 {
		t.Error("not an empty session with its key")
	}
	if n, err := s.ClearExpired(t.Context(), djangosession.ClearOptions{}); n != 0 || err != nil {
		t.Errorf("cleared %d, %v", n, err)
	}
	session.Set("a", 1)
	must(t, session.Save(t.Context()))
	if got := s.load(t, key); !got.Contains("a") {
		t.Error("saving has no effect")
	}
}

// TestSaveReplacesTheFile checks that a reader which has the old file open keeps it.
func TestSaveReplacesTheFile(t *testing.T) {
	t.Parallel()
	s := newSite(t, djangosession.Options{})
	session := s.created(t)
	before, err := os.Stat(s.path(session.Key()))
	must(t, err)
	text, err := os.ReadFile(s.path(session.Key()))
	must(t, err)
	must(t, session.Save(t.Context()))
	after, err := os.Stat(s.path(session.Key()))
	must(t, err)
	if os.SameFile(before, after) || bytes.ContainsAny(text, "\r\n") {
		t.Error("the file was written in place, or its text has a line break")
	}
	if all := names(t, s.folder); len(all) != 1 {
		t.Errorf("the folder contains %v", all)
	}
}

// TestClearingIsRobust has files that make Django stop, and what processes left behind.
func TestClearingIsRobust(t *testing.T) {
	t.Parallel()
	s := newSite(t, djangosession.Options{})
	old := time.Now().Add(-20 * 24 * time.Hour)
	alive, dead := s.created(t).Key(), make([]string, 5)
	for i := range dead {
		dead[i] = s.created(t).Key()
		must(t, os.Chtimes(s.path(dead[i]), old, old))
	}
	bad := strings.Repeat("b", 32)
	must(t, os.WriteFile(s.path(bad), []byte("caf\xe9"), 0o600))
	must(t, os.Chtimes(s.path(bad), old, old))
	for name, when := range map[string]time.Time{
		"_out_deadbeef": old, "_out_fresh___": time.Now(), "_out_toolong__": old, "_other_dead": old,
	} {
		must(t, os.WriteFile(s.path(alive)+name, []byte("x"), 0o600))
		must(t, os.Chtimes(s.path(alive)+name, when, when))
	}
	var seen []int64
	n, err := s.ClearExpired(t.Context(), djangosession.ClearOptions{BatchSize: 2, Progress: func(n int64) { seen = append(seen, n) }})
	if n != 5 || !errors.Is(err, djangosession.ErrUnknownFormat) || strings.Contains(err.Error(), bad) {
		t.Errorf("cleared %d, %v", n, err)
	}
	if !slices.Equal(seen, []int64{2, 4, 5}) {
		t.Errorf("progress %v", seen)
	}
	want := []string{
		"sessionid" + alive, "sessionid" + alive + "_other_dead", "sessionid" + alive + "_out_fresh___", "sessionid" + alive + "_out_toolong__",
		"sessionid" + bad,
	}
	slices.Sort(want)
	if got := names(t, s.folder); !slices.Equal(got, want) {
		t.Errorf("files %v, want %v", got, want)
	}
}

// TestClearingLeavesSessionsOfNewerSettings has sessions whose expiry only Django can
// read.
func TestClearingLeavesSessionsOfNewerSettings(t *testing.T) {
	t.Parallel()
	for _, newer := range []bool{true, false} {
		folder := t.TempDir()
		theirs := djangosession.NewSettings("the site's new key")
		ours := djangosession.NewSettings("old key")
		ours.ExportedAt = time.Now().Add(time.Hour)
		if newer {
			ours.ExportedAt = time.Now().Add(-time.Hour)
		}
		key := djangosession.NewKey()
		must(t, open(t, folder, theirs).Create(t.Context(), &djangosession.Record{Key: key, Data: dict()}))
		old := time.Now().Add(-20 * 24 * time.Hour)
		must(t, os.Chtimes(filepath.Join(folder, "sessionid"+key), old, old))
		n, err := open(t, folder, ours).ClearExpired(t.Context(), djangosession.ClearOptions{})
		if newer != errors.Is(err, djangosession.ErrOutdatedSettings) || n != map[bool]int64{true: 0, false: 1}[newer] {
			t.Errorf("newer %v: cleared %d, %v", newer, n, err)
		}
	}
}
