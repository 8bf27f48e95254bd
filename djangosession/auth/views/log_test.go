package views_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/djangobridge/djangobridge"
	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/auth"
	"github.com/djangobridge/djangobridge/djangosession/auth/tokens"
	"github.com/djangobridge/djangobridge/djangosession/auth/views"
	"github.com/djangobridge/djangobridge/djangosession/csrf"
	"github.com/djangobridge/djangobridge/djangosession/memory"
)

// unreadable are users whose database is down.
type unreadable struct{ *memory.Users }

func (unreadable) Get(context.Context, string) (*auth.User, error) {
	return nil, errors.New("the database is down")
}

// A link that fails is still valid, and people who read logs must not be able to use it.
func TestTokensOfResetLinksAreNotLogged(t *testing.T) {
	t.Parallel()
	settings := djangosession.NewSettings("k")
	settings.AllowedHosts = []string{"example.com"}
	known := memory.NewUsers()
	ada, err := known.Add(&auth.User{Username: "ada", Password: "old", IsActive: true}, memory.Access{})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name     string
		users    auth.Users
		readOnly bool
	}{
		{name: "users cannot be read", users: unreadable{known}},
		{name: "read-only site", users: known, readOnly: true},
	} {
		var log bytes.Buffer
		logger := slog.New(slog.NewTextHandler(&log, nil))
		site, err := djangobridge.New(settings, djangobridge.Options{
			Users: c.users, ReadOnly: c.readOnly, Auth: auth.Options{Logger: logger}, CSRF: csrf.Options{Logger: logger},
			OpenEngine: func(s djangosession.Settings) (djangosession.Engine, error) { return memory.New(s) },
		})
		if err != nil {
			t.Fatal(err)
		}
		pages, err := site.Views(views.Options{
			Render: func(http.ResponseWriter, *http.Request, views.Page) { t.Errorf("%s: a page was shown", c.name) },
			Logger: logger,
		})
		if err != nil {
			t.Fatal(err)
		}
		token, err := site.Tokens.Make(ada)
		if err != nil {
			t.Fatal(err)
		}
		mux := http.NewServeMux()
		mux.HandleFunc("/reset/{uidb64}/{token}/{$}", pages.PasswordResetConfirm)
		path := "/reset/" + tokens.EncodeUID(ada.ID) + "/" + token + "/"
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://example.com"+path, http.NoBody)
		w := httptest.NewRecorder()
		site.Middleware(mux).ServeHTTP(w, r)
		if w.Code != http.StatusInternalServerError || !strings.Contains(log.String(), "/********/") {
			t.Errorf("%s: status %d, log %s", c.name, w.Code, log.String())
		}
		if strings.Contains(log.String(), token) {
			t.Errorf("%s: the token is logged: %s", c.name, log.String())
		}
	}
}
