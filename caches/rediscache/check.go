package rediscache

import (
	"context"
	"strings"
)

// Check implements [caches.Cache]. It connects to each server and runs the commands that
// sessions need on a key that does not exist, so that nothing is stored or removed. A
// server that refuses one, such as a replica or one without memory, is a [*ServerError].
func (c *Cache) Check(ctx context.Context) error {
	if err := c.CheckKey(c.checkKey); err != nil {
		return err
	}
	for i := range c.clients.all {
		one := &clients{all: c.clients.all[i : i+1], shared: true}
		if err := one.check(ctx, c.checkKey); err != nil {
			return err
		}
	}
	return nil
}

func (c *clients) check(ctx context.Context, key string) error {
	if _, _, err := c.get(ctx, key); err != nil {
		return wrap(ctx, "check: get", err)
	}
	if _, err := c.exists(ctx, key); err != nil {
		return wrap(ctx, "check: exists", err)
	}
	if _, err := c.set(ctx, key, nil, lifetime{option: "px", n: "1"}, "xx"); err != nil {
		return wrap(ctx, "check: set", err)
	}
	if _, err := c.del(ctx, key); err != nil {
		return wrap(ctx, "check: del", err)
	}
	_, err := c.swap(ctx, key, "", nil, lifetime{})
	return wrap(ctx, "check: evalsha", err)
}

// Eviction returns the maxmemory-policy of the first server that removes sessions when
// its memory is full, such as "allkeys-lru" or "volatile-ttl", which logs visitors out.
// It returns "" if no server does: the policy is noeviction, or maxmemory is 0.
func (c *Cache) Eviction(ctx context.Context) (policy string, err error) {
	servers, err := c.Servers(ctx)
	if err != nil {
		return "", err
	}
	for _, server := range servers {
		info, err := server.Info(ctx, "memory").Result()
		if err != nil {
			return "", wrap(ctx, "info", err)
		}
		policy, limit := infoField(info, "maxmemory_policy"), infoField(info, "maxmemory")
		if policy != "" && policy != "noeviction" && limit != "0" {
			return policy, nil
		}
	}
	return "", nil
}

func infoField(info, name string) string {
	for line := range strings.SplitSeq(info, "\r\n") {
		if value, ok := strings.CutPrefix(line, name+":"); ok {
			return value
		}
	}
	return ""
}
