package compat_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/caches"
	"github.com/djangobridge/djangobridge/caches/rediscache"
	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/tables"
)

// mergingKind is one of the session engines that merge in Django, on a store.
type mergingKind struct {
	engine  string // the last part of the module's name
	product string // the database
	redis   bool
}

// stock is the engine of Django that a merging one replaces.
func (k *mergingKind) stock() string { return "django.contrib.sessions.backends." + k.engine }

func (k *mergingKind) merging() string { return "djangobridge.sessions." + k.engine }

func (k *mergingKind) String() string {
	if k.redis {
		return k.engine + " on redis and " + k.product
	}
	return k.engine + " on " + k.product
}

func mergingKinds() []mergingKind {
	var kinds []mergingKind
	for _, product := range databases() {
		kinds = append(kinds, mergingKind{engine: "db", product: product})
	}
	kinds = append(kinds, mergingKind{engine: "cache", product: "sqlite", redis: true})
	last := databases()[len(databases())-1]
	return append(kinds, mergingKind{engine: "cached_db", product: last, redis: true})
}

// mergingSite is a site whose processes, in Django and in Go, share sessions.
type mergingSite struct {
	kind     mergingKind
	base     *database
	release  string
	settings map[string]any // of Django
	django   *peer
	facts    djangosession.Settings // as exported
	file     string                 // with facts
}

// newMergingSite starts a site with a SESSION_ENGINE on an empty store.
func newMergingSite(t *testing.T, k mergingKind, release, engine string) *mergingSite {
	t.Helper()
	m := &mergingSite{kind: k, release: release, base: newDatabase(t, k.product)}
	m.settings = map[string]any{
		"database": m.base.django(), "SECRET_KEY": "compat-secret-key", "USE_TZ": true, "TIME_ZONE": "UTC", "also": "merging_peer",
		"INSTALLED_APPS":     []string{"django.contrib.contenttypes", "django.contrib.auth", "django.contrib.sessions", "djangobridge"},
		"DEFAULT_AUTO_FIELD": "django.db.models.AutoField", "SESSION_ENGINE": engine, "LOGGING_CONFIG": nil,
	}
	if k.redis {
		m.settings["CACHES"] = map[string]any{"default": map[string]any{
			"BACKEND": redisBackend, "LOCATION": "redis://" + newRedis(t).Addr() + "/1",
		}}
	}
	m.django = m.start(t, engine)
	printed := m.django.text(t, "export", map[string]any{"script": djangosession.SettingsScript})
	var err error
	if m.facts, err = djangosession.ReadSettings(strings.NewReader(printed)); err != nil {
		t.Fatal(err)
	}
	m.file = filepath.Join(t.TempDir(), "site.json")
	if err := os.WriteFile(m.file, []byte(printed), 0o600); err != nil {
		t.Fatal(err)
	}
	return m
}

// start starts another process of the site's Django, with this SESSION_ENGINE.
func (m *mergingSite) start(t *testing.T, engine string) *peer {
	t.Helper()
	settings := maps.Clone(m.settings)
	settings["SESSION_ENGINE"] = engine
	return startPeerWith(t, pythonWithCaches(t, m.release), m.release, settings)
}

// team starts more processes of the site's Django.
func (m *mergingSite) team(t *testing.T, n int) []*peer {
	t.Helper()
	team := []*peer{m.django}
	for len(team) < n {
		team = append(team, m.start(t, m.facts.SessionEngine))
	}
	return team
}

// open makes the Manager of a Go process of the site. It is closed with the test.
func (m *mergingSite) open(t *testing.T) *djangosession.Manager {
	t.Helper()
	sessions, closeAll, err := openMerging(m.file, m.base.source())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(closeAll)
	return sessions
}

// openMerging makes a Manager that merges, from a settings file and a source.
func openMerging(file, source string) (m *djangosession.Manager, closeAll func(), err error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, nil, err
	}
	s, err := djangosession.ReadSettings(bytes.NewReader(data))
	if err != nil {
		return nil, nil, err
	}
	product, name, _ := strings.Cut(source, " ")
	db, dialect, err := openSource(product, name)
	if err != nil {
		return nil, nil, err
	}
	closers := []func() error{db.Close}
	closeAll = func() {
		for _, c := range slices.Backward(closers) {
			_ = c() // nothing is read afterwards
		}
	}
	o := tables.Options{Dialect: dialect, LockWait: time.Minute}
	base := strings.TrimPrefix(s.BaseEngine(), "django.contrib.sessions.backends.")
	var engine djangosession.Engine
	if base == "db" {
		engine, err = tables.New(db, s, o)
	} else {
		var c *rediscache.Cache
		if c, err = rediscache.New(s, rediscache.Options{}); err != nil {
			closeAll()
			return nil, nil, err
		}
		closers = append(closers, c.Close)
		if base == "cache" {
			engine, err = caches.NewEngine(c, s, caches.Options{})
		} else {
			o.AcceptEngine = s.SessionEngine
			var rows *tables.Engine
			if rows, err = tables.New(db, s, o); err == nil {
				engine, err = caches.NewCachedDB(rows, c, s, caches.Options{})
			}
		}
	}
	if err == nil {
		m, err = djangosession.NewManager(engine, s, djangosession.Options{
			StrictLoad: true, MergeSaves: true, SaveTimeout: time.Minute,
		})
	}
	if err != nil {
		closeAll()
	}
	return m, closeAll, err
}

// mergerVariable makes this program a Go process of a mergingSite.
const mergerVariable = "COMPAT_MERGER"

// mergeOrder is what such a process does; see do_count_up in merging_peer.py.
type mergeOrder struct {
	File   string `json:"file"`
	Source string `json:"source"`
	Key    string `json:"key"`
	Name   string `json:"name"`
	Rounds int    `json:"rounds"`
}

// mergeProcess counts up, and prints how many values did not last.
func mergeProcess(order string) error {
	var o mergeOrder
	if err := json.Unmarshal([]byte(order), &o); err != nil {
		return err
	}
	sessions, closeAll, err := openMerging(o.File, o.Source)
	if err != nil {
		return err
	}
	defer closeAll()
	lost, ctx := 0, context.Background()
	for n := 1; n <= o.Rounds; n++ {
		s, err := sessions.Load(ctx, o.Key)
		if err != nil {
			return err
		}
		was := 0
		if s.Contains(o.Name) {
			if was, err = djangosession.Value[int](s, o.Name); err != nil {
				return err
			}
		}
		if was != n-1 {
			lost++
		}
		s.Set(o.Name, n)
		if err := s.Save(ctx); err != nil {
			return err
		}
	}
	fmt.Println(lost)
	return nil
}

// goCounts starts a Go process that counts up, and returns how many values did not last.
func (m *mergingSite) goCounts(ctx context.Context, key, name string, rounds int) (lost int, err error) {
	order, err := json.Marshal(mergeOrder{File: m.file, Source: m.base.source(), Key: key, Name: name, Rounds: rounds})
	if err != nil {
		return 0, err
	}
	program, err := os.Executable()
	if err != nil {
		return 0, err
	}
	cmd := exec.CommandContext(ctx, program)
	cmd.Env = append(os.Environ(), mergerVariable+"="+string(order))
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return 0, fmt.Errorf("%w: %s", err, stderr.String())
	}
	return strconv.Atoi(strings.TrimSpace(string(out)))
}
