package compat_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/py"
	"github.com/djangobridge/djangobridge/tables"
)

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
				o := tables.Options{Table: "shop_session", ExtraColumns: []tables.Column{
					{Name: "account_id", Value: tables.LoggedInUserID},
					{Name: "number", Value: tables.LoggedInUserID},
					{Name: "ip", Value: tables.FromSession("ip")},
					{Name: "updated_at", Value: tables.Now},
					{Name: "saved_on", Value: tables.Today},
					{Name: "saved_at", Value: tables.TimeOfDay},
				}}
				p.sessions, p.engine = p.site(t, s, o)
				first := p.django.text(t, "create", map[string]any{"values": many(t)})
				p.wantSame(t, first)
				session := p.sessions.New()
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
					clock, err := time.ParseInLocation("2006-01-02 15:04:05.999999", row["saved_on"]+" "+row["saved_at"], loc)
					if since := time.Since(clock); err != nil || since < 0 || since > time.Minute {
						t.Errorf("saved on %s at %s, %v ago; %v", row["saved_on"], row["saved_at"], since, err)
					}
				}
				for _, o.UserColumn = range []string{"account_id", "number"} {
					sessions, _ := p.site(t, s, o)
					wantOfUser(t, sessions, "1", first)
					wantOfUser(t, sessions, "42", session.Key())
					wantOfUser(t, sessions, "4")
				}
			})
		}
	}
}

// wantOfUser checks which sessions a column selects for a user.
func wantOfUser(t *testing.T, sessions *djangosession.Manager, id string, want ...string) {
	t.Helper()
	var got []string
	for r, err := range sessions.RecordsOfUser(t.Context(), id) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, r.Key)
	}
	if !slices.Equal(got, want) {
		t.Errorf("user %s has the sessions %v, want %v", id, got, want)
	}
}
