package files_test

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/files"
	"github.com/djangobridge/djangobridge/py"
)

// limited is a site whose engine reads files of 4,000 bytes, and one without that limit.
func limited(t *testing.T, merge bool) (s *site, unlimited *files.Engine) {
	t.Helper()
	folder := t.TempDir()
	settings := djangosession.NewSettings("test-secret-key")
	unlimited = open(t, folder, settings)
	settings.MaxInflated = 1000
	settings.ExportedAt = time.Now().Add(time.Hour)
	engine := open(t, folder, settings)
	sessions, err := djangosession.NewManager(engine, settings, djangosession.Options{MergeSaves: merge, Logger: silent})
	must(t, err)
	return &site{Engine: engine, folder: folder, sessions: sessions}, unlimited
}

// noise is text that does not compress well.
func noise(length int) string {
	random := make([]byte, length/2)
	_, _ = rand.Read(random) // never returns an error
	return hex.EncodeToString(random)
}

func large(text string) *py.Dict {
	d := py.NewDict(1)
	d.Set("large", text)
	return d
}

// TestSessionsLargerThanTheLimitAreNeverOverwritten has a file that is too long, and one
// that inflates to too much. Django can read both.
func TestSessionsLargerThanTheLimitAreNeverOverwritten(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{"long": noise(10_000), "compressed": strings.Repeat("a", 10_000)} {
		for _, merge := range []bool{false, true} {
			s, unlimited := limited(t, merge)
			key := djangosession.NewKey()
			must(t, unlimited.Create(t.Context(), &djangosession.Record{Key: key, Data: large(text)}))
			for _, age := range []time.Duration{time.Hour, 20 * 24 * time.Hour} { // the second one is over by its date
				when := time.Now().Add(-age)
				must(t, os.Chtimes(s.path(key), when, when))
				before, err := os.ReadFile(s.path(key))
				must(t, err)
				session := s.load(t, key)
				session.Set("a", 1)
				for op, err := range map[string]error{"save": session.Save(t.Context()), "cycle": session.CycleKey(t.Context())} {
					if !errors.Is(err, djangosession.ErrMaxInflated) || session.Key() != key {
						t.Errorf("%s, %s: %v", name, op, err)
					}
				}
				n, err := s.ClearExpired(t.Context(), djangosession.ClearOptions{})
				if n != 0 || (err != nil) != (age > 24*time.Hour) {
					t.Errorf("%s: cleared %d, %v", name, n, err)
				}
				if after, err := os.ReadFile(s.path(key)); err != nil || !bytes.Equal(after, before) {
					t.Errorf("%s: the file was changed, %v", name, err)
				}
			}
			change := func(r *djangosession.Record) error { return r.Err }
			for op, err := range map[string]error{
				"merge": s.Merge(t.Context(), key, change), "cycle": s.Cycle(t.Context(), key, change),
			} {
				if !errors.Is(err, djangosession.ErrMaxInflated) {
					t.Errorf("%s, %s: %v", name, op, err)
				}
			}
		}
	}
}

// TestSessionsThatCouldNotBeReadAgainAreNotStored has a session whose file would be too
// long.
func TestSessionsThatCouldNotBeReadAgainAreNotStored(t *testing.T) {
	t.Parallel()
	for _, merge := range []bool{false, true} {
		s, _ := limited(t, merge)
		session := s.created(t)
		key := session.Key()
		session.Set("large", noise(10_000))
		fresh := s.sessions.New()
		fresh.Set("large", noise(10_000))
		for op, err := range map[string]error{
			"save": session.Save(t.Context()), "cycle": session.CycleKey(t.Context()), "create": fresh.Save(t.Context()),
		} {
			if !errors.Is(err, files.ErrTooLarge) {
				t.Errorf("%s: %v", op, err)
			}
		}
		if stored := s.load(t, key); !stored.Contains("a") || len(names(t, s.folder)) != 1 {
			t.Errorf("the folder contains %v", names(t, s.folder))
		}
		session.Set("large", noise(2000)) // which is stored without compression
		must(t, session.Save(t.Context()))
		if !s.load(t, key).Contains("large") {
			t.Error("what was stored cannot be read")
		}
	}
}
