package rediscache

import (
	"context"
	"errors"
	"net"
	"time"

	"github.com/redis/go-redis/v9"
)

// clients are connections to the servers of a cache, and the commands that it needs.
type clients struct {
	all    []redis.UniversalClient
	ring   *ring // chooses among several
	shared bool  // they belong to the caller
}

func newClients(t *site, given redis.UniversalClient) *clients {
	if given != nil {
		return &clients{all: []redis.UniversalClient{given}, shared: true}
	}
	if t.cluster {
		return &clients{all: []redis.UniversalClient{redis.NewClusterClient(cluster(t.servers))}}
	}
	c := &clients{}
	for i := range t.servers {
		if t.sentinels != nil {
			c.all = append(c.all, redis.NewFailoverClient(t.servers[i].failover(t.sentinels)))
		} else {
			c.all = append(c.all, redis.NewClient(t.servers[i].options()))
		}
	}
	if t.shards {
		c.ring = newRing(t.urls)
	}
	return c
}

func (c *clients) close() error {
	if c.shared {
		return nil
	}
	var errs []error
	for _, client := range c.all {
		errs = append(errs, client.Close())
	}
	return errors.Join(errs...)
}

// of returns the client of the server that has a key.
func (c *clients) of(key string) redis.UniversalClient {
	if c.ring == nil {
		return c.all[0]
	}
	return c.all[c.ring.server(key)]
}

// process runs a command.
func (c *clients) process(ctx context.Context, key string, cmd redis.Cmder) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := checkKey(key); err != nil {
		return err
	}
	return c.of(key).Process(ctx, cmd)
}

// read runs a command that changes nothing. It tries again if a connection broke, as
// those do that a server closed when it was restarted.
func (c *clients) read(ctx context.Context, key string, newCommand func() redis.Cmder) error {
	err := c.process(ctx, key, newCommand())
	if isBroken(err) && ctx.Err() == nil {
		err = c.process(ctx, key, newCommand())
	}
	return err
}

// once is a command that the client sends only once, because a write whose answer is lost
// must not happen again later. Clients for clusters would send it up to three times more
// even if MaxRetries is -1. They still follow MOVED and ASK, which say that the server has not
// executed it.
type once struct{ redis.Cmder }

// NoRetry implements [redis.Cmder].
func (once) NoRetry() bool { return true }

// write runs a command that changes something. It tries again if a cluster refuses it for
// the moment.
func (c *clients) write(ctx context.Context, key string, newCommand func() redis.Cmder) error {
	const first, last = 16 * time.Millisecond, 64 * time.Millisecond
	for pause := first; ; pause *= 2 {
		err := c.process(ctx, key, once{newCommand()})
		refused := redis.IsClusterDownError(err) || redis.IsTryAgainError(err)
		if !refused || pause > last {
			return err
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// isBroken reports whether a connection broke, in contrast to a time limit or an answer.
func isBroken(err error) bool {
	if err == nil || errors.Is(err, redis.Nil) {
		return false
	}
	if _, ok := errors.AsType[redis.Error](err); ok {
		return false
	}
	if limit, ok := errors.AsType[net.Error](err); ok && limit.Timeout() {
		return false
	}
	return true
}

func (c *clients) get(ctx context.Context, key string) (data string, found bool, err error) {
	var cmd *redis.StringCmd
	err = c.read(ctx, key, func() redis.Cmder {
		cmd = redis.NewStringCmd(ctx, "get", key)
		return cmd
	})
	if errors.Is(err, redis.Nil) {
		return "", false, nil
	}
	return cmd.Val(), err == nil, err
}

func (c *clients) exists(ctx context.Context, key string) (bool, error) {
	var cmd *redis.IntCmd
	err := c.read(ctx, key, func() redis.Cmder {
		cmd = redis.NewIntCmd(ctx, "exists", key)
		return cmd
	})
	return cmd.Val() > 0, err
}

// lifetime is an option of SET, ex or px, and its number.
type lifetime struct{ option, n string }

// set stores a value. The condition is nx, xx or "". It returns false if that does not
// hold.
func (c *clients) set(ctx context.Context, key string, data []byte, l lifetime, condition string) (bool, error) {
	args := append(make([]any, 0, 6), "set", key, data, l.option, l.n) //nolint:mnd // all of them
	if condition != "" {
		args = append(args, condition)
	}
	err := c.write(ctx, key, func() redis.Cmder { return redis.NewStatusCmd(ctx, args...) })
	if errors.Is(err, redis.Nil) {
		return false, nil
	}
	return err == nil, err
}

// del removes a key. It returns false if the key did not exist.
func (c *clients) del(ctx context.Context, key string) (bool, error) {
	var cmd *redis.IntCmd
	err := c.write(ctx, key, func() redis.Cmder {
		cmd = redis.NewIntCmd(ctx, "del", key)
		return cmd
	})
	return cmd.Val() > 0, err
}

// The results of swapScript.
const (
	swapMissing = 0
	swapChanged = 1
)

// swapScript replaces a value by another if it is the one that was read, or removes it if
// there is no other.
const swapScript = `local stored = redis.call('GET', KEYS[1]) ` +
	`if not stored then return 0 end ` +
	`if stored ~= ARGV[1] then return 1 end ` +
	`if ARGV[2] then redis.call('SET', KEYS[1], ARGV[2], ARGV[3], ARGV[4]) else redis.call('DEL', KEYS[1]) end ` +
	`return 2`

var swapHash = redis.NewScript(swapScript).Hash() //nolint:gochecknoglobals // a constant

func (c *clients) swap(ctx context.Context, key, old string, data []byte, l lifetime) (int64, error) {
	args := []any{"evalsha", swapHash, "1", key, old}
	if data != nil {
		args = append(args, data, l.option, l.n)
	}
	var cmd *redis.IntCmd
	run := func() error {
		return c.write(ctx, key, func() redis.Cmder {
			cmd = redis.NewIntCmd(ctx, args...)
			return cmd
		})
	}
	err := run()
	if redis.HasErrorPrefix(err, "NOSCRIPT") {
		args[0], args[1] = "eval", swapScript
		err = run()
	}
	return cmd.Val(), err
}
