package memcached

import (
	"context"
	"net"
	"sync"
	"time"

	"github.com/bradfitz/gomemcache/memcache"
)

// A link is a client with one connection to one server, which one operation uses at a
// time. It lets the operation's context limit the connection: the client itself knows no
// contexts. It is also the client's [memcache.ServerSelector].
type link struct {
	pool   *pool
	client *memcache.Client
	used   time.Time // last

	mu   sync.Mutex
	ctx  context.Context //nolint:containedctx // of the operation under way
	conn *conn           // nil without a connection
}

// PickServer implements [memcache.ServerSelector].
func (l *link) PickServer(string) (net.Addr, error) { return l.pool.server, nil }

// Each implements [memcache.ServerSelector].
func (l *link) Each(f func(net.Addr) error) error { return f(l.pool.server) }

// during calls operate, and interrupts it when ctx ends.
func (l *link) during(ctx context.Context, operate func(*link) error) error {
	l.setContext(ctx)
	defer l.setContext(context.Background()) //nolint:contextcheck // keeps no request in memory
	if ctx.Done() == nil {
		return operate(l)
	}
	stop := context.AfterFunc(ctx, l.interrupt)
	err := operate(l)
	if !stop() { // interrupt may still run: nothing must use the connection any more
		l.drop()
	}
	return err
}

func (l *link) setContext(ctx context.Context) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ctx = ctx
}

// dial connects to the server for the client, which gives it the timeout.
func (l *link) dial(timeout context.Context, network, address string) (net.Conn, error) {
	ctx := l.ctx
	if d, ok := timeout.Deadline(); ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, d)
		defer cancel()
	}
	c, err := l.pool.o.DialContext(ctx, network, address) //nolint:contextcheck // see link
	if err != nil {
		return nil, connectError{err}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.conn = &conn{Conn: c, link: l}
	return l.conn, nil
}

// grace is how long an operation under way may take when its context has ended. The
// server still carries out a command whose connection is closed, perhaps after one that
// was sent later. So the answer is worth a short wait.
const grace = 50 * time.Millisecond

// interrupt ends the operation under way soon.
func (l *link) interrupt() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.conn != nil {
		_ = l.conn.Conn.SetDeadline(time.Now().Add(grace)) // the operation fails in any case
	}
}

// drop closes the connection.
func (l *link) drop() {
	l.mu.Lock()
	c := l.conn
	l.mu.Unlock()
	if c != nil {
		_ = c.Close() // it has served its purpose
	}
}

// A conn is the connection of a link. Its deadlines are never long after that of the
// operation's context.
type conn struct {
	net.Conn

	link *link
}

// SetDeadline implements [net.Conn]. The client calls it before each step.
func (c *conn) SetDeadline(t time.Time) error {
	c.link.mu.Lock()
	defer c.link.mu.Unlock()
	ctx := c.link.ctx
	if d, ok := ctx.Deadline(); ok && d.Add(grace).Before(t) {
		t = d.Add(grace)
	}
	if ctx.Err() != nil { // nothing more is sent
		t = time.Unix(1, 0)
	}
	return c.Conn.SetDeadline(t)
}

// Close implements [net.Conn]. The client calls it after each error.
func (c *conn) Close() error {
	c.link.mu.Lock()
	defer c.link.mu.Unlock()
	c.link.conn = nil
	return c.Conn.Close()
}
