package compat_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/py"
	"github.com/djangobridge/djangobridge/tables"
)

// TestKeyRotation walks a session through a change of SECRET_KEY: the old key becomes a fallback on one side, then the
// other.
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
				rotated := p.manager.Settings()
				rotated.SecretKey, rotated.SecretKeyFallbacks = "new-secret-key", []string{rotated.SecretKey}
				m, _ := p.site(t, rotated, tables.Options{})
				s, err := m.Load(t.Context(), key)
				if err != nil || s.Key() != key {
					t.Fatalf("Go does not read what the old key signed: %v", err)
				}
				s.Set("rotated", true)
				save(t, s)
				if _, err := p.manager.Load(t.Context(), key); err == nil {
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

// TestCustomSessionModel shares a model with columns and a store class of its own.
func TestCustomSessionModel(t *testing.T) {
	t.Parallel()
	for _, release := range releases() {
		for i, product := range append(databases(), databases()...) {
			useTZ := i < len(databases())
			t.Run(fmt.Sprintf("%s/%s/USE_TZ=%v", release, product, useTZ), func(t *testing.T) {
				t.Parallel()
				base := newDatabase(t, product)
				s, err := djangosession.NewSettingsFor(release, "compat-secret-key")
				if err != nil {
					t.Fatal(err)
				}
				s.UseTZ, s.TimeZone = useTZ, "Europe/Berlin"
				loc, err := s.Location()
				if err != nil {
					t.Fatal(err)
				}
				p := &pair{base: base, release: release, django: startPeer(t, release, map[string]any{
					"database": base.django(), "SECRET_KEY": s.SecretKey, "USE_TZ": s.UseTZ, "TIME_ZONE": s.TimeZone, "custom": true,
				})}
				s.SessionStore = "ShopStore"
				p.manager, p.engine = p.site(t, s, tables.Options{Table: "shop_session", ExtraColumns: []tables.Column{
					{Name: "account_id", Value: tables.LoggedInUserID},
					{Name: "number", Value: tables.LoggedInUserID},
					{Name: "ip", Value: tables.FromSession("ip")},
					{Name: "updated_at", Value: tables.Now},
				}})
				first := p.django.text(t, "create", map[string]any{"values": many(t)})
				p.wantSame(t, first)
				session := p.manager.New()
				session.Set("_auth_user_id", "42")
				session.Set("ip", "2001:db8::1")
				save(t, session)
				save(t, session) // an UPDATE
				p.wantSame(t, session.Key())
				var rows []map[string]string
				if err := py.Scan(p.django.do(t, "rows", nil), &rows, nil); err != nil {
					t.Fatal(err)
				}
				for _, row := range rows {
					want := []string{"1", "1", "None"}
					if row["session_key"] == session.Key() {
						want = []string{"42", "42", "2001:db8::1"}
					}
					if got := []string{row["account_id"], row["number"], row["ip"]}; !slices.Equal(got, want) {
						t.Errorf("account, number and address %q, want %q", got, want)
					}
					at, err := py.ParseISOFormat(row["updated_at"])
					if since := time.Since(at.In(loc)); err != nil || at.Naive == s.UseTZ || since < 0 || since > time.Minute {
						t.Errorf("updated_at is %s, %v ago; %v", row["updated_at"], since, err)
					}
				}
			})
		}
	}
}

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
				s := p.manager.New()
				s.Set("text", values["text"])
				save(t, s)
				p.wantSame(t, s.Key())
			}
			for _, key := range []string{"12345678", strings.Repeat("k", 40)} {
				s := p.manager.Open(key)
				if err := s.SaveMustCreate(t.Context()); err != nil {
					t.Fatal(err)
				}
				p.wantSame(t, key)
			}
		})
	}
}

// TestDatesThroughTheYear shares dates around the changes of the clock, to the microsecond.
func TestDatesThroughTheYear(t *testing.T) {
	t.Parallel()
	for _, release := range releases() {
		if release < "4.1" {
			continue // the JSON serializer has no form for dates
		}
		for _, product := range databases() {
			for _, useTZ := range []bool{true, false} {
				t.Run(fmt.Sprintf("%s/%s/USE_TZ=%v", release, product, useTZ), func(t *testing.T) {
					t.Parallel()
					p := newPair(t, release, newDatabase(t, product), func(s *djangosession.Settings) {
						s.UseTZ, s.TimeZone = useTZ, "Europe/Berlin"
					})
					s := p.manager.New()
					save(t, s)
					for _, wall := range []string{
						"2090-01-15T12:00:00.000001", "2090-03-26T01:59:59.999999", "2090-03-26T02:30:00", "2090-03-26T03:00:00",
						"2090-10-29T01:59:59.5", "2090-10-29T02:30:00.123456", "2090-10-29T03:00:00", "2090-07-01T00:00:00",
					} {
						if useTZ {
							wall += "+00:00"
						}
						p.django.do(t, "set_expiry", map[string]any{"key": s.Key(), "date": wall})
						theirs := p.row(t, s.Key())
						again := p.load(t, s.Key())
						again.Set("touched", wall)
						save(t, again) // the same date, written by Go
						if ours := p.row(t, s.Key()); ours != theirs {
							t.Errorf("%s: Go stores %s, Django %s", wall, ours, theirs)
						}
					}
				})
			}
		}
	}
}

// row is the date of a row as Django reads it.
func (p *pair) row(t *testing.T, key string) string {
	t.Helper()
	var rows []map[string]string
	if err := py.Scan(p.django.do(t, "rows", nil), &rows, nil); err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		if row["session_key"] == key {
			return row["expire_date"]
		}
	}
	t.Fatal("the row is not there")
	return ""
}

// TestEightWriters lets eight writers change a value each of one session, a thousand times each: merged, nothing is lost.
func TestEightWriters(t *testing.T) {
	t.Parallel()
	for _, product := range databases() {
		t.Run(product, func(t *testing.T) {
			t.Parallel()
			s := djangosession.NewSettings("compat-secret-key")
			p := &pair{base: newDatabase(t, product)}
			p.manager, p.engine = p.site(t, s, tables.Options{})
			if err := p.engine.CreateTable(t.Context()); err != nil {
				t.Fatal(err)
			}
			p.manager.MergeSaves = true
			first := p.manager.New()
			save(t, first)
			const writers, rounds = 8, 1000
			errs := make(chan error, writers)
			began := time.Now()
			for w := range writers {
				go func() { errs <- write(t, p.manager, first.Key(), fmt.Sprintf("writer%d", w), rounds) }()
			}
			for range writers {
				if err := <-errs; err != nil {
					t.Error(err)
				}
			}
			t.Logf("%d writers, %d rounds each, took %v", writers, rounds, time.Since(began))
			end := p.load(t, first.Key())
			for w := range writers {
				name := fmt.Sprintf("writer%d", w)
				if n, err := djangosession.Value[int](end, name); n != rounds || err != nil {
					t.Errorf("%s has counted to %d, %v", name, n, err)
				}
			}
		})
	}
}

// write counts a value of a session up.
func write(t *testing.T, m *djangosession.Manager, key, name string, rounds int) error {
	t.Helper()
	for round := range rounds {
		s, err := m.Load(t.Context(), key)
		if err != nil {
			return err
		}
		n := 0
		if s.Contains(name) {
			if n, err = djangosession.Value[int](s, name); err != nil {
				return err
			}
		}
		if n != round {
			return fmt.Errorf("%s is %d, want %d", name, n, round)
		}
		s.Set(name, n+1)
		if err := s.Save(t.Context()); err != nil {
			return err
		}
	}
	return nil
}
