package memcached_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/caches/memcached"
	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/py"
)

// A peer is the other end of connections in memory. It holds what memcached would hold,
// and records the requests.
type peer struct {
	// answer replaces the answer to a request, if it is not "". A "close" closes the
	// connection, and a "hang" keeps it waiting.
	answer func(request string) string

	mu       sync.Mutex
	items    map[string]item
	version  uint64
	requests []string // without the data
	dialed   []string
	open     []net.Conn
}

type item struct {
	flags, data string
	version     uint64
}

// dial is the peer's Options.DialContext.
func (p *peer) dial(_ context.Context, network, address string) (net.Conn, error) {
	ours, theirs := net.Pipe()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.dialed = append(p.dialed, network+" "+address)
	p.open = append(p.open, theirs)
	go p.serve(theirs)
	return ours, nil
}

func (p *peer) serve(c net.Conn) {
	defer c.Close() //nolint:errcheck // in memory
	r := bufio.NewReader(c)
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		fields := strings.Fields(line)
		data := ""
		switch fields[0] {
		case "add", "replace", "set", "cas":
			n, _ := strconv.Atoi(fields[4])
			b := make([]byte, n+len("\r\n"))
			if _, err := io.ReadFull(r, b); err != nil {
				return
			}
			data = string(b[:n])
		}
		answer := p.respond(strings.TrimSpace(line), fields, data)
		if answer == "close" {
			return
		}
		if answer == "hang" {
			_, _ = r.ReadByte() // until the other end is closed
			return
		}
		if _, err := c.Write([]byte(answer)); err != nil {
			return
		}
	}
}

func (p *peer) respond(line string, fields []string, data string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.requests = append(p.requests, line)
	if p.answer != nil {
		if answer := p.answer(line); answer != "" {
			return answer
		}
	}
	if fields[0] == "version" {
		return "VERSION 1.6.18\r\n"
	}
	it, found := p.items[fields[1]]
	switch fields[0] {
	case "gets":
		if !found {
			return "END\r\n"
		}
		return fmt.Sprintf("VALUE %s %s %d %d\r\n%s\r\nEND\r\n", fields[1], it.flags, len(it.data), it.version, it.data)
	case "delete":
		delete(p.items, fields[1])
		return map[bool]string{true: "DELETED\r\n", false: "NOT_FOUND\r\n"}[found]
	case "add", "replace":
		if found != (fields[0] == "replace") {
			return "NOT_STORED\r\n"
		}
	case "cas":
		switch {
		case !found:
			return "NOT_FOUND\r\n"
		case strconv.FormatUint(it.version, 10) != fields[5]:
			return "EXISTS\r\n"
		}
	}
	p.put(fields[1], fields[2], data)
	if fields[3] == "-1" {
		delete(p.items, fields[1])
	}
	return "STORED\r\n"
}

func (p *peer) put(key, flags, data string) {
	if p.items == nil {
		p.items = map[string]item{}
	}
	p.version++
	p.items[key] = item{flags: flags, data: data, version: p.version}
}

// last returns the last request.
func (p *peer) last(t *testing.T) string {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.requests) == 0 {
		t.Fatal("there was no request")
	}
	return p.requests[len(p.requests)-1]
}

func (p *peer) count() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.requests)
}

// newCache returns a cache that reaches the peer.
func newCache(t *testing.T, p *peer, change func(*djangosession.Settings, *memcached.Options)) *memcached.Cache {
	t.Helper()
	s := djangosession.NewSettings("secret")
	s.SessionCache = djangosession.SessionCache{
		Alias: "default", Backend: "django.core.cache.backends.memcached.PyMemcacheCache", Location: []string{"127.0.0.1:11211"},
	}
	o := memcached.Options{DialContext: p.dial, Timeout: 5 * time.Second}
	if change != nil {
		change(&s, &o)
	}
	c, err := memcached.New(s, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

// dict returns a dict with one value.
func dict(name string, value any) *py.Dict {
	d := py.NewDict(1)
	d.Set(name, value)
	return d
}
