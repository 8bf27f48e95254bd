package main

import (
	"context"
	"iter"
	"strings"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge"
	"github.com/djangobridge/djangobridge/py"
)

// TestRotateCountsOnlyHashesInACache has sessions that are not signed, as a cache lists
// them.
func TestRotateCountsOnlyHashesInACache(t *testing.T) {
	t.Parallel()
	s := newRotatingSite(t, newKey, oldKey)
	site, err := (&siteSource{Settings: s.file, Database: s.database}).open(djangobridge.Options{}, false)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(site.close)
	ends := time.Now().Add(day)
	for name, c := range map[string]struct {
		keys     []string // of the hashes; "" is a session without a login
		switched bool
		unknown  bool // the passwords of the users
		damaged  bool // a session does not decode
		step     string
		loses    bool
		why      string
	}{
		"a login of the old key": {keys: []string{newKey, oldKey, ""}, step: stepWait, loses: true, why: "1 login in sessions would end"},
		"no login of the old key": {
			keys: []string{newKey, ""}, step: stepSwitch, why: "No login has a hash of a fallback key",
		},
		"logins that cannot be compared": {
			keys: []string{newKey, oldKey}, switched: true, unknown: true, step: stepWait, why: "2 logins in sessions could not",
		},
		"no login of the old key since the switch": {keys: []string{newKey}, switched: true, step: stepDrop},
		"one does not decode since the switch": {
			keys: []string{newKey}, switched: true, damaged: true, step: stepWait,
			why: "1 login in sessions could not be compared with the password of a user (1 because the session does not decode)",
		},
		"neither decodes nor can be compared": {
			keys: []string{newKey}, switched: true, unknown: true, damaged: true, step: stepWait, why: "2 logins in",
		},
		"one does not decode before the switch": {
			keys: []string{newKey}, damaged: true, step: stepSwitch,
			why: "No login that could be compared has a hash of a fallback key",
		},
		"one does not decode, and a login of the old key": {
			keys: []string{oldKey}, switched: true, damaged: true, step: stepWait, loses: true,
			why: "1 login in sessions would end",
		},
	} {
		var stored []storedSession
		if c.damaged {
			stored = append(stored, storedSession{})
		}
		for _, key := range c.keys {
			d := py.NewDict(3)
			if key != "" {
				for name, value := range s.login(key) {
					d.Set(name, value)
				}
			}
			stored = append(stored, storedSession{data: d, expires: ends})
		}
		source := &sessionSource{sessions: func(context.Context) iter.Seq2[storedSession, error] {
			return func(yield func(storedSession, error) bool) {
				for _, one := range stored {
					if !yield(one, nil) {
						return
					}
				}
			}
		}}
		r := &rotation{
			settings: &site.Settings, now: time.Now(), switched: c.switched, engine: cacheEngine, hasFallbacks: true,
			keys: keysOf(&site.Settings), counted: true,
		}
		counter, err := newKeyCounter(site, source, r.keys)
		if err != nil {
			t.Fatal(err)
		}
		if c.unknown {
			counter.users = nil
		}
		if err := counter.run(t.Context(), &tool{stdout: new(strings.Builder), stderr: new(strings.Builder)}, 2); err != nil {
			t.Fatal(err)
		}
		r.counts = counter.total
		step := r.next()
		loses, known := r.loses()
		unchecked := c.unknown || c.damaged
		if step.name != c.step || loses != c.loses || known == (unchecked && !c.loses) ||
			!strings.Contains(step.reason, c.why) || step.until.Equal(ends) != c.loses {
			t.Errorf("%s: step %q, loses %v: %s", name, step.name, loses, step.reason)
		}
		report := (&rotateCommand{}).report(r)
		if len(report.Keys) != 0 || report.Live != int64(len(stored)) || (len(report.Warnings) != 1) != unchecked ||
			!strings.Contains(report.Warnings[0], "not signed") || (report.Logins.Unread == 1) != c.damaged {
			t.Errorf("%s: %+v", name, report)
		}
	}
}
