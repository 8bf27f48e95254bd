package memory_test

import (
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/enginetest"
	"github.com/djangobridge/djangobridge/djangosession/memory"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	enginetest.Run(t, func(t *testing.T, s djangosession.Settings) enginetest.Backend {
		t.Helper()
		e, err := memory.New(s)
		if err != nil {
			t.Fatal(err)
		}
		return enginetest.Backend{
			Engine: e,
			SetRow: func(_ *testing.T, key, text string, expire time.Time) bool {
				e.SetRow(key, text, expire)
				return true
			},
		}
	})
}
