package memcached

import (
	"bufio"
	"context"
	"io"
	"strings"
	"time"
)

// Stats are the statistics of a server.
type Stats struct {
	Server string            // host and port, or the path of a socket
	Values map[string]string // such as "evictions": "0"
}

// Stats asks each server for its statistics: the general ones, or those named, such as
// "settings". It needs a connection of its own to each server.
func (c *Cache) Stats(ctx context.Context, name string) ([]Stats, error) {
	all := make([]Stats, 0, len(c.pools))
	for _, p := range c.pools {
		values, err := p.stats(ctx, name)
		if err != nil {
			return nil, explain(ctx, "stats", p.server, err)
		}
		all = append(all, Stats{Server: p.server.String(), Values: values})
	}
	return all, nil
}

// maxStats bounds the answer of a server, in bytes. The general statistics have 3,000.
const maxStats = 1 << 16

func (p *pool) stats(ctx context.Context, name string) (map[string]string, error) {
	ctx, cancel := context.WithTimeout(ctx, p.o.Timeout)
	defer cancel()
	c, err := p.o.DialContext(ctx, p.server.Network(), p.server.String())
	if err != nil {
		return nil, connectError{err}
	}
	defer c.Close() //nolint:errcheck // nothing was written
	stop := context.AfterFunc(ctx, func() { _ = c.SetDeadline(time.Now()) })
	defer stop()
	if _, err := io.WriteString(c, strings.TrimRight("stats "+name, " ")+"\r\n"); err != nil {
		return nil, err
	}
	values := map[string]string{}
	for lines := bufio.NewScanner(io.LimitReader(c, maxStats)); lines.Scan(); {
		line := lines.Text()
		if line == "END" {
			return values, nil
		}
		rest, ok := strings.CutPrefix(line, "STAT ")
		if !ok {
			return nil, errAnswer
		}
		key, value, _ := strings.Cut(rest, " ")
		values[key] = value
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return nil, io.ErrUnexpectedEOF
}
