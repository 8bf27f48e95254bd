package compat_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/tables"
)

// silentProxy is a connection to a server that loses the server's answers from a certain
// statement on.
type silentProxy struct {
	addr   string
	silent atomic.Pointer[silence] // nil for none
	hits   atomic.Int64
}

// silence begins with a statement.
type silence struct {
	word   string // in the statement
	begins func() // called when the statement has been sent
}

func newSilentProxy(t *testing.T, port int) *silentProxy {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	p := &silentProxy{addr: l.Addr().String()}
	go func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port)) //nolint:noctx // ends with the server
			if err != nil {
				_ = client.Close()
				continue
			}
			p.connect(client, server)
		}
	}()
	return p
}

// connect copies both ways until one side closes its connection.
func (p *silentProxy) connect(client, server net.Conn) {
	var silent atomic.Bool
	end := func() { _, _ = client.Close(), server.Close() }
	go func() {
		defer end()
		for buf := make([]byte, 1<<16); ; {
			n, err := client.Read(buf)
			next := p.silent.Load()
			sent := bytes.ReplaceAll(bytes.ToUpper(buf[:n]), []byte("READ COMMITTED"), nil)
			begins := next != nil && bytes.Contains(sent, []byte(next.word))
			if begins {
				silent.Store(true)
				p.hits.Add(1)
			}
			if _, writeErr := server.Write(buf[:n]); err != nil || writeErr != nil {
				return
			}
			if begins {
				next.begins()
			}
		}
	}()
	go func() {
		defer end()
		for buf := make([]byte, 1<<16); ; {
			n, err := server.Read(buf)
			if silent.Load() {
				n = 0
			}
			if _, writeErr := client.Write(buf[:n]); err != nil || writeErr != nil {
				return
			}
		}
	}()
}

// silentSite is a site that merges saves and reaches its server through a proxy.
func silentSite(t *testing.T, product string, o djangosession.Options) (*silentProxy, *djangosession.Manager, *pair) {
	t.Helper()
	p := goSite(t, newDatabase(t, product))
	proxy := newSilentProxy(t, p.base.server.Port)
	name, source, _ := strings.Cut(p.base.source(), " ")
	db, dialect, err := openSource(name, strings.Replace(source, fmt.Sprintf("127.0.0.1:%d", p.base.server.Port), proxy.addr, 1))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	o.MergeSaves = true
	return proxy, managerOn(t, db, dialect, p.sessions.Settings(), o), p
}

func mergingOn(t *testing.T, db *sql.DB, dialect tables.Dialect, s djangosession.Settings) *djangosession.Manager {
	t.Helper()
	return managerOn(t, db, dialect, s, djangosession.Options{MergeSaves: true})
}

func managerOn(
	t *testing.T, db *sql.DB, dialect tables.Dialect, s djangosession.Settings, o djangosession.Options,
) *djangosession.Manager {
	t.Helper()
	engine, err := tables.New(db, s, tables.Options{Dialect: dialect, LockWait: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	return newManager(t, engine, s, o)
}

// lostLimit is how long a save may take whose answer is lost: enough for a busy machine,
// but much less than it waits for locks.
const lostLimit = 30 * time.Second

// TestLostAnswersEndWithTheContext loses the server's answers to the statements of a
// merged save.
func TestLostAnswersEndWithTheContext(t *testing.T) {
	t.Parallel()
	for _, product := range serverProducts() {
		for _, word := range []string{"COMMIT", "ROLLBACK", "UPDATE", "FOR UPDATE"} {
			t.Run(product+"/"+word, func(t *testing.T) {
				t.Parallel()
				proxy, sessions, p := silentSite(t, product, djangosession.Options{})
				s := sessions.New()
				s.Set("a", 1)
				save(t, s)
				session, err := sessions.Load(t.Context(), s.Key())
				if err != nil {
					t.Fatal(err)
				}
				session.Set("a", 2)
				if word == "ROLLBACK" { // the session is gone, and the transaction is rolled back
					if err := p.sessions.Delete(t.Context(), s.Key()); err != nil {
						t.Fatal(err)
					}
				}
				// A deadline could end before the statement is sent.
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				proxy.silent.Store(&silence{word: word, begins: cancel})
				began := time.Now()
				err = session.Save(ctx)
				if took := time.Since(began); took > lostLimit {
					t.Errorf("returned after %v", took)
				}
				want := context.Canceled
				if word == "ROLLBACK" {
					want = djangosession.ErrSessionGone // which is known, whatever becomes of the connection
				}
				if !errors.Is(err, want) || proxy.hits.Load() == 0 {
					t.Errorf("error %v, want %v; %d statements without an answer", err, want, proxy.hits.Load())
				}
				if word == "COMMIT" && !strings.Contains(fmt.Sprint(err), "may or may not") {
					t.Errorf("%v does not say that the save may be stored", err)
				}
				proxy.silent.Store(nil)
				if word == "ROLLBACK" {
					return
				}
				if err := session.Save(t.Context()); err != nil { // on another connection
					t.Errorf("saving again: %v", err)
				}
				if got, err := djangosession.Value[int](p.load(t, s.Key()), "a"); got != 2 || err != nil {
					t.Errorf("stored %d, %v", got, err)
				}
			})
		}
	}
}

// TestLostCommitInTheMiddleware checks that SaveTimeout ends a save whose COMMIT has no
// answer, and that no goroutine waits for the answer afterwards.
func TestLostCommitInTheMiddleware(t *testing.T) { //nolint:paralleltest // counts goroutines
	var reported error
	proxy, sessions, _ := silentSite(t, "mariadb", djangosession.Options{
		SaveTimeout: 300 * time.Millisecond,
		OnError:     func(_ context.Context, err error) { reported = err },
	})
	s := sessions.New()
	s.Set("a", 1)
	save(t, s)
	site := sessions.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		session, err := djangosession.FromContext(r.Context())
		if err != nil {
			t.Error(err)
			return
		}
		session.Set("a", 2)
		_, _ = io.WriteString(w, "page")
	}))
	proxy.silent.Store(&silence{word: "COMMIT", begins: func() {}})
	before := runtime.NumGoroutine()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
	r.AddCookie(&http.Cookie{Name: "sessionid", Value: s.Key()})
	w := httptest.NewRecorder()
	began := time.Now()
	site.ServeHTTP(w, r)
	if took := time.Since(began); took > lostLimit {
		t.Errorf("returned after %v", took)
	}
	if w.Code != http.StatusInternalServerError || !errors.Is(reported, context.DeadlineExceeded) {
		t.Errorf("status %d, reported %v", w.Code, reported)
	}
	// Closing the connection may take a moment.
	for ended := time.Now(); time.Since(ended) < 20*time.Second; time.Sleep(10 * time.Millisecond) {
		if runtime.NumGoroutine() <= before {
			return
		}
	}
	t.Errorf("%d goroutines before, %d after", before, runtime.NumGoroutine())
}
