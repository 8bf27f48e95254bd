package compat_test

import (
	"bufio"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/auth"
	"github.com/djangobridge/djangobridge/tables"
)

// chaosVariable makes this program a worker of the chaos tests.
const chaosVariable = "COMPAT_CHAOS"

const (
	chaosKey       = "chaos-secret-key"
	chaosKeyBefore = "chaos-secret-key-before"
)

// A chaosOrder asks a worker for one request.
type chaosOrder struct {
	Op    string `json:"op"`
	Key   string `json:"key"`   // the session cookie
	User  string `json:"user"`  // who logs in
	Value string `json:"value"` // the name of a value to store
	Merge bool   `json:"merge"` // with MergeSaves
	// How long after the order the request starts, how long after its start its context
	// ends, and how long after its start all connections break; never if negative.
	Start  time.Duration `json:"start"`
	Cancel time.Duration `json:"cancel"`
	Cut    time.Duration `json:"cut"`
}

// A chaosReply is what a browser and the handler know of the request.
type chaosReply struct {
	Status  int    `json:"status"`
	Done    bool   `json:"done"`    // the handler's call succeeded
	Removed bool   `json:"removed"` // a logout has removed a row
	Cookie  string `json:"cookie"`  // the key that the response sets
	Problem string `json:"problem"` // for the log
}

// chaosUsers knows every user.
type chaosUsers struct{ auth.Users }

func (chaosUsers) Get(_ context.Context, id string) (*auth.User, error) {
	return chaosUser(id), nil
}

func (chaosUsers) SetLastLogin(context.Context, string, time.Time) error { return nil }

// counted is an engine that knows whether a delete met a row. Its statement is that of
// the engine's own Delete.
type counted struct {
	*tables.Engine
	db      *sql.DB
	dialect tables.Dialect
	removed *bool
}

// Delete implements [djangosession.Engine].
func (c counted) Delete(ctx context.Context, key string) error {
	mark := "?"
	if _, ok := c.dialect.(tables.PostgreSQL); ok {
		mark = "$1"
	}
	result, err := c.db.ExecContext(ctx, "DELETE FROM django_session WHERE session_key = "+mark, key)
	if err != nil {
		return err
	}
	n, err := result.RowsAffected()
	*c.removed = n > 0
	return err
}

// A chaosSite is a Go service on a database whose connections break on demand.
type chaosSite struct {
	db      *sql.DB
	dialect tables.Dialect
	engine  *tables.Engine
	breaker *breaker // nil for a database without connections
}

func chaosSettings(secretKey string) djangosession.Settings {
	s := djangosession.NewSettings(secretKey)
	s.SecretKeyFallbacks = []string{chaosKeyBefore}
	return s
}

// loopback is the address of a server in a data source name.
var loopback = regexp.MustCompile(`127\.0\.0\.1:\d+`)

func newChaosSite(source string) (*chaosSite, error) {
	product, name, _ := strings.Cut(source, " ")
	c := &chaosSite{}
	if address := loopback.FindString(name); address != "" {
		b, err := newBreaker(address)
		if err != nil {
			return nil, err
		}
		c.breaker = b
		name = loopback.ReplaceAllLiteralString(name, c.breaker.address())
	}
	var err error
	if c.db, c.dialect, err = openSource(product, name); err != nil {
		return nil, err
	}
	c.db.SetMaxOpenConns(10)
	c.engine, err = tables.New(c.db, chaosSettings(chaosKey), tables.Options{Dialect: c.dialect, LockWait: 30 * time.Second})
	return c, err
}

// chaosParts makes the sessions and logins of an engine.
func chaosParts(
	engine djangosession.Engine, secretKey string, o djangosession.Options,
) (*djangosession.Manager, *auth.Auth, error) {
	o.Logger = slog.New(slog.DiscardHandler)
	sessions, err := djangosession.NewManager(engine, chaosSettings(secretKey), o)
	if err != nil {
		return nil, nil, err
	}
	login, err := auth.New(sessions, chaosUsers{}, auth.Options{Logger: o.Logger})
	return sessions, login, err
}

// chaosWorker answers orders, a line of JSON each, until its input ends.
func chaosWorker(source string) error {
	c, err := newChaosSite(source)
	if err != nil {
		return err
	}
	orders := bufio.NewScanner(os.Stdin)
	replies := json.NewEncoder(os.Stdout)
	for orders.Scan() {
		var o chaosOrder
		if err := json.Unmarshal(orders.Bytes(), &o); err != nil {
			return err
		}
		if err := replies.Encode(c.serve(o)); err != nil {
			return err
		}
	}
	return orders.Err()
}

// serve sends one request through the middlewares.
func (c *chaosSite) serve(o chaosOrder) chaosReply {
	var reply chaosReply
	var problems []string
	engine := djangosession.Engine(c.engine)
	if o.Op == "logout" {
		engine = counted{Engine: c.engine, db: c.db, dialect: c.dialect, removed: &reply.Removed}
	}
	options := djangosession.Options{
		MergeSaves: o.Merge, SaveTimeout: 30 * time.Second,
		OnError: func(_ context.Context, err error) { problems = append(problems, "middleware: "+err.Error()) },
	}
	if o.Op == "renew" {
		options.RenewBelow = 1
	}
	sessions, login, err := chaosParts(engine, chaosKey, options)
	if err != nil {
		return chaosReply{Problem: err.Error()}
	}
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := chaosHandler(r, o, login); err != nil {
			problems = append(problems, "handler: "+err.Error())
			http.Error(w, "failed", http.StatusConflict) // and the session is saved as it is
			return
		}
		reply.Done = true
	})
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	r := httptest.NewRequestWithContext(ctx, http.MethodGet, "/", http.NoBody)
	r.AddCookie(&http.Cookie{Name: "sessionid", Value: o.Key})
	w := httptest.NewRecorder()

	time.Sleep(o.Start)
	if o.Cancel >= 0 {
		defer time.AfterFunc(o.Cancel, cancel).Stop()
	}
	if o.Cut >= 0 && c.breaker != nil {
		defer time.AfterFunc(o.Cut, c.breaker.cut).Stop()
	}
	sessions.Middleware(login.Middleware(handler)).ServeHTTP(w, r)

	reply.Status, reply.Problem = w.Code, strings.Join(problems, "; ")
	for _, cookie := range w.Result().Cookies() {
		if cookie.Name == "sessionid" {
			reply.Cookie = cookie.Value
		}
	}
	return reply
}

var errNoSessionThere = errors.New("the session is not there")

// chaosHandler does what the order says to the session of the request.
func chaosHandler(r *http.Request, o chaosOrder, login *auth.Auth) error {
	ctx := r.Context()
	s, err := djangosession.FromContext(ctx)
	if err != nil {
		return err
	}
	if s.Key() == "" {
		return errNoSessionThere
	}
	if o.Op == "logout" {
		return login.Logout(ctx)
	}
	s.Set(o.Value, true)
	user, err := auth.UserFrom(ctx) // which renews a session that a fallback key vouches for
	if err != nil {
		return err
	}
	switch o.Op {
	case "save", "renew":
		return nil
	case "cycle":
		return s.CycleKey(ctx)
	case "new password":
		return login.UpdateSessionAuthHash(ctx, user)
	case "login":
		return login.Login(ctx, chaosUser(o.User))
	case "other login":
		return login.Login(ctx, chaosUser("other"))
	}
	return fmt.Errorf("unknown order %q", o.Op)
}

// unavailable reports whether an error says that the server is away.
func unavailable(err error) bool { return errors.Is(err, tables.ErrUnavailable) }

func chaosUser(id string) *auth.User {
	return &auth.User{ID: id, Username: id, Password: auth.Secret("password of " + id), IsActive: true}
}
