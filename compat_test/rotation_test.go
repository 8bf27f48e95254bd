package compat_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/py"
	"github.com/djangobridge/djangobridge/tables"
)

// count is how many values Django has loaded.
func count(l loaded) int {
	d, _ := l.Values.(*py.Dict)
	return d.Len()
}

// TestRotatedSecretKey has Django rotate SECRET_KEY while Go still has the old settings,
// and then read the new ones.
func TestRotatedSecretKey(t *testing.T) {
	t.Parallel()
	const oldKey, newKey = "compat-secret-key", "the-secret-key-of-today"
	for _, release := range releases() {
		defaults, err := djangosession.NewSettingsFor(release, oldKey)
		if err != nil {
			t.Fatal(err)
		}
		if !defaults.AtLeast(3, 1, 0) { // whose sessions do not say when they were signed
			continue
		}
		fallbacks := defaults.AtLeast(4, 1, 0)
		for _, product := range databases() {
			t.Run("django-"+release+"/"+product, func(t *testing.T) {
				t.Parallel()
				base := newDatabase(t, product)
				// It shares the database with the Django before, as a restarted worker
				// does.
				before := newPair(t, release, base, func(*djangosession.Settings) {})
				yesterday := before.sessions.Settings()
				yesterday.ExportedAt = time.Now().Add(-time.Hour)
				settings := map[string]any{
					"database": base.django(), "SECRET_KEY": newKey, "USE_TZ": yesterday.UseTZ, "TIME_ZONE": yesterday.TimeZone,
				}
				if fallbacks {
					settings["SECRET_KEY_FALLBACKS"] = []string{oldKey}
				}
				django := startPeer(t, release, settings)
				for _, merge := range []bool{false, true} {
					_, engine := before.site(t, yesterday, tables.Options{})
					reports := 0
					sessions := newManager(t, engine, yesterday, djangosession.Options{
						MergeSaves: merge, Logger: slog.New(slog.DiscardHandler),
						OnLoadError: func(_ context.Context, err error) {
							if errors.Is(err, djangosession.ErrOutdatedSettings) {
								reports++
							}
						},
					})
					key := django.text(t, "create", map[string]any{"values": many(t)})
					want := django.load(t, key)
					s, err := sessions.Load(t.Context(), key)
					if err != nil || s.Key() != key || len(s.Keys()) != 0 || reports != 1 {
						t.Fatalf("merge %v: %v, %d reports", merge, err, reports)
					}
					s.Set("n", 1)
					if err := s.Save(t.Context()); !errors.Is(err, djangosession.ErrOutdatedSettings) {
						t.Errorf("merge %v: error %v, want ErrOutdatedSettings", merge, err)
					}
					if err := s.Create(t.Context()); err != nil {
						t.Fatal(err)
					}
					save(t, s)
					if n, err := djangosession.Value[int](loadFrom(t, sessions, s.Key()), "n"); n != 1 || err != nil {
						t.Errorf("merge %v: the new login has %d, %v", merge, n, err)
					}
					if fallbacks && count(django.load(t, s.Key())) != 1 {
						t.Errorf("merge %v: Django does not read it", merge)
					}
					if got := django.load(t, key); got.Payload != want.Payload {
						t.Errorf("merge %v: Django's session has changed", merge)
					}
					today := yesterday
					today.SecretKey, today.SecretKeyFallbacks = newKey, []string{oldKey}
					current, _ := before.site(t, today, tables.Options{})
					if got := loadFrom(t, current, key); len(got.Keys()) != count(want) {
						t.Errorf("merge %v: with the new settings Go reads %d values", merge, len(got.Keys()))
					}
					if err := sessions.Open(key).Flush(t.Context()); err != nil {
						t.Error(err)
					}
					if there, ok := django.do(t, "exists", map[string]any{"key": key}).(bool); there || !ok {
						t.Errorf("merge %v: a logout does not reach it", merge)
					}
				}
			})
		}
	}
}
