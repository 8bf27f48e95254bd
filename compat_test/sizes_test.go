package compat_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/djangobridge/djangobridge/djangosession"
)

// TestSizes shares sessions and keys at the limits of their columns.
func TestSizes(t *testing.T) {
	t.Parallel()
	for _, product := range databases() {
		t.Run(product, func(t *testing.T) {
			t.Parallel()
			releases := releases()
			p := newPair(t, releases[len(releases)-1], newDatabase(t, product), func(*djangosession.Settings) {})
			for _, size := range []int{0, 1, 65535, 65536, 1 << 20, 8 << 20} {
				var random strings.Builder // text that does not compress
				for i := uint32(1); random.Len() < size; i = i*1664525 + 1013904223 {
					fmt.Fprintf(&random, "%08x", i)
				}
				values := map[string]any{"text": random.String()[:size]}
				key := p.django.text(t, "create", map[string]any{"values": values})
				if got, err := djangosession.Value[string](p.load(t, key), "text"); err != nil || got != values["text"] {
					t.Errorf("Go reads %d of %d characters, %v", len(got), size, err)
				}
				s := p.sessions.New()
				s.Set("text", values["text"])
				save(t, s)
				p.wantSame(t, s.Key())
			}
			for _, key := range []string{"12345678", strings.Repeat("k", 40)} {
				s := p.sessions.Open(key)
				if err := s.SaveMustCreate(t.Context()); err != nil {
					t.Fatal(err)
				}
				p.wantSame(t, key)
			}
		})
	}
}
