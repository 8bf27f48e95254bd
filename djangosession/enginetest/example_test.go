package enginetest_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/enginetest"
	"github.com/djangobridge/djangobridge/djangosession/memory"
)

// countingEngine takes the place of your own engine. It counts how often sessions are
// loaded, and leaves the rest to another engine.
type countingEngine struct {
	djangosession.Engine
	loads atomic.Int64
}

func (e *countingEngine) Load(ctx context.Context, key string) (*djangosession.Record, error) {
	e.loads.Add(1)
	return e.Engine.Load(ctx, key)
}

// newBackend returns an empty engine for one test.
func newBackend(t *testing.T, s djangosession.Settings) enginetest.Backend {
	t.Helper()
	store, err := memory.New(s)
	if err != nil {
		t.Fatal(err)
	}
	return enginetest.Backend{
		Engine: &countingEngine{Engine: store},
		SetRow: func(_ *testing.T, key, text string, expire time.Time) bool {
			store.SetRow(key, text, expire)
			return true
		},
		// The embedded interface has only the methods of an Engine.
		Lacks: enginetest.Lacks{Merge: true, List: true},
	}
}

// TestConformance is the whole test of an engine.
func TestConformance(t *testing.T) {
	t.Parallel()
	enginetest.Run(t, newBackend)
}

// In the package of your engine, the function is a test such as TestConformance.
func ExampleRun() {
	testConformance := func(t *testing.T) {
		enginetest.Run(t, func(t *testing.T, s djangosession.Settings) enginetest.Backend {
			store, err := memory.New(s) // an empty engine, with the settings and the clock in s
			if err != nil {
				t.Fatal(err)
			}
			return enginetest.Backend{
				Engine: store,
				SetRow: func(_ *testing.T, key, text string, expire time.Time) bool {
					store.SetRow(key, text, expire)
					return true
				},
			}
		})
	}
	_ = testConformance
	// Output:
}
