package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// A crowd is clients that each send their next request as soon as they have the last
// answer. They write and read on connections of their own. A client of net/http takes as
// long for a page as the server does, and would limit how many pages it serves.
type crowd struct {
	plan    plan
	server  *server
	pages   []page
	request [][]byte // of each page
	turn    atomic.Uint64
	end     time.Time
}

// errNoPage reports that no page was served in time.
var errNoPage = errors.New("no page was served in time")

// most lets the clients of a plan ask for pages. It returns the number of pages per
// second, and the time within which 99 % of them were served. Every answer is checked.
func (w *server) most(
	ctx context.Context, p plan, pages []page, d time.Duration,
) (perSecond float64, p99 time.Duration, err error) {
	c := &crowd{plan: p, server: w, pages: pages}
	for _, at := range pages {
		path, header := p.request(at)
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, w.url+path, http.NoBody)
		if err != nil {
			return 0, 0, err
		}
		r.Header = header
		var text bytes.Buffer
		if err := r.Write(&text); err != nil {
			return 0, 0, err
		}
		c.request = append(c.request, text.Bytes())
	}
	times, errs := make([][]time.Duration, p.clients), make([]error, p.clients)
	var clients sync.WaitGroup
	start := time.Now()
	c.end = start.Add(d)
	for i := range p.clients {
		clients.Go(func() { times[i], errs[i] = c.client(ctx) })
	}
	clients.Wait()
	elapsed := time.Since(start)
	all := slices.Concat(times...)
	if err := errors.Join(errs...); err != nil {
		return 0, 0, err
	}
	if len(all) == 0 {
		return 0, 0, errNoPage
	}
	slices.Sort(all)
	return float64(len(all)) / elapsed.Seconds(), all[len(all)*99/100], ctx.Err()
}

// client is one of the clients. It returns how long each page took.
func (c *crowd) client(ctx context.Context) (times []time.Duration, err error) {
	var connection net.Conn
	reader := bufio.NewReader(nil)
	for time.Now().Before(c.end) && ctx.Err() == nil {
		start := time.Now()
		if connection == nil {
			address := strings.TrimPrefix(c.server.url, "http://")
			if connection, err = (&net.Dialer{}).DialContext(ctx, "tcp", address); err != nil {
				return nil, err
			}
			reader.Reset(connection)
		}
		again, err := c.page(connection, reader)
		if err != nil {
			return nil, errors.Join(err, connection.Close())
		}
		times = append(times, time.Since(start))
		if !again {
			if err := connection.Close(); err != nil {
				return nil, err
			}
			connection = nil
		}
	}
	if connection != nil {
		err = connection.Close()
	}
	return times, err
}

// page asks for one page, and reports whether the server keeps the connection open.
func (c *crowd) page(connection net.Conn, reader *bufio.Reader) (again bool, err error) {
	i := c.turn.Add(1) % uint64(len(c.pages))
	if err := connection.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		return false, err
	}
	if _, err := connection.Write(c.request[i]); err != nil {
		return false, err
	}
	answer, err := http.ReadResponse(reader, nil)
	if err != nil {
		return false, err
	}
	defer answer.Body.Close() //nolint:errcheck // it is read
	body, err := io.ReadAll(answer.Body)
	if err == nil && !c.plan.isRight(c.pages[i], answer.StatusCode, answer.Header, string(body)) {
		err = fmt.Errorf("status %d: %q", answer.StatusCode, body)
	}
	return !answer.Close, err
}
