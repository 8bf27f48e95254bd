package memcached

import (
	"context"
	"sync"
	"time"

	"github.com/bradfitz/gomemcache/memcache"
)

// A pool has the connections to one server.
type pool struct {
	server *server
	o      *Options
	slots  chan struct{} // as many as connections are permitted

	mu     sync.Mutex
	idle   []*link // the one used last is last
	closed bool
}

func newPool(s *server, o *Options) *pool {
	return &pool{server: s, o: o, slots: make(chan struct{}, o.MaxConns)}
}

// do calls operate with a connection that nothing else uses. It returns the context's
// error, wrapped, if the context ends, and otherwise the error of operate in our words.
func (p *pool) do(ctx context.Context, name string, operate func(*link) error) error {
	if err := ctx.Err(); err != nil {
		return failed(name, p.server, err)
	}
	select {
	case p.slots <- struct{}{}:
	default:
		select {
		case p.slots <- struct{}{}:
		case <-ctx.Done():
			return failed(name, p.server, ctx.Err())
		}
	}
	defer func() { <-p.slots }()
	l := p.take()
	err := l.during(ctx, operate)
	if l.conn != nil {
		p.keep(l)
	}
	return explain(ctx, name, p.server, err)
}

// take returns an idle link whose connection is open, or a new one.
func (p *pool) take() *link {
	for {
		p.mu.Lock()
		n := len(p.idle)
		if n == 0 {
			p.mu.Unlock()
			break
		}
		l := p.idle[n-1]
		p.idle = p.idle[:n-1]
		p.mu.Unlock()
		if isQuiet(l.conn.Conn) {
			return l
		}
		_ = l.client.Close() // the server has closed it
	}
	l := &link{pool: p}
	l.client = memcache.NewFromSelector(l)
	l.client.DialContext, l.client.Timeout, l.client.MaxIdleConns = l.dial, p.o.Timeout, 1
	return l
}

// maxIdle is how long a connection is kept without use. More connections are in use only
// when there are many requests.
const maxIdle = time.Minute

// keep puts a link back for the next operation. It closes another one if that has been
// idle for long.
func (p *pool) keep(l *link) {
	l.used = time.Now()
	p.mu.Lock()
	surplus := l
	if !p.closed {
		p.idle = append(p.idle, l)
		surplus = nil
		if oldest := p.idle[0]; l.used.Sub(oldest.used) > maxIdle {
			p.idle, surplus = p.idle[1:], oldest
		}
	}
	p.mu.Unlock()
	if surplus != nil {
		_ = surplus.client.Close() // it has served its purpose
	}
}

func (p *pool) close() error {
	p.mu.Lock()
	idle := p.idle
	p.idle, p.closed = nil, true
	p.mu.Unlock()
	var err error
	for _, l := range idle {
		if e := l.client.Close(); e != nil {
			err = e
		}
	}
	return err
}
