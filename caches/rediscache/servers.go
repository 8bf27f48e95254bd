package rediscache

import (
	"context"

	"github.com/redis/go-redis/v9"
)

// Servers returns a client for each server that has sessions, for commands that describe
// the servers. It connects to none, except to those of a cluster, which it asks for the
// others. The clients belong to the cache: the caller must not close them.
func (c *Cache) Servers(ctx context.Context) ([]redis.UniversalClient, error) {
	var all []redis.UniversalClient
	for _, client := range c.clients.all {
		nodes, err := nodesOf(ctx, client)
		if err != nil {
			return nil, wrap(ctx, "find the servers", err)
		}
		all = append(all, nodes...)
	}
	return all, nil
}

// Servers is [Cache.Servers] of the cache in which the sessions are.
func (s *Sessions) Servers(ctx context.Context) ([]redis.UniversalClient, error) {
	return s.cache.Servers(ctx)
}
