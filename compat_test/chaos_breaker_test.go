package compat_test

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
)

// A breaker passes TCP connections on to a server and cuts all of them on demand, in the
// middle of whatever they carry.
type breaker struct {
	listener net.Listener
	server   string

	mu   sync.Mutex
	open map[net.Conn]struct{}
}

// newBreaker listens on a free port of this machine. It ends with the process.
func newBreaker(server string) (*breaker, error) {
	listener, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	b := &breaker{listener: listener, server: server, open: map[net.Conn]struct{}{}}
	go b.serve()
	return b, nil
}

func (b *breaker) address() string { return b.listener.Addr().String() }

func (b *breaker) serve() {
	for {
		client, err := b.listener.Accept()
		if err != nil {
			return
		}
		go b.pass(client)
	}
}

func (b *breaker) pass(client net.Conn) {
	server, err := (&net.Dialer{}).DialContext(context.Background(), "tcp", b.server)
	if err != nil {
		_ = client.Close() // the client sees a broken connection
		return
	}
	b.keep(client, server)
	var both sync.WaitGroup
	both.Go(func() { b.copy(server, client) })
	both.Go(func() { b.copy(client, server) })
	both.Wait()
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.open, client)
	delete(b.open, server)
}

func (b *breaker) copy(to, from net.Conn) {
	_, _ = io.Copy(to, from) // the other side learns of it when both are closed
	_ = errors.Join(to.Close(), from.Close())
}

func (b *breaker) keep(connections ...net.Conn) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, c := range connections {
		b.open[c] = struct{}{}
	}
}

// cut breaks all connections that are open.
func (b *breaker) cut() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for c := range b.open {
		_ = c.Close() // it may have ended in the meantime
	}
}
