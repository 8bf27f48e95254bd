package caches_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/caches"
	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/enginetest"
)

func TestCachedDBWithADummyCacheIsAnEngine(t *testing.T) {
	t.Parallel()
	enginetest.Run(t, func(t *testing.T, s djangosession.Settings) enginetest.Backend {
		t.Helper()
		site := newCachedSite(t, s, caches.Options{})
		e, err := caches.NewCachedDB(site.table, caches.Dummy{}, site.settings, caches.Options{})
		if err != nil {
			t.Fatal(err)
		}
		return enginetest.Backend{Engine: e, SetRow: site.setRow}
	})
}

func TestDummyCacheStoresNothing(t *testing.T) {
	t.Parallel()
	var c caches.Dummy
	value := record(djangosession.NewSettings("caches-secret-key"), kkkk, "a", int64(1)).Data
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	for _, want := range []struct{ stored, missed error }{{nil, caches.ErrMiss}, {context.Canceled, context.Canceled}} {
		_, getErr := c.Get(ctx, kkkk)
		exists, existsErr := c.Exists(ctx, kkkk)
		for name, err := range map[string]error{
			"Get": getErr, "Replace": c.Replace(ctx, kkkk, value, time.Hour), "Swap": c.Swap(ctx, kkkk, nil, value, time.Hour),
		} {
			if !errors.Is(err, want.missed) {
				t.Errorf("%s: error %v, want %v", name, err, want.missed)
			}
		}
		for name, err := range map[string]error{
			"Add": c.Add(ctx, kkkk, value, time.Hour), "Set": c.Set(ctx, kkkk, value, time.Hour), "Delete": c.Delete(ctx, kkkk),
			"Exists": existsErr, "Check": c.Check(ctx),
		} {
			if !errors.Is(err, want.stored) {
				t.Errorf("%s: error %v, want %v", name, err, want.stored)
			}
		}
		if exists || c.CheckKey(kkkk) != nil {
			t.Error("a value exists, or the key is refused")
		}
		for key, err := range c.Keys(ctx, "") {
			if key != "" || !errors.Is(err, context.Canceled) {
				t.Errorf("listed %q, %v", key, err)
			}
		}
		cancel()
	}
}

func TestDummyCacheAloneIsRefused(t *testing.T) {
	t.Parallel()
	s := djangosession.NewSettings("caches-secret-key")
	cacheSettings(&s)
	_, err := caches.NewEngine(caches.Dummy{}, s, caches.Options{})
	if refused, ok := errors.AsType[*djangosession.SettingError](err); !ok || refused.Setting != "CACHES" {
		t.Errorf("error %v, want a SettingError", err)
	}
}
