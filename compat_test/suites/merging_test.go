package suites

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/compat_test/servers"
)

// mergingSuite has Django's tests of the engines that package djangobridge replaces.
var mergingSuite = suite{name: "merging engines", parts: []part{
	{"merging/db", 135, sessionTests("DatabaseSession", "DatabaseSessionWithTimeZone", "CustomDatabaseSession", "SessionMiddleware")},
	{"merging/cached_db", 80, sessionTests("CacheDBSession", "CacheDBSessionWithTimeZone")},
	{"merging/cache", 38, sessionTests("CacheSession")},
	{"merging/base", 1, sessionTests("ClearSessionsCommand")},
}}

// TestDjangosOwnTestsOfMergingEngines runs Django's tests on the merging engines, with
// the cache of Django's own settings for tests and with Redis.
func TestDjangosOwnTestsOfMergingEngines(t *testing.T) {
	t.Parallel()
	redis, err := servers.New(servers.Redis)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := redis.Remove(); err != nil {
			t.Error(err)
		}
	})
	for _, django := range releases() {
		for cache, address := range map[string]string{"locmem": "", "redis": "redis://" + redis.Addr()} {
			t.Run(django+"/"+cache, func(t *testing.T) {
				t.Parallel()
				r, output, err := runMerging(t, django, address)
				if err != nil {
					t.Errorf("%v\n%s", err, output)
				}
				for _, p := range mergingSuite.parts {
					ran, passed, _ := r.of(&p)
					if ran < p.least || ran != passed {
						t.Errorf("%s: of %d tests %d passed, and every release has at least %d", p.name, ran, passed, p.least)
					}
					lines.Lock()
					lines.texts = append(lines.texts, fmt.Sprintf("django-suite %s %s/%s ran=%d passed=%d left_out=0\n",
						django, p.name, cache, ran, passed))
					lines.Unlock()
				}
			})
		}
	}
}

// runMerging runs the suite of a release; see merging/__main__.py.
func runMerging(t *testing.T, django, redis string) (report, string, error) {
	t.Helper()
	python, tests := lastLine(t, "../env/caches", django), lastLine(t, "./source", django)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	args := []string{"-m", "merging", tests}
	for _, p := range mergingSuite.parts {
		args = append(args, p.labels...)
	}
	cmd := exec.CommandContext(ctx, python, args...)
	cmd.WaitDelay = time.Second
	here, pathErr := os.Getwd()
	packages, packagesErr := filepath.Abs("../../python")
	if err := cmp.Or(pathErr, packagesErr); err != nil {
		t.Fatal(err)
	}
	cmd.Env = append(os.Environ(), "PYTHONPATH="+here+string(filepath.ListSeparator)+packages, "PYTHONDONTWRITEBYTECODE=1",
		"SESSION_SUITE_DATABASE="+filepath.Join(inMemory(t), "db.sqlite3"), "SESSION_SUITE_REDIS="+redis)
	var stdout, all bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &all
	err := cmd.Run()
	text := strings.TrimSpace(stdout.String())
	var r report
	if refused := json.Unmarshal([]byte(text[strings.LastIndexByte(text, '\n')+1:]), &r); refused != nil {
		err = cmp.Or(err, refused)
	}
	return r, all.String(), err
}
