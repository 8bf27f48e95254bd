package cachetest_test

import (
	"testing"

	"github.com/djangobridge/djangobridge/caches/cachetest"
	"github.com/djangobridge/djangobridge/djangosession"
)

func TestMemory(t *testing.T) {
	t.Parallel()
	cachetest.Run(t, func(t *testing.T, s djangosession.Settings) cachetest.Backend {
		t.Helper()
		m, err := cachetest.NewMemory(s)
		if err != nil {
			t.Fatal(err)
		}
		m.SetLimit(1 << 19)
		return cachetest.Backend{
			Cache: &cachetest.Faulty{Cache: m}, Limit: 1 << 19,
			SetRaw: func(_ *testing.T, key string, data []byte) { m.SetRaw(key, data) },
		}
	})
}
