package compat_test

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/djangobridge/djangobridge/djangosession"
)

// TestSwitchingTheEngineUnderLoad gives a site under gunicorn the merging engine, takes
// it away, and does both again, while visitors read and change their sessions in Django and
// in Go. No visitor may be logged out, no request may fail, and no change may be lost by
// visitors who make one request at a time. Visitors whose requests overlap may lose
// nothing while all processes merge, and must lose something while Django does not.
//
// COMPAT_SWITCHING is the number of actions in each stage.
func TestSwitchingTheEngineUnderLoad(t *testing.T) {
	t.Parallel()
	release := releases()[len(releases())-1]
	for _, k := range mergingKinds() {
		t.Run(k.String(), func(t *testing.T) {
			t.Parallel()
			s := newSwitchingSite(t, k, release)
			c := newCrowd(t, s, 6, 2)
			actions := times(t, "COMPAT_SWITCHING", 80)
			c.start()
			c.stage("Django's engine", k.stock())
			c.await(actions)

			c.stage("all workers are replaced", "")
			s.use(k.merging())
			s.django.reload()
			c.stage("the merging engine", k.merging())
			c.await(actions)

			c.stage("workers go back one by one", "")
			s.use(k.stock())
			s.django.restart(func() { c.await(actions) })
			c.stage("Django's engine again", k.stock())
			c.await(actions)

			c.stage("workers change one by one", "")
			s.use(k.merging())
			s.django.restart(func() { c.await(actions) })
			c.stage("the merging engine again", k.merging())
			c.await(actions)

			c.stage("all workers go back", "")
			s.use(k.stock())
			s.django.reload()
			c.stage("Django's engine at the end", k.stock())
			c.await(actions)
			c.stop()
		})
	}
}

// switchingSite is a Django under gunicorn, and two services in Go. One of them keeps the
// settings that were exported first.
type switchingSite struct {
	project

	*mergingSite

	t        *testing.T
	django   *gunicorn
	services [2]*numbersService
}

func newSwitchingSite(t *testing.T, k mergingKind, release string) *switchingSite {
	t.Helper()
	s := &switchingSite{t: t, mergingSite: newMergingSite(t, k, release, k.stock()), project: newProject(t, release)}
	if k.product == "sqlite" {
		if _, err := s.base.open(t).ExecContext(t.Context(), "PRAGMA journal_mode=WAL"); err != nil {
			t.Fatal(err)
		}
	}
	s.bin = filepath.Dir(pythonOf(t, "gunicorn", release))
	for _, folder := range []string{"apps/switching", "../python/djangobridge"} {
		source, err := filepath.Abs(filepath.FromSlash(folder))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(source, filepath.Join(s.dir, filepath.Base(source))); err != nil {
			t.Fatal(err)
		}
	}
	for i := range s.services {
		s.services[i] = startNumbers(t, s.open(t))
	}
	s.use(k.stock())
	s.django = s.startGunicorn("switching.settings")
	return s
}

// use changes SESSION_ENGINE for workers that start from now on. The second service gets
// the settings that Django then exports.
func (s *switchingSite) use(engine string) {
	s.t.Helper()
	settings := maps.Clone(s.settings)
	delete(settings, "also") // for peer.py
	settings["SESSION_ENGINE"] = engine
	text, err := json.Marshal(settings)
	if err != nil {
		s.t.Fatal(err)
	}
	s.write("switching.json", string(text))
	printed := s.mergingSite.start(s.t, engine).text(s.t, "export", map[string]any{"script": djangosession.SettingsScript})
	if !strings.Contains(printed, engine) {
		s.t.Fatalf("the exported settings do not have %s", engine)
	}
	file := filepath.Join(s.t.TempDir(), "site.json")
	if err := os.WriteFile(file, []byte(printed), 0o600); err != nil {
		s.t.Fatal(err)
	}
	sessions, closeAll, err := openMerging(file, s.base.source())
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(closeAll)
	s.services[1].use(sessions)
}

// address returns where a side listens: Django is 0, and the services are 1 and 2.
func (s *switchingSite) address(side int) string {
	if side == 0 {
		return s.django.url
	}
	return s.services[side-1].URL
}
