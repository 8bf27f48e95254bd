package compat_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/djangobridge/djangobridge/djangosession/auth"
	"github.com/djangobridge/djangobridge/py"
	"github.com/djangobridge/djangobridge/tables"
)

// TestNamesInAnyCaseFindDjangosUsers compares GetByUsername with queries of the ORM.
func TestNamesInAnyCaseFindDjangosUsers(t *testing.T) {
	t.Parallel()
	onEachAuth(t, newest(), "auth_people.Employee", func(t *testing.T, p *authPair) {
		s := p.describedModel(t, employeeModel())
		for name, mail := range map[string]string{
			"anne": "anne@example.com", "Örn": "ORN@example.com", "a_b%c!d\\e": "x@example.com", "axb": "y@example.com",
			"dora": "zoe@example.com", "zoe@example.com": "z@example.com", "straße": "ı@example.com",
		} {
			p.makeUser(t, name, map[string]any{"mail": mail})
		}
		for _, c := range []struct {
			options tables.UserOptions
			lookups []string
		}{
			{options: tables.UserOptions{}, lookups: []string{"username"}},
			{options: tables.UserOptions{IgnoreCase: true}, lookups: []string{"username__iexact"}},
			{options: tables.UserOptions{LoginFields: []string{"mail"}, IgnoreCase: true}, lookups: []string{"mail__iexact"}},
			{
				options: tables.UserOptions{LoginFields: []string{"username", "mail"}, IgnoreCase: true},
				lookups: []string{"username__iexact", "mail__iexact"},
			},
		} {
			c.options.Dialect = p.base.dialect
			for source, db := range p.everyDriver(t) {
				users, err := tables.NewUsers(db, s, c.options)
				if err != nil {
					t.Fatal(err)
				}
				for _, name := range []string{
					"anne", "ANNE", "anne ", "Anné", "örn", "ÖRN", "orn", "A_B%C!D\\E", "a_b%c!d\\e", "a_b", "a%b", "AXB", "%", "_xb",
					"Anne@Example.com", "orn@example.com", "Zoe@example.com", "STRASSE", "STRAßE", "I@example.com", "i@example.com", "nobody",
				} {
					lookups := map[string]any{}
					for _, lookup := range c.lookups {
						lookups[lookup] = name
					}
					var want []string
					if err := py.Scan(p.django.do(t, "find", lookups), &want, nil); err != nil {
						t.Fatal(err)
					}
					var got []string
					u, err := users.GetByUsername(t.Context(), name)
					switch {
					case err == nil:
						got = []string{u.ID}
					case errors.Is(err, tables.ErrSeveralUsers) && len(want) > 1:
						got = want
					case !errors.Is(err, auth.ErrNoUser):
						t.Errorf("%s: %v of %q: %v", source, c.lookups, name, err)
					}
					if !slices.Equal(got, want) {
						t.Errorf("%s: %v of %q: Go finds %v, Django %v", source, c.lookups, name, got, want)
					}
				}
			}
		}
	})
}
