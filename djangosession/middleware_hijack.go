package djangosession

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/textproto"
	"slices"
	"strings"
	"sync"
)

// hijacked is a connection that a handler has taken over although its response was due to
// set cookies. It inspects the header that the handler writes, and reports missing
// cookies.
type hijacked struct {
	net.Conn
	x   *exchange
	due []string // Set-Cookie lines

	mu     sync.Mutex
	header []byte
	seen   bool // the whole header was inspected
}

// maxHijackedHeader is the maximum size of a header that is inspected, in bytes.
const maxHijackedHeader = 64 << 10

// watch returns the connection for a handler that has to send the cookies in due.
func (x *exchange) watch(conn net.Conn, rw *bufio.ReadWriter, due []string) (net.Conn, *bufio.ReadWriter, error) {
	c := &hijacked{Conn: conn, x: x, due: due}
	if err := rw.Flush(); err != nil {
		return nil, nil, errors.Join(err, conn.Close())
	}
	return c, bufio.NewReadWriter(rw.Reader, bufio.NewWriterSize(c, rw.Writer.Size())), nil
}

// Write implements net.Conn.
func (c *hijacked) Write(b []byte) (int, error) {
	c.look(b)
	return c.Conn.Write(b)
}

// look inspects what is written, up to the end of the header.
func (c *hijacked) look(b []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.seen {
		return
	}
	c.header = append(c.header, b[:min(len(b), maxHijackedHeader-len(c.header))]...)
	header, _, complete := strings.Cut(string(c.header), "\r\n\r\n")
	if complete || len(c.header) == maxHijackedHeader {
		c.decide(header)
	}
}

// decide reports cookies that the header lacks. c.mu is held.
func (c *hijacked) decide(header string) {
	c.seen, c.header = true, nil
	sent := map[string]bool{}
	for line := range strings.SplitSeq(header, "\r\n") {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.EqualFold(name, "Set-Cookie") {
			sent[textproto.TrimString(value)] = true
		}
	}
	if slices.ContainsFunc(c.due, func(line string) bool { return !sent[line] }) {
		c.x.lost.Store(true)
		c.x.manager.reportError(c.x, fmt.Errorf("%w: the handler has taken over the connection and written a header without the "+
			"cookies that ResponseWriter.Header has: pass them on, as with the responseHeader of a WebSocket upgrader", ErrHeaderSent))
	}
}

// Close implements net.Conn.
func (c *hijacked) Close() error {
	c.mu.Lock()
	if !c.seen {
		c.decide(string(c.header))
	}
	c.mu.Unlock()
	return c.Conn.Close()
}

// NetConn returns the underlying connection, like that of [crypto/tls.Conn].
func (c *hijacked) NetConn() net.Conn { return c.Conn }

// CloseWrite closes the writing side. Proxies look for it.
func (c *hijacked) CloseWrite() error {
	if w, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return w.CloseWrite()
	}
	return errors.ErrUnsupported
}

// dueCookies returns the Set-Cookie lines of a header that are not in before.
func dueCookies(h http.Header, before []string) []string {
	var due []string
	for _, line := range h["Set-Cookie"] {
		if !slices.Contains(before, line) {
			due = append(due, line)
		}
	}
	return due
}
