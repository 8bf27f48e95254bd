package compat_test

import (
	"testing"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/py"
	"github.com/djangobridge/djangobridge/tables"
)

// TestTransitionWithTheDjangoPackage has processes of both steps on both sides. Each one
// reads what any other has stored.
func TestTransitionWithTheDjangoPackage(t *testing.T) {
	t.Parallel()
	const pickles, writesJSON = "djangobridge.serializers.PickleSerializer", "djangobridge.serializers.TransitionalSerializer"
	for _, release := range releases() {
		t.Run(release, func(t *testing.T) {
			t.Parallel()
			p := &pair{base: newDatabase(t, "sqlite"), release: release}
			s, err := djangosession.NewSettingsFor(release, "compat-secret-key")
			if err != nil {
				t.Fatal(err)
			}
			s.PickleProtocol = highestProtocol
			type step struct {
				django   *peer
				sessions *djangosession.Manager
			}
			classes := []string{pickles, writesJSON}
			steps := make([]step, 0, len(classes))
			for _, class := range classes {
				s.SessionSerializer = class
				sessions, _ := p.site(t, s, tables.Options{})
				django := startPeer(t, release, map[string]any{
					"database": p.base.django(), "SECRET_KEY": s.SecretKey, "USE_TZ": s.UseTZ, "TIME_ZONE": s.TimeZone,
					"SESSION_SERIALIZER": class, "DEFAULT_AUTO_FIELD": "django.db.models.AutoField",
				})
				steps = append(steps, step{django, sessions})
			}
			for i, first := range steps {
				key := first.django.text(t, "create", map[string]any{"values": map[string]any{"cart": []any{1, "é"}, "n": 0}})
				for turn := range 8 {
					next := steps[(i+turn/2)%2]
					if turn%2 == 0 {
						session, err := next.sessions.Load(t.Context(), key)
						if err != nil {
							t.Fatalf("turn %d: Go lost the session: %v", turn, err)
						}
						session.Set("n", turn)
						save(t, session)
					} else {
						next.django.do(t, "change", map[string]any{"key": key, "set": map[string]any{"n": turn}})
					}
					for _, reader := range steps {
						values, _ := reader.django.load(t, key).Values.(*py.Dict)
						n, _ := values.Get("n")
						cart, _ := values.Get("cart")
						if !py.Equal(n, int64(turn)) || !py.Equal(cart, py.NewList(1, "é")) {
							t.Errorf("turn %d: Django loads %v", turn, values)
						}
					}
				}
			}
		})
	}
}
