package compat_test

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/messages"
	"github.com/djangobridge/djangobridge/py"
)

// boardPair is a Django site and a Go program that show each other's messages.
type boardPair struct {
	*authPair
	handler http.Handler
	users   []string // two of them
}

// boardStep is a part of what a request does: {"add", level, text, tags, safe}, {"show"},
// {"login", pk}, {"logout"} or {"fail"}, which ends it with status 500.
type boardStep []any

// boardPage is the answer to a request.
type boardPage struct {
	Status  int
	Cookies []string
	Shown   []string // the messages, if it showed any; nil if it was not asked to
}

func newBoardPair(t *testing.T, release, storage string) *boardPair {
	t.Helper()
	base := newDatabase(t, "sqlite")
	database := base.django()
	database["CONN_MAX_AGE"] = nil // connections stay
	p := &boardPair{authPair: newAuthPairOn(t, release, base, "", true, map[string]any{
		"database": database, "also": "messages_peer", "ROOT_URLCONF": "messages_peer", "ALLOWED_HOSTS": []any{"*"}, "LOGGING_CONFIG": nil,
		"MESSAGE_STORAGE": storage, "MIDDLEWARE": []any{
			"django.contrib.sessions.middleware.SessionMiddleware", "django.contrib.auth.middleware.AuthenticationMiddleware",
			"django.contrib.messages.middleware.MessageMiddleware",
		},
	})}
	p.open(t)
	p.django.do(t, "hurry", nil)
	s := p.sessions.Settings()
	s.MessageStorage, s.SecretKey = storage, "compat-secret-key" // Settings returns no secrets
	m, err := messages.New(s, messages.Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	// The manager of the pair is strict, and a page is not.
	sessions := newManager(t, p.engine, s, djangosession.Options{Logger: slog.New(slog.DiscardHandler)})
	p.login = p.with(t, sessions)
	p.handler = sessions.Middleware(p.login.Middleware(m.Middleware(http.HandlerFunc(p.serve))))
	p.users = []string{p.makeUser(t, "anne", nil), p.makeUser(t, "bert", nil)}
	return p
}

type (
	stepsKey struct{}
	pageKey  struct{}
)

// serve is the view of messages_peer.py.
func (p *boardPair) serve(w http.ResponseWriter, r *http.Request) {
	ctx := r.Context()
	steps, _ := ctx.Value(stepsKey{}).([]boardStep)
	answer, _ := ctx.Value(pageKey{}).(*boardPage)
	for _, s := range steps {
		var err error
		switch s[0] {
		case "add":
			level, _ := s[1].(int)
			text, _ := s[2].(string)
			tags, _ := s[3].(string)
			safe, _ := s[4].(bool)
			err = messages.Add(ctx, messages.Message{Level: level, Text: text, ExtraTags: tags, Safe: safe})
		case "show":
			var list messages.List
			list, err = messages.Show(ctx)
			answer.Shown = []string{}
			for _, m := range list {
				answer.Shown = append(answer.Shown, shownAs(m.Level, m.Text, m.Safe, m.Tags()))
			}
		case "login":
			pk, _ := s[1].(string)
			user, getErr := p.authPair.users.Get(ctx, pk)
			if err = getErr; err == nil {
				err = p.login.Login(ctx, user)
			}
		case "logout":
			err = p.login.Logout(ctx)
		case "fail":
			http.Error(w, "as asked", http.StatusInternalServerError)
			return
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusTeapot) // a status that no test expects
			return
		}
	}
	_, _ = fmt.Fprint(w, "ok")
}

// shownAs is a message as a page shows it.
func shownAs(parts ...any) string { return fmt.Sprintf("%v %q %v %q", parts...) }

// jar is the cookies of a browser, by name.
type jar map[string]string

func (j jar) header() string {
	parts := make([]string, 0, len(j))
	for name, value := range j {
		parts = append(parts, name+"="+value)
	}
	slices.Sort(parts)
	return strings.Join(parts, "; ")
}

func (j jar) take(lines []string) {
	for _, line := range lines {
		pair, attributes, _ := strings.Cut(line, ";")
		name, value, _ := strings.Cut(strings.TrimSpace(pair), "=")
		if strings.Contains(attributes, "Max-Age=0") {
			delete(j, name)
		} else {
			j[name] = value
		}
	}
}

// atDjango sends a request to Django.
func (p *boardPair) atDjango(t *testing.T, j jar, steps []boardStep) boardPage {
	t.Helper()
	list := make([]any, 0, len(steps))
	for _, s := range steps {
		list = append(list, []any(s))
	}
	var answer struct {
		Status  int      `json:"status"`
		Cookies []string `json:"cookies"`
		Shown   [][]any  `json:"shown"`
	}
	if err := py.Scan(p.django.do(t, "visit", map[string]any{"cookie": j.header(), "steps": list}), &answer, nil); err != nil {
		t.Fatal(err)
	}
	j.take(answer.Cookies)
	result := boardPage{Status: answer.Status, Cookies: answer.Cookies}
	if answer.Shown != nil {
		result.Shown = []string{}
	}
	for _, m := range answer.Shown {
		result.Shown = append(result.Shown, shownAs(m...))
	}
	return result
}

// atGo sends a request to Go.
func (p *boardPair) atGo(t *testing.T, j jar, steps []boardStep) boardPage {
	t.Helper()
	answer := &boardPage{}
	ctx := context.WithValue(context.WithValue(t.Context(), stepsKey{}, steps), pageKey{}, answer)
	r := httptest.NewRequestWithContext(ctx, http.MethodGet, "/", nil)
	if cookies := j.header(); cookies != "" {
		r.Header.Set("Cookie", cookies)
	}
	w := httptest.NewRecorder()
	p.handler.ServeHTTP(w, r)
	if w.Code != http.StatusOK && w.Code != http.StatusInternalServerError {
		t.Errorf("Go answers %d: %s", w.Code, w.Body)
	}
	answer.Status, answer.Cookies = w.Code, w.Result().Header.Values("Set-Cookie")
	j.take(answer.Cookies)
	return *answer
}

// TestMessageTurns adds messages on one side and shows them on the other.
func TestMessageTurns(t *testing.T) {
	t.Parallel()
	for _, release := range releases() {
		for _, storage := range []string{messages.FallbackStorage, messages.CookieStorage, messages.SessionStorage} {
			_, name, _ := strings.Cut(strings.TrimPrefix(storage, "django.contrib.messages.storage."), ".")
			t.Run(fmt.Sprintf("django-%s/%s", release, name), func(t *testing.T) {
				t.Parallel()
				p := newBoardPair(t, release, storage)
				sides := map[string]func(*testing.T, jar, []boardStep) boardPage{"Django": p.atDjango, "Go": p.atGo}
				for _, c := range messageTurns(storage) {
					for _, order := range [][2]string{{"Django", "Go"}, {"Go", "Django"}} {
						t.Run(fmt.Sprintf("%s/%s adds and %s shows", c.name, order[0], order[1]), func(t *testing.T) {
							showEachOther(t, c, sides[order[0]], sides[order[1]])
						})
					}
				}
			})
		}
	}
}

// messageTurn is messages that one side adds, in one request for each list.
type messageTurn struct {
	name     string
	requests [][]boardStep
}

func messageTurns(storage string) []messageTurn {
	many := func(count, length int) (steps []boardStep) {
		for i := range count {
			steps = append(steps, boardStep{"add", 20, fmt.Sprintf("%02d %s", i, noise(i, length)), "", false})
		}
		return steps
	}
	turns := []messageTurn{
		{name: "one", requests: [][]boardStep{{{"add", 20, "hello", "", false}}}},
		{name: "safe", requests: [][]boardStep{{{"add", 25, "<b>bold</b>", "", true}, {"add", 25, "<b>bold</b>", "", false}}}},
		{name: "tags", requests: [][]boardStep{{{"add", 30, "careful", "a b", false}, {"add", 29, "no name", "", false}}}},
		{name: "characters", requests: [][]boardStep{{{"add", 40, "é☃😀\"\\\n/\t,;= \u2028", "é", false}}}},
		{name: "levels", requests: [][]boardStep{{
			{"add", 10, "below", "", false},
			{"add", 20, "a", "", false},
			{"add", 25, "b", "", false},
			{"add", 30, "c", "", false},
			{"add", 40, "d", "", false},
		}}},
		{name: "two requests", requests: [][]boardStep{{{"add", 20, "one", "", false}}, {{"add", 20, "two", "x", true}}}},
	}
	if storage != messages.CookieStorage { // which has no place for them
		turns = append(turns,
			messageTurn{name: "overflow", requests: [][]boardStep{many(40, 100)}},
			messageTurn{name: "one that is too large", requests: [][]boardStep{many(1, 5000)}},
			messageTurn{name: "overflow twice", requests: [][]boardStep{many(20, 100), many(20, 100)}},
			messageTurn{name: "overflow after login", requests: [][]boardStep{{{"login", "1"}}, many(25, 100)}},
			messageTurn{name: "overflow before login", requests: [][]boardStep{many(25, 100), {{"login", "1"}}}},
		)
	}
	return turns
}

// noise returns text that hardly compresses, always the same for these numbers.
func noise(seed, length int) string {
	random := rand.New(rand.NewPCG(uint64(seed), 14))
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	b := make([]byte, length)
	for i := range b {
		b[i] = letters[random.IntN(len(letters))]
	}
	return string(b)
}

func showEachOther(t *testing.T, c messageTurn, adds, shows func(*testing.T, jar, []boardStep) boardPage) {
	t.Helper()
	j, want := jar{}, []string{}
	for _, steps := range c.requests {
		if got := adds(t, j, steps); got.Status != http.StatusOK {
			t.Fatalf("adding: status %d", got.Status)
		}
		for _, s := range steps {
			if level, _ := s[1].(int); s[0] == "add" && level >= messages.LevelInfo {
				tags, _ := s[3].(string)
				names := map[int]string{20: "info", 25: "success", 30: "warning", 40: "error"}
				want = append(want, shownAs(s[1], s[2], s[4], strings.TrimSpace(tags+" "+names[level])))
			}
		}
	}
	if got := shows(t, j, []boardStep{{"show"}}); !slices.Equal(got.Shown, want) {
		t.Errorf("shows %d messages, want %d:\n%.300q\n%.300q", len(got.Shown), len(want), got.Shown, want)
	}
	if got := shows(t, j, []boardStep{{"show"}}); len(got.Shown) != 0 {
		t.Errorf("shows %d messages again", len(got.Shown))
	}
	if got := adds(t, j, []boardStep{{"show"}}); len(got.Shown) != 0 {
		t.Errorf("the side that added shows %d messages again", len(got.Shown))
	}
}
