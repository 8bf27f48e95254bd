package auth_test

import (
	"errors"
	htmltemplate "html/template"
	"strings"
	"testing"
	"text/template"

	"github.com/djangobridge/djangobridge/djangosession/auth"
)

const greeting = `{{if .User.IsAuthenticated}}{{.User.GetFullName}} ({{.User}}, {{.User.GetShortName}}, {{.User.GetUsername}}), phone {{.User.Field "phone"}}` +
	`{{else if .User.IsAnonymous}}{{.User}}[{{.User.GetUsername}}{{.User.GetFullName}}{{.User.GetShortName}}]{{end}}` +
	`{{if and .User .User.IsStaff}}, staff{{end}}{{with .User}}, {{.Email}}{{end}}`

// TestTemplatesShowUsersAndVisitors calls the methods as templates of Django do, for a
// user and for a visitor.
func TestTemplatesShowUsersAndVisitors(t *testing.T) {
	t.Parallel()
	anne := &auth.User{
		ID: "1", Username: "anne", FirstName: "Anne", LastName: "Smith", Email: "a@example.com", IsStaff: true,
		Fields: map[string]any{"phone": "123", "team_id": nil},
	}
	for _, c := range []struct {
		name string
		user *auth.User
		want string
	}{
		{name: "user", user: anne, want: "Anne Smith (anne, Anne, anne), phone 123, staff, a@example.com"},
		{name: "visitor", user: nil, want: "AnonymousUser[]"},
	} {
		data := map[string]any{"User": c.user}
		var text, html strings.Builder
		err := errors.Join(template.Must(template.New("").Parse(greeting)).Execute(&text, data),
			htmltemplate.Must(htmltemplate.New("").Parse(greeting)).Execute(&html, data))
		if err != nil || text.String() != c.want || html.String() != c.want {
			t.Errorf("%s: %q, %q, %v; want %q", c.name, text.String(), html.String(), err, c.want)
		}
	}
}

func TestNamesOfUsers(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ first, last, full string }{
		{first: "Anne", last: "Smith", full: "Anne Smith"},
		{first: "Anne", full: "Anne"},
		{last: "Smith", full: "Smith"},
		{},
	} {
		u := &auth.User{FirstName: c.first, LastName: c.last}
		if u.GetFullName() != c.full || u.GetShortName() != c.first {
			t.Errorf("%+v: %q, %q", c, u.GetFullName(), u.GetShortName())
		}
	}
}

func TestNilUserIsAnonymous(t *testing.T) {
	t.Parallel()
	var u *auth.User
	ctx := t.Context()
	has, hasErr := u.HasPerm(ctx, "shop.add_order")
	hasAll, hasAllErr := u.HasPerms(ctx, "shop.add_order")
	none, noneErr := u.HasPerms(ctx)
	module, moduleErr := u.HasModulePerms(ctx, "shop")
	permissions, permissionsErr := u.Permissions(ctx)
	groups, groupsErr := u.Groups(ctx)
	field, fieldErr := u.Field("phone")
	if err := errors.Join(hasErr, hasAllErr, noneErr, moduleErr, permissionsErr, groupsErr, fieldErr); err != nil {
		t.Error(err)
	}
	if has || hasAll || !none || module || len(permissions)+len(groups) > 0 || field != nil || u.IsAuthenticated() || !u.IsAnonymous() {
		t.Errorf("%v, %v, %v, %v, %q, %q, %v", has, hasAll, none, module, permissions, groups, field)
	}
	if n, err := u.IDInt64(); n != 0 || !errors.Is(err, auth.ErrBadID) {
		t.Errorf("id %d, %v", n, err)
	}
	if id, err := u.IDUUID(); !errors.Is(err, auth.ErrBadID) {
		t.Errorf("id %v, %v", id, err)
	}
}

func TestFieldsHaveTypes(t *testing.T) {
	t.Parallel()
	u := &auth.User{Fields: map[string]any{"phone": "123", "score": int64(7), "team_id": nil}}
	if phone, err := auth.FieldAs[string](u, "phone"); phone != "123" || err != nil {
		t.Errorf("phone %q, %v", phone, err)
	}
	if score, err := auth.FieldAs[int64](u, "score"); score != 7 || err != nil {
		t.Errorf("score %d, %v", score, err)
	}
	if team, err := auth.FieldAs[int64](u, "team_id"); team != 0 || err != nil {
		t.Errorf("team %d, %v", team, err)
	}
	if phone, err := auth.FieldAs[string](nil, "phone"); phone != "" || err != nil {
		t.Errorf("phone of a visitor %q, %v", phone, err)
	}
	if v, err := auth.FieldAs[int](u, "score"); v != 0 || err == nil || !strings.Contains(err.Error(), `"score"`) || strings.Contains(err.Error(), "7") {
		t.Errorf("%v, %v", v, err)
	}
	if v, err := u.Field("fax"); v != nil || err == nil || !strings.Contains(err.Error(), "UserOptions.Fields") {
		t.Errorf("%v, %v", v, err)
	}
}
