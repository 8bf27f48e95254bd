package auth_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/auth"
)

// TestRedirectsAreDjangos sends requests to a page that requires a login. The expected
// redirects are those of Django 3.2, 5.2 and 6.1.
func TestRedirectsAreDjangos(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/redirects.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		Login    string `json:"login"`
		Target   string `json:"target"`
		Location string `json:"location"`
	}
	if err := json.Unmarshal(text, &cases); err != nil || len(cases) < 50 {
		t.Fatal(len(cases), err)
	}
	for _, c := range cases {
		site := newSite(t, "5.2.19", func(s *djangosession.Settings, _ *auth.Options) { s.LoginURL = c.Login })
		path, query, _ := strings.Cut(c.Target, "?")
		plain, err := url.PathUnescape(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, uri := range []string{c.Target, ""} { // as set by a server, or missing in a test
			r := &http.Request{Method: http.MethodGet, Host: "testserver", RequestURI: uri, URL: &url.URL{Path: plain, RawQuery: query}}
			w := httptest.NewRecorder()
			site.auth.RedirectToLogin(w, r)
			if got := w.Header().Get("Location"); got != c.Location || w.Code != http.StatusFound || w.Body.Len() > 0 {
				t.Errorf("%s from %s: %d %s\nwant %s", c.Login, c.Target, w.Code, got, c.Location)
			}
		}
	}
}

func TestGuards(t *testing.T) {
	t.Parallel()
	site := newSite(t, "5.2.19", nil)
	for id, who := range map[string]*person{
		"3": {permissions: []string{"shop.add_order"}},
		"4": {permissions: []string{"shop.add_order", "shop.view_order", "log.view_entry"}, staff: true},
		"5": {super: true, staff: true},
		"6": {super: true, staff: true, inactive: true, permissions: []string{"shop.add_order"}},
	} {
		who.username, who.password = "user"+id, bobsPassword
		site.people.byID[id] = who
	}
	ok := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { write(w, "ok") })
	guards := map[string]http.Handler{
		"login":    site.auth.LoginRequired(ok),
		"api":      site.auth.LoginRequiredAPI(ok),
		"perm":     site.auth.PermissionRequired(ok, "shop.add_order", "shop.view_order"),
		"perm api": site.auth.PermissionRequiredAPI(ok, "shop.add_order", "shop.view_order"),
		"staff":    site.auth.StaffRequired(ok),
	}
	for _, c := range []struct {
		id   string
		want map[string]int
	}{
		{"", map[string]int{"login": 302, "api": 401, "perm": 302, "perm api": 401, "staff": 302}},
		{"2", map[string]int{"login": 200, "api": 200, "perm": 302, "perm api": 403, "staff": 302}},
		{"3", map[string]int{"login": 200, "api": 200, "perm": 302, "perm api": 403, "staff": 302}},
		{"4", map[string]int{"login": 200, "api": 200, "perm": 200, "perm api": 200, "staff": 200}},
		{"5", map[string]int{"login": 200, "api": 200, "perm": 200, "perm api": 200, "staff": 200}},
		{"6", map[string]int{"login": 302, "api": 401, "perm": 302, "perm api": 401, "staff": 302}},
	} {
		for name, guard := range guards {
			r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/page", http.NoBody)
			if c.id != "" {
				r.AddCookie(&http.Cookie{Name: "sessionid", Value: site.login(t, c.id).Key()})
			}
			w := httptest.NewRecorder()
			site.manager.Middleware(site.auth.Middleware(guard)).ServeHTTP(w, r)
			if w.Code != c.want[name] {
				t.Errorf("user %q, %s: status %d, want %d", c.id, name, w.Code, c.want[name])
			}
			to := "/accounts/login/?next=/page"
			if name == "staff" {
				to = "/admin/login/?next=/page"
			}
			if location := w.Header().Get("Location"); w.Code == http.StatusFound && location != to {
				t.Errorf("%s: to %s", name, location)
			}
		}
	}
	site.people.failure = errors.New("the database is away")
	for name, guard := range guards {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/page", http.NoBody)
		site.people.failure = nil
		r.AddCookie(&http.Cookie{Name: "sessionid", Value: site.login(t, "4").Key()})
		site.people.failure = errors.New("the database is away")
		w := httptest.NewRecorder()
		site.manager.Middleware(site.auth.Middleware(guard)).ServeHTTP(w, r)
		if w.Code != http.StatusInternalServerError || strings.Contains(w.Body.String(), "database") {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
}

// TestErrorHandlerAnswers in place of the guards if the user cannot be determined.
func TestErrorHandlerAnswers(t *testing.T) {
	t.Parallel()
	site := newSite(t, "5.2.19", func(_ *djangosession.Settings, o *auth.Options) {
		o.ErrorHandler = func(w http.ResponseWriter, r *http.Request, err error) {
			if !errors.Is(err, errAway) || r.URL.Path != "/page" {
				t.Errorf("%s: %v", r.URL, err)
			}
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	})
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/page", http.NoBody)
	r.AddCookie(&http.Cookie{Name: "sessionid", Value: site.login(t, "2").Key()})
	site.people.failure = errAway
	w := httptest.NewRecorder()
	ok := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { write(w, "ok") })
	site.manager.Middleware(site.auth.Middleware(site.auth.LoginRequired(ok))).ServeHTTP(w, r)
	if w.Code != http.StatusServiceUnavailable || w.Body.Len() > 0 || site.log.Len() > 0 {
		t.Errorf("%d %s, log %s", w.Code, w.Body, site.log)
	}
}

func TestPermissionsAreReadOnce(t *testing.T) {
	t.Parallel()
	site := newSite(t, "5.2.19", nil)
	site.people.byID["2"].permissions = []string{"shop.view_order", "shop.add_order", "log.view_entry"}
	site.people.byID["2"].groups = []string{"editors"}
	u := site.state(t, site.login(t, "2")).User
	for _, c := range []struct {
		permission string
		want       bool
	}{{"shop.add_order", true}, {"shop.delete_order", false}, {"add_order", false}, {"", false}} {
		if got, err := u.HasPerm(t.Context(), c.permission); got != c.want || err != nil {
			t.Errorf("%q: %v, %v", c.permission, got, err)
		}
	}
	for app, want := range map[string]bool{"shop": true, "sho": false, "shop.add_order": false, "": false} {
		if got, err := u.HasModulePerms(t.Context(), app); got != want || err != nil {
			t.Errorf("%q: %v, %v", app, got, err)
		}
	}
	for range 2 {
		groups, err := u.Groups(t.Context())
		if !slices.Equal(groups, []string{"editors"}) || err != nil {
			t.Errorf("groups %v, %v", groups, err)
		}
	}
	all, err := u.Permissions(t.Context())
	if !slices.Equal(all, []string{"log.view_entry", "shop.add_order", "shop.view_order"}) || err != nil {
		t.Errorf("permissions %v, %v", all, err)
	}
	if site.people.asked["Permissions"] != 1 || site.people.asked["Groups"] != 1 {
		t.Errorf("asked %v", site.people.asked)
	}
	site.people.byID["2"].inactive, site.people.byID["2"].super = true, true
	sleeping := site.people.user("2")
	if err := site.auth.LoginSession(t.Context(), site.manager.New(), sleeping); err != nil {
		t.Fatal(err)
	}
	inPerm, permErr := sleeping.HasPerm(t.Context(), "shop.add_order")
	inApp, appErr := sleeping.HasModulePerms(t.Context(), "shop")
	none, noneErr := sleeping.Permissions(t.Context())
	if err := errors.Join(permErr, appErr, noneErr); inPerm || inApp || len(none) > 0 || err != nil {
		t.Errorf("an inactive superuser has permissions: %v, %v, %v, %v", inPerm, inApp, none, err)
	}
	var nobody *auth.User
	if got, err := nobody.HasPerm(t.Context(), "shop.add_order"); got || err != nil {
		t.Errorf("nobody has a permission: %v", err)
	}
	if ok, err := nobody.HasPerms(t.Context()); !ok || err != nil { // like Python's all() of an empty list
		t.Errorf("no permissions: %v, %v", ok, err)
	}
	if _, err := (&auth.User{IsActive: true}).HasPerm(t.Context(), "x.y"); err == nil {
		t.Error("a user made by hand has permissions")
	}
}

func TestUnusableOptionsAreNamed(t *testing.T) {
	t.Parallel()
	site := newSite(t, "5.2.19", nil)
	for name, o := range map[string]auth.Options{
		"AdminLoginURL":    {AdminLoginURL: "admin:login"},
		"InactiveBackends": {InactiveBackends: []string{"x"}},
		"PasswordBackends": {PasswordBackends: []string{"x"}},
		"IgnoredBackends":  {IgnoredBackends: []string{"x"}},
	} {
		_, err := auth.New(site.manager, site.people, o)
		var wrong *djangosession.SettingError
		if !errors.As(err, &wrong) || wrong.Setting != name {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, login := range []string{"", "login"} {
		wrong, ok := errors.AsType[*djangosession.SettingError](site.loginURLProblem(t, login))
		if !ok || wrong.Setting != "LOGIN_URL" || strings.Contains(wrong.Problem, "view") != (login != "") {
			t.Errorf("LOGIN_URL %q: %v", login, wrong)
		}
	}
	if _, err := auth.New(nil, site.people, auth.Options{}); err == nil {
		t.Error("without a manager")
	}
	if _, err := auth.New(site.manager, nil, auth.Options{}); err == nil {
		t.Error("without users")
	}
}

func TestViewNameIsRefusedWithTheWayToItsURL(t *testing.T) {
	t.Parallel()
	site := newSite(t, "5.2.19", nil)
	for _, name := range []string{"login", "accounts:login"} {
		err := site.loginURLProblem(t, name)
		if err == nil || !strings.Contains(err.Error(), "SettingsScript") {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

func TestSitesWithoutBackendsAreRefused(t *testing.T) {
	t.Parallel()
	site := newSite(t, "5.2.19", nil)
	settings := site.manager.Settings()
	settings.AuthenticationBackends = []string{}
	manager, err := djangosession.NewManager(site.engine, settings, djangosession.Options{})
	if err != nil {
		t.Fatalf("a site without this package: %v", err)
	}
	_, err = auth.New(manager, site.people, auth.Options{})
	if wrong, ok := errors.AsType[*djangosession.SettingError](err); !ok || wrong.Setting != "AUTHENTICATION_BACKENDS" {
		t.Error(err)
	}
}
