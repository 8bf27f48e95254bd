package memory_test

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession/auth"
	"github.com/djangobridge/djangobridge/djangosession/memory"
)

// addUser adds a user, and fails the test if it cannot.
func addUser(t *testing.T, users *memory.Users, user *auth.User, a memory.Access) *auth.User {
	t.Helper()
	stored, err := users.Add(user, a)
	if err != nil {
		t.Fatal(err)
	}
	return stored
}

func TestUsersAreFoundAsTheyWereAdded(t *testing.T) {
	t.Parallel()
	users := memory.NewUsers()
	given := &auth.User{Username: "ada", Email: "a@b.c", Password: "p", IsActive: true, IsStaff: true, IsSuperuser: true, NoHash: true, LastLogin: time.Unix(9, 0)}
	ada := addUser(t, users, given, memory.Access{})
	addUser(t, users, &auth.User{ID: "2", Username: "bob"}, memory.Access{})
	if eve := addUser(t, users, &auth.User{Username: "eve"}, memory.Access{}); ada.ID != "1" || eve.ID != "3" || given.ID != "" {
		t.Errorf("ids %q and %q, %q in the given user", ada.ID, eve.ID, given.ID)
	}
	byName, err := users.GetByUsername(t.Context(), "ada")
	if err != nil {
		t.Fatal(err)
	}
	byID, err := users.Get(t.Context(), "1")
	if err != nil {
		t.Fatal(err)
	}
	for _, u := range []*auth.User{ada, byName, byID} {
		if u.ID != "1" || u.Username != "ada" || u.Email != "a@b.c" || u.Password != "p" || !u.IsActive || !u.IsStaff || !u.IsSuperuser || !u.NoHash ||
			!u.LastLogin.Equal(time.Unix(9, 0)) {
			t.Errorf("%+v", u)
		}
		u.Username = "changed by its owner"
	}
	for _, name := range []string{"Ada", "", "changed by its owner"} {
		if u, err := users.GetByUsername(t.Context(), name); !errors.Is(err, auth.ErrNoUser) || u != nil {
			t.Errorf("%q: %v, %v", name, u, err)
		}
	}
	if u, err := users.Get(t.Context(), "4"); !errors.Is(err, auth.ErrNoUser) || u != nil {
		t.Errorf("%v, %v", u, err)
	}
}

func TestUsersAreFoundByOtherFields(t *testing.T) {
	t.Parallel()
	users := memory.NewUsers()
	users.LoginFields, users.IgnoreCase = []string{"username", "email", "first_name", "last_name", "phone"}, true
	for _, u := range []*auth.User{
		{Username: "ada", Email: "ada@b.c", FirstName: "Augusta", LastName: "King", Fields: map[string]any{"phone": "12", "age": 36}},
		{Username: "bob", Email: "same@b.c"},
		{Username: "eve", Email: "Same@b.c"},
	} {
		addUser(t, users, u, memory.Access{})
	}
	for _, name := range []string{"ADA", "Ada@B.c", "augusta", "king", "12"} {
		if u, err := users.GetByUsername(t.Context(), name); err != nil || u.Username != "ada" {
			t.Errorf("%s: %v, %v", name, u, err)
		}
	}
	if u, err := users.GetByUsername(t.Context(), "36"); !errors.Is(err, auth.ErrNoUser) {
		t.Errorf("%v, %v", u, err)
	}
	if u, err := users.GetByUsername(t.Context(), "same@b.c"); err == nil || errors.Is(err, auth.ErrNoUser) {
		t.Errorf("two users of one address: %v, %v", u, err)
	}
}

// TestEveryFieldOfAUserIsKept sets all fields by reflection, so that a new field of
// auth.User cannot be forgotten.
func TestEveryFieldOfAUserIsKept(t *testing.T) {
	t.Parallel()
	given := &auth.User{}
	v := reflect.ValueOf(given).Elem()
	for i := range v.NumField() {
		field := v.Field(i)
		switch {
		case !field.CanSet(): // not exported
		case field.Kind() == reflect.String:
			field.SetString("7")
		case field.Kind() == reflect.Bool:
			field.SetBool(true)
		case field.Type() == reflect.TypeFor[time.Time]():
			field.Set(reflect.ValueOf(time.Unix(7, 0)))
		case field.Type() == reflect.TypeFor[map[string]any]():
			field.Set(reflect.ValueOf(map[string]any{"phone": "7"}))
		default:
			t.Fatalf("the test cannot fill %s", v.Type().Field(i).Name)
		}
	}
	users := memory.NewUsers()
	addUser(t, users, given, memory.Access{})
	given.Fields["phone"] = "changed by the caller"
	for range 2 {
		u, err := users.Get(t.Context(), "7")
		if err != nil {
			t.Fatal(err)
		}
		if phone, err := auth.FieldAs[string](u, "phone"); phone != "7" || err != nil {
			t.Errorf("phone %q, %v", phone, err)
		}
		u.Fields["phone"] = given.Fields["phone"]
		got := reflect.ValueOf(u).Elem()
		for i := range v.NumField() {
			if v.Field(i).CanSet() && !reflect.DeepEqual(got.Field(i).Interface(), v.Field(i).Interface()) {
				t.Errorf("%s is lost", v.Type().Field(i).Name)
			}
		}
	}
}

func TestUsersThatCannotBeAddedAreRefused(t *testing.T) {
	t.Parallel()
	users := memory.NewUsers()
	addUser(t, users, &auth.User{ID: "1", Username: "ada"}, memory.Access{})
	for name, c := range map[string]struct {
		user   *auth.User
		access memory.Access
	}{
		"id": {user: &auth.User{ID: "1", Username: "bob"}}, "name": {user: &auth.User{Username: "ada"}}, "nil": {},
		"group": {user: &auth.User{Username: "bob"}, access: memory.Access{Groups: []string{"staff"}}},
	} {
		if u, err := users.Add(c.user, c.access); err == nil || u != nil {
			t.Errorf("%s: %v", name, u)
		}
	}
}

func TestPermissionsAreThoseOfUserAndGroups(t *testing.T) {
	t.Parallel()
	users := memory.NewUsers()
	users.SetGroup("editors", "shop.change_order", "shop.view_order")
	users.SetGroup("idle")
	ada := addUser(t, users, &auth.User{Username: "ada"}, memory.Access{Groups: []string{"idle", "editors"}, Permissions: []string{"shop.view_order", "a.b"}})
	bob := addUser(t, users, &auth.User{Username: "bob"}, memory.Access{Permissions: []string{"c.d"}})
	eve := addUser(t, users, &auth.User{Username: "eve", IsSuperuser: true}, memory.Access{})
	users.SetGroup("idle", "x.y")
	for user, want := range map[*auth.User][]string{
		ada: {"a.b", "shop.change_order", "shop.view_order", "x.y"}, bob: {"c.d"}, eve: {"a.b", "c.d", "shop.change_order", "shop.view_order", "x.y"},
	} {
		if got, err := users.Permissions(t.Context(), user); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %q, %v; want %q", user.Username, got, err, want)
		}
	}
	if got, err := users.Groups(t.Context(), ada); err != nil || !slices.Equal(got, []string{"idle", "editors"}) {
		t.Errorf("groups %q, %v", got, err)
	}
}

func TestWritesOfUsersAreStored(t *testing.T) {
	t.Parallel()
	users, at := memory.NewUsers(), time.Unix(7, 0)
	addUser(t, users, &auth.User{Username: "ada", Password: "old"}, memory.Access{})
	if err := users.ReplacePassword(t.Context(), "1", "older", "new"); !errors.Is(err, auth.ErrPasswordChanged) {
		t.Errorf("%v", err)
	}
	if err := errors.Join(users.SetLastLogin(t.Context(), "1", at), users.ReplacePassword(t.Context(), "1", "old", "new")); err != nil {
		t.Error(err)
	}
	if u, err := users.Get(t.Context(), "1"); err != nil || !u.LastLogin.Equal(at) || u.Password != "new" {
		t.Errorf("%+v, %v", u, err)
	}
	for name, err := range map[string]error{
		"password": users.ReplacePassword(t.Context(), "2", "old", "new"), "login": users.SetLastLogin(t.Context(), "2", at),
	} {
		if !errors.Is(err, auth.ErrNoUser) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestUsersAreFoundByTheirAddressInAnyCase(t *testing.T) {
	t.Parallel()
	users := memory.NewUsers()
	for _, user := range []*auth.User{
		{Username: "ada", Email: "ada@example.com"},
		{Username: "ada2", Email: "Ada@example.com", IsActive: true},
		{Username: "emil", Email: "\u00e9mile@example.com"},
		{Username: "zoe"},
	} {
		if _, err := users.Add(user, memory.Access{}); err != nil {
			t.Fatal(err)
		}
	}
	for address, want := range map[string][]string{
		"ADA@EXAMPLE.COM": {"ada", "ada2"}, "\u00c9MILE@example.com": {"emil"}, "ad_@example.com": nil, "%": nil, "": nil,
	} {
		found, err := users.UsersByEmail(t.Context(), address)
		names := make([]string, 0, len(found))
		for _, user := range found {
			names = append(names, user.Username)
		}
		if err != nil || !slices.Equal(names, want) {
			t.Errorf("%q: %v, %v", address, names, err)
		}
	}
}

func TestUsersHeedContextsAndGoroutines(t *testing.T) {
	t.Parallel()
	users := memory.NewUsers()
	var adding sync.WaitGroup
	for i := range 20 {
		adding.Go(func() {
			if _, err := users.Add(&auth.User{Username: strconv.Itoa(i)}, memory.Access{}); err != nil {
				t.Error(err)
			}
		})
	}
	adding.Wait()
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	_, byID := users.Get(ended, "20")
	_, byName := users.GetByUsername(ended, "19")
	_, byEmail := users.UsersByEmail(ended, "19")
	for name, err := range map[string]error{"id": byID, "name": byName, "address": byEmail, "write": users.SetLastLogin(ended, "20", time.Time{})} {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := users.Get(t.Context(), "20"); err != nil {
		t.Error(err)
	}
}
