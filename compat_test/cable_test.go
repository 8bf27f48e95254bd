package compat_test

import (
	"bytes"
	"context"
	"database/sql"
	"io"
	"net"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/compat_test/servers"
	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/tables"
)

// fate is what happens to a statement on a cable.
type fate int

const (
	held        fate = iota + 1 // it comes to the server when it is released, and is the last that comes
	lostRequest                 // the connection breaks before it
	lostAnswer                  // the connection breaks after it, when the server has answered
)

// cable is a connection to a server on which statements are delayed and lost.
type cable struct {
	server   string
	listener net.Listener
	wg       sync.WaitGroup

	mu   sync.Mutex
	word []byte // what marks the statement that has the fate; nil: none
	fate fate
	down bool // nobody comes through
	// downAfter makes the statement with the fate the last one that comes through.
	downAfter bool
	release   func()        // releases the statement that is held
	released  chan struct{} // closed by release
	arrived   chan struct{} // closed when the server has dealt with a statement that was held
	atHold    func()        // called when a statement is held
	open      []net.Conn
}

func newCable(t *testing.T, port int) *cable {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	released := make(chan struct{})
	w := &cable{
		server: net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), listener: l,
		release: sync.OnceFunc(func() { close(released) }), released: released, arrived: make(chan struct{}),
	}
	w.wg.Go(func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			w.wg.Go(func() { w.carry(client) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		w.release() // a test that has failed has not done it
		w.hangUp()
		w.wg.Wait()
	})
	return w
}

// keep notes connections that hangUp closes.
func (w *cable) keep(connections ...net.Conn) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.open = append(w.open, connections...)
}

// hangUp closes all connections.
func (w *cable) hangUp() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range w.open {
		_ = c.Close() // it may be closed
	}
}

func (w *cable) port() int {
	addr, _ := w.listener.Addr().(*net.TCPAddr)
	return addr.Port
}

// arm gives the next statement with this word a fate.
func (w *cable) arm(word string, f fate) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.word, w.fate = []byte(word), f
}

// givenUpAt holds the next statement with this word, and returns a context for it that is
// canceled then. A deadline could end before the statement is sent.
func (w *cable) givenUpAt(t *testing.T, word string) context.Context {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	w.arm(word, held)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.atHold = cancel
	return ctx
}

// strike gives the next statement with this word a fate, and runs a function that sends
// it, with a deadline. If the deadline of a busy machine ends before the statement is
// sent, the function gets more time. late is how long after its deadline it returned.
func (w *cable) strike(t *testing.T, word string, f fate, run func(ctx context.Context) error) (late time.Duration, err error) {
	t.Helper()
	w.arm(word, f)
	for limit := 2 * time.Second; limit < time.Minute; limit *= 2 {
		ctx, cancel := context.WithTimeout(t.Context(), limit)
		began := time.Now()
		err = run(ctx)
		late = time.Since(began) - limit
		cancel()
		if w.hasStruck() {
			return late, err
		}
	}
	t.Fatalf("no statement was sent: %v", err)
	return 0, nil
}

// hasStruck reports whether a statement has had its fate. One that was just sent may
// still be on the way.
func (w *cable) hasStruck() bool {
	for range 20 {
		w.mu.Lock()
		struck := w.word == nil
		w.mu.Unlock()
		if struck {
			return true
		}
		time.Sleep(10 * time.Millisecond)
	}
	return false
}

// deliver releases the statement that is held, and waits until the server has dealt with
// it.
func (w *cable) deliver(t *testing.T) {
	t.Helper()
	w.release()
	select {
	case <-w.arrived:
	case <-time.After(patience):
		t.Fatal("no statement was held, or the server does not hang up")
	}
}

// hold waits until the statement is released.
func (w *cable) hold() {
	w.mu.Lock()
	call := w.atHold
	w.mu.Unlock()
	if call != nil {
		call()
	}
	<-w.released
}

// fateOf is what becomes of these bytes.
func (w *cable) fateOf(b []byte) fate {
	w.mu.Lock()
	defer w.mu.Unlock()
	text := bytes.ToUpper(b)
	for _, other := range []string{"READ COMMITTED", "@@AUTOCOMMIT"} { // are no COMMIT
		text = bytes.ReplaceAll(text, []byte(other), nil)
	}
	if w.word == nil || !bytes.Contains(text, w.word) {
		return 0
	}
	w.word = nil
	w.down = w.downAfter
	return w.fate
}

func (w *cable) isDown() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.down
}

func (w *cable) carry(client net.Conn) {
	defer client.Close() //nolint:errcheck // it is over
	if w.isDown() {
		return
	}
	server, err := net.Dial("tcp", w.server) //nolint:noctx // ends with the connection
	if err != nil {
		return
	}
	defer server.Close() //nolint:errcheck // it is over
	w.keep(client, server)
	swallow := make(chan struct{})
	back := make(chan struct{})
	go func() {
		defer close(back)
		defer client.Close() //nolint:errcheck // it is over
		buffer := make([]byte, 1<<16)
		for {
			n, err := server.Read(buffer)
			select {
			case <-swallow:
				return
			default:
			}
			if n > 0 {
				if _, err := client.Write(buffer[:n]); err != nil {
					_, _ = io.Copy(io.Discard, server)
					return
				}
			}
			if err != nil {
				return
			}
		}
	}()
	buffer := make([]byte, 1<<16)
	for {
		n, err := client.Read(buffer)
		if err != nil || w.isDown() {
			return
		}
		f := w.fateOf(buffer[:n])
		switch f {
		case held:
			w.hold()
		case lostRequest:
			return
		case lostAnswer:
			close(swallow)
		}
		if _, err := server.Write(buffer[:n]); err != nil {
			return
		}
		if f == held { // the server hangs up when it has done what was asked
			if tcp, ok := server.(*net.TCPConn); ok {
				_ = tcp.CloseWrite()
			}
			<-back
			close(w.arrived)
			return
		}
		if f == lostAnswer {
			<-back
			return
		}
	}
}

// wired is a server with a cable to it.
type wired struct {
	*cable
	direct, through *djangosession.Manager
	engine          *tables.Engine // of through
}

func onEachWire(t *testing.T, run func(t *testing.T, w *wired)) {
	t.Helper()
	for _, product := range []string{"mariadb", "postgresql"} {
		t.Run(product, func(t *testing.T) {
			t.Parallel()
			p := goSite(t, newDatabase(t, product))
			w := &wired{cable: newCable(t, p.base.server.Port), direct: p.sessions}
			far := *p.base
			far.server = &servers.Server{Name: product, Port: w.port()}
			driver, source := "pgx", far.server.PostgreSQLURL(far.name)+"&default_query_exec_mode=simple_protocol"
			if product == "mariadb" {
				driver, source = "mysql", far.server.MariaDBSource(far.name)+"?interpolateParams=true"
			}
			db, err := sql.Open(driver, source)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = db.Close() })
			w.engine, err = tables.New(db, p.sessions.Settings(), tables.Options{Dialect: p.base.dialect, LockWait: time.Second})
			if err != nil {
				t.Fatal(err)
			}
			if err := w.engine.Check(t.Context()); err != nil {
				t.Fatal(err)
			}
			if w.through, err = djangosession.NewManager(w.engine, p.sessions.Settings(), djangosession.Options{}); err != nil {
				t.Fatal(err)
			}
			run(t, w)
		})
	}
}
