package compat_test

import (
	"slices"
	"testing"

	"github.com/djangobridge/djangobridge/py"
	"github.com/djangobridge/djangobridge/tables"
)

// TestAddressesFindDjangosUsers compares UsersByEmail with a query of the ORM on each
// database, whose collations decide which letters are the same.
func TestAddressesFindDjangosUsers(t *testing.T) {
	t.Parallel()
	onEachAuth(t, newest(), "auth_people.Employee", func(t *testing.T, p *authPair) {
		s := p.describedModel(t, employeeModel())
		for name, mail := range map[string]string{
			"anne": "Anne@Example.com", "orn": "örn@example.com", "like": "a_b%c!d\\e@example.com", "axb": "axb@example.com",
			"strasse": "straße@example.com", "dotless": "ı@example.com", "none": "", "wide": "ａnne@example.com",
		} {
			p.makeUser(t, name, map[string]any{"mail": mail})
		}
		for source, db := range p.everyDriver(t) {
			users, err := tables.NewUsers(db, s, tables.UserOptions{Dialect: p.base.dialect})
			if err != nil {
				t.Fatal(err)
			}
			found := 0
			for _, address := range []string{
				"anne@example.com", "ANNE@EXAMPLE.COM", "anne@example.com ", "ánne@example.com", "Anne@Example.org", "ÖRN@example.com",
				"orn@example.com", "A_B%C!D\\E@example.com", "a_b@example.com", "%", "_xb@example.com", "AXB@example.com",
				"STRASSE@example.com", "STRAßE@example.com", "I@example.com", "i@example.com", "anne", "ａNNE@example.com",
			} {
				var want []string
				if err := py.Scan(p.django.do(t, "find", map[string]any{"mail__iexact": address}), &want, nil); err != nil {
					t.Fatal(err)
				}
				all, err := users.UsersByEmail(t.Context(), address)
				got := make([]string, 0, len(all))
				for _, u := range all {
					got = append(got, u.ID)
				}
				slices.Sort(want)
				slices.Sort(got)
				if err != nil || !slices.Equal(got, want) {
					t.Errorf("%s: %q: Go finds %v, %v; Django %v", source, address, got, err, want)
				}
				found += len(got)
			}
			// Django finds the users without an address, which no page may ask for.
			if all, err := users.UsersByEmail(t.Context(), ""); err != nil || len(all) > 0 {
				t.Errorf("%s: without an address, %d users are found, %v", source, len(all), err)
			}
			if found < 5 {
				t.Errorf("%s: only %d users were found", source, found)
			}
		}
	})
}
