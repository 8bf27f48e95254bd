package compat_test

import (
	"testing"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/py"
	"github.com/djangobridge/djangobridge/tables"
)

// TestKeyRotation takes a session through a change of SECRET_KEY. The old key becomes a
// fallback on one side, then on the other.
func TestKeyRotation(t *testing.T) {
	t.Parallel()
	for _, release := range releases() {
		if release < "4.1" {
			continue // there are no fallback keys
		}
		for _, product := range databases() {
			t.Run(release+"/"+product, func(t *testing.T) {
				t.Parallel()
				p := newPair(t, release, newDatabase(t, product), func(*djangosession.Settings) {})
				key := p.django.text(t, "create", map[string]any{"values": many(t)})
				rotated := p.sessions.Settings()
				rotated.SecretKey, rotated.SecretKeyFallbacks = "new-secret-key", []string{rotated.SecretKey}
				sessions, _ := p.site(t, rotated, tables.Options{})
				s, err := sessions.Load(t.Context(), key)
				if err != nil || s.Key() != key {
					t.Fatalf("Go does not read what the old key signed: %v", err)
				}
				s.Set("rotated", true)
				save(t, s)
				if _, err := p.sessions.Load(t.Context(), key); err == nil {
					t.Error("the old key reads what the new key signed")
				}
				django := startPeer(t, release, map[string]any{
					"database": p.base.django(), "SECRET_KEY": rotated.SecretKey, "SECRET_KEY_FALLBACKS": rotated.SecretKeyFallbacks,
					"USE_TZ": rotated.UseTZ, "TIME_ZONE": rotated.TimeZone,
				})
				if got := django.load(t, key); !py.Equal(got.Values, s.Dict()) {
					t.Error("Django loads other values")
				}
			})
		}
	}
}
