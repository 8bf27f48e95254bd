package rediscache

import (
	"context"
	"iter"
	"strings"
	"sync"

	"github.com/redis/go-redis/v9"
)

// scanCount is about how many keys a server looks at in one step.
const scanCount = 1000

// Keys implements [caches.Lister]. It uses SCAN, which does not block the server. A
// cluster is asked server by server.
func (c *Cache) Keys(ctx context.Context, prefix string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for _, client := range c.clients.all {
			nodes, err := nodesOf(ctx, client)
			if err != nil {
				yield("", wrap(ctx, "list", err))
				return
			}
			for _, node := range nodes {
				if !scan(ctx, node, prefix, yield) {
					return
				}
			}
		}
	}
}

// nodesOf returns the servers behind a client.
func nodesOf(ctx context.Context, client redis.UniversalClient) ([]redis.UniversalClient, error) {
	cluster, ok := client.(*redis.ClusterClient)
	if !ok {
		return []redis.UniversalClient{client}, nil
	}
	var mu sync.Mutex
	var nodes []redis.UniversalClient
	err := cluster.ForEachMaster(ctx, func(_ context.Context, node *redis.Client) error {
		mu.Lock()
		defer mu.Unlock()
		nodes = append(nodes, node)
		return nil
	})
	return nodes, err
}

// scan yields the keys of one server. It returns false if the loop is to end.
func scan(ctx context.Context, client redis.UniversalClient, prefix string, yield func(string, error) bool) bool {
	pattern := escapeGlob(prefix) + "*"
	for cursor := uint64(0); ; {
		if err := ctx.Err(); err != nil {
			yield("", wrap(ctx, "list", err))
			return false
		}
		keys, next, err := client.Scan(ctx, cursor, pattern, scanCount).Result()
		if err != nil {
			yield("", wrap(ctx, "list", err))
			return false
		}
		for _, key := range keys {
			if strings.HasPrefix(key, prefix) && !yield(key, nil) {
				return false
			}
		}
		if next == 0 {
			return true
		}
		cursor = next
	}
}

// escapeGlob returns the pattern that matches only text.
func escapeGlob(text string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`, `]`, `\]`).Replace(text)
}
