package compat_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"html/template"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/djangobridge/djangobridge"
	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/auth"
	"github.com/djangobridge/djangobridge/djangosession/auth/tokens"
	"github.com/djangobridge/djangobridge/djangosession/auth/views"
	"github.com/djangobridge/djangobridge/djangosession/csrf"
	"github.com/djangobridge/djangobridge/djangosession/messages"
)

// goPage is the page of login_pages_peer.py.
var goPage = template.Must(template.New("").Parse(`<!doctype html><title>x</title><link rel="icon" href="data:,"><main>
<p id="backend">Served by Go</p><p id="who">{{with .User}}{{.Username}}{{end}}</p>
<ul id="messages">{{range .Messages}}<li class="{{.Tags}}">{{.Message}}</li>{{end}}</ul>
<p id="link">{{.Link}}</p><p id="problem">{{range .Problems}}{{.Code}} {{end}}</p>
{{with .Fields}}<form method="post">{{$.CSRF}}{{range .}}<input name="{{.}}">{{end}}<button>Go on</button></form>{{end}}</main>`))

// loginPages is a Django and a Go that have the same login pages, below /django/ and
// /go/.
type loginPages struct {
	t    *testing.T
	site *djangobridge.Site
}

// newLoginPages starts both behind one address.
func newLoginPages(t *testing.T, release string, shared *example) *website {
	t.Helper()
	name := filepath.Join(t.TempDir(), "db.sqlite3")
	options, err := json.Marshal(map[string]any{"database": name, "script": djangosession.SettingsScript})
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), pythonOf(t, "hashers", release),
		filepath.Join("peers", "login_pages_peer.py"), string(options))
	in, inErr := cmd.StdinPipe()
	out, outErr := cmd.StdoutPipe()
	stderr := &lockedBuffer{}
	cmd.Stderr = stderr
	if err := errors.Join(inErr, outErr, cmd.Start()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(in.Close(), cmd.Wait()); err != nil {
			t.Errorf("Django ended with %v\n%s", err, stderr.String())
		}
	})
	var started struct {
		Port     int    `json:"port"`
		Settings string `json:"settings"`
	}
	line, err := bufio.NewReader(out).ReadBytes('\n')
	if err = errors.Join(err, json.Unmarshal(line, &started)); err != nil {
		t.Fatalf("Django has not started: %v\n%s", err, stderr.String())
	}
	p := &loginPages{t: t}
	settings, err := djangosession.ReadSettings(strings.NewReader(started.Settings))
	if err != nil {
		t.Fatal(err)
	}
	db, _, err := openSource("sqlite", "file:"+name+"?_busy_timeout=20000")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	p.site, err = djangobridge.New(settings, djangobridge.Options{DB: db})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.site.Close() })
	mux := http.NewServeMux()
	mux.Handle("/go/", p.site.Middleware(p.handler()))
	django, err := url.Parse("http://127.0.0.1:" + strconv.Itoa(started.Port))
	if err != nil {
		t.Fatal(err)
	}
	mux.Handle("/", httputil.NewSingleHostReverseProxy(django)) // which keeps the Host header
	front := httptest.NewServer(mux)
	t.Cleanup(front.Close)
	return &website{example: shared, t: t, url: front.URL, output: stderr}
}

// handler returns Go's pages.
func (p *loginPages) handler() http.Handler {
	pages, err := p.site.Views(views.Options{
		Render: func(w http.ResponseWriter, r *http.Request, page views.Page) {
			fields := map[string][]string{
				views.LoginTemplate: {"username", "password"}, views.PasswordResetConfirmTemplate: {"new_password1", "new_password2"},
			}[page.Template]
			if page.Template == views.PasswordResetConfirmTemplate && !page.ValidLink {
				fields = nil
			}
			p.show(w, r, map[string]any{"Fields": fields, "Problems": page.Problems})
		},
		ValidatePassword:         func(context.Context, string, *auth.User) []views.Problem { return nil },
		PasswordResetCompleteURL: "/go/show/",
	})
	if err != nil {
		p.t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/go/login/", pages.Login)
	mux.HandleFunc("/go/reset/{uidb64}/{token}/{$}", pages.PasswordResetConfirm)
	mux.HandleFunc("/go/show/", func(w http.ResponseWriter, r *http.Request) { p.show(w, r, map[string]any{}) })
	mux.HandleFunc("/go/add/", func(w http.ResponseWriter, r *http.Request) {
		err := errors.Join(messages.Success(r.Context(), "Go's <own>"), messages.Add(r.Context(), messages.Message{
			Level: messages.LevelWarning, Text: "<b>bold</b> of Go", Safe: true, ExtraTags: "loud",
		}))
		if err != nil {
			p.t.Error(err)
		}
		http.Redirect(w, r, "/django/show/", http.StatusFound)
	})
	mux.HandleFunc("/go/link/", func(w http.ResponseWriter, r *http.Request) {
		user, err := p.site.Users.GetByUsername(r.Context(), "ada")
		if err != nil {
			p.t.Error(err)
			return
		}
		token, err := p.site.Tokens.Make(user)
		if err != nil {
			p.t.Error(err)
		}
		p.show(w, r, map[string]any{"Link": tokens.EncodeUID(user.ID) + "/" + token + "/"})
	})
	return mux
}

func (p *loginPages) show(w http.ResponseWriter, r *http.Request, data map[string]any) {
	field, fieldErr := csrf.TemplateField(r.Context())
	list, listErr := messages.Show(r.Context())
	user, userErr := auth.UserFrom(r.Context())
	if err := errors.Join(fieldErr, listErr, userErr); err != nil {
		p.t.Error(err)
	}
	data["CSRF"], data["Messages"], data["User"] = field, list, user
	if err := goPage.Execute(w, data); err != nil {
		p.t.Error(err)
	}
}

// TestLoginPagesInABrowser logs in on pages of both sides with a password of Argon2,
// reads the messages of each side on pages of the other, and resets the password with a
// link of the other side.
func TestLoginPagesInABrowser(t *testing.T) {
	t.Parallel()
	shared := &example{browser: startBrowser(t)}
	for _, release := range releases() {
		t.Run("django-"+release, func(t *testing.T) {
			t.Parallel()
			site := newLoginPages(t, release, shared)
			password := "tea time for ada"
			for _, order := range [][2]string{{"Go", "Django"}, {"Django", "Go"}} {
				here, there := strings.ToLower(order[0]), strings.ToLower(order[1])
				visitor := site.visit()
				visitor.login(here, password)
				visitor.open("/" + there + "/show/")
				visitor.isAt("/"+there+"/show/", order[1])
				if got := visitor.text("#who"); got != "ada" {
					t.Errorf("after a login at %s, %s knows %q", order[0], order[1], got)
				}
				visitor.readsMessages(order[0], order[1])

				visitor.open("/" + here + "/link/")
				link := visitor.text("#link")
				password = "another password by " + there
				other := site.visit()
				other.open("/" + there + "/reset/" + link)
				other.isAt(other.path(), order[1])
				other.fill("new_password1", password, "new_password2", password)
				other.press("main button")
				other.isAt("/"+there+"/show/", order[1])
				other.open("/" + there + "/reset/" + link) // a second time
				if other.has("main [name=new_password1]") {
					t.Errorf("a link of %s works twice at %s", order[0], order[1])
				}
				visitor.open("/" + here + "/show/") // the new password has ended the session
				if got := visitor.text("#who"); got != "" {
					t.Errorf("after the reset, %s still knows %q", order[0], got)
				}
				other.login(here, password)
			}
		})
	}
}

// login logs in on a page of one side.
func (p *tab) login(side, password string) {
	p.t.Helper()
	p.open("/" + side + "/login/")
	p.fill("username", "ada", "password", password)
	p.press("main button")
	if got := p.path(); got != "/django/show/" { // LOGIN_REDIRECT_URL
		p.t.Fatalf("after the login the browser is at %s\n%s", got, p.look())
	}
	if got := p.text("#who"); got != "ada" {
		p.t.Fatalf("after the login the page knows %q", got)
	}
}

// readsMessages adds messages on one side and reads them on the other, once.
func (p *tab) readsMessages(adds, shows string) {
	p.t.Helper()
	p.open("/" + strings.ToLower(adds) + "/add/") // which redirects
	p.isAt("/"+strings.ToLower(shows)+"/show/", shows)
	for selector, want := range map[string]string{
		"#messages li.success": adds + "'s <own>", "#messages li.loud.warning b": "bold", "#messages li.loud": "bold of " + adds,
	} {
		if got := p.text(selector); got != want {
			p.t.Errorf("%s of %s at %s is %q, want %q", selector, adds, shows, got, want)
		}
	}
	for _, side := range []string{shows, adds} {
		p.open("/" + strings.ToLower(side) + "/show/")
		if p.has("#messages li") {
			p.t.Errorf("%s shows the messages again", side)
		}
	}
}
