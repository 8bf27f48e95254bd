//go:build unix

package files_test

import (
	"errors"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"testing"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/py"
)

// fullVariable makes this program one whose disk is full; see TestFullDisk. It contains
// the folder.
const fullVariable = "FILES_TEST_FULL"

const fullKey = "fullfullfullfullfullfullfullfull"

// TestFullDisk runs this program again with a limit on the size of files.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	if folder := os.Getenv(fullVariable); folder != "" {
		writeToFullDisk(t, folder)
		return
	}
	s := newSite(t, djangosession.Options{})
	must(t, s.Create(t.Context(), &djangosession.Record{Key: fullKey, Data: dict()}))
	program, err := os.Executable()
	must(t, err)
	cmd := exec.CommandContext(t.Context(), program, "-test.run=^TestFullDisk$")
	cmd.Env = append(os.Environ(), fullVariable+"="+s.folder)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	if all := names(t, s.folder); len(all) != 1 || all[0] != "sessionid"+fullKey {
		t.Errorf("the folder contains %v", all)
	}
	if got, _ := s.load(t, fullKey).Get("a"); got != int64(1) {
		t.Errorf("the session has become %v", got)
	}
}

func writeToFullDisk(t *testing.T, folder string) {
	t.Helper()
	signal.Ignore(syscall.SIGXFSZ)
	must(t, syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 4096, Max: 4096}))
	engine := open(t, folder, djangosession.NewSettings("test-secret-key"))
	var random strings.Builder
	for range 1000 {
		random.WriteString(djangosession.NewKey()) // which does not compress
	}
	large := py.NewDict(1)
	large.Set("a", random.String())
	change := func(r *djangosession.Record) error {
		r.Key, r.Data = djangosession.NewKey(), large
		return nil
	}
	for name, err := range map[string]error{
		"create": engine.Create(t.Context(), &djangosession.Record{Key: djangosession.NewKey(), Data: large}),
		"save":   engine.Save(t.Context(), &djangosession.Record{Key: fullKey, Data: large}),
		"merge":  engine.Merge(t.Context(), fullKey, change),
		"cycle":  engine.Cycle(t.Context(), fullKey, change),
	} {
		if !errors.Is(err, syscall.EFBIG) || strings.Contains(err.Error(), fullKey) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
