package doctor

import (
	"bufio"
	"context"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/redis/go-redis/v9"
)

// TestRedisRightsDiscardsWithoutTime has a server that fails when the time is over.
func TestRedisRightsDiscardsWithoutTime(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var mu sync.Mutex
	var commands []string
	client := redis.NewClient(&redis.Options{
		Addr: "redis.invalid:1", DisableIdentity: true, PoolSize: 1, MaxRetries: -1, ContextTimeoutEnabled: true,
		Dialer: func(context.Context, string, string) (net.Conn, error) {
			near, far := net.Pipe()
			go answer(far, func(command string) string {
				mu.Lock()
				defer mu.Unlock()
				commands = append(commands, command)
				switch command {
				case "hello":
					return "-ERR unknown command\r\n"
				case "get":
					cancel()
					return "-ERR failed\r\n"
				}
				return "+OK\r\n"
			})
			return near, nil
		},
	})
	(&Deployment{}).redisRights(ctx, &report{}, client, "prefix")
	_ = client.Close() // it was only read
	mu.Lock()
	defer mu.Unlock()
	if !slices.Contains(commands, "multi") || commands[len(commands)-1] != "discard" {
		t.Errorf("the server got %q", commands)
	}
}

// answer answers each command of a connection to Redis.
func answer(conn net.Conn, to func(command string) string) {
	defer conn.Close() //nolint:errcheck // a test
	in := bufio.NewReader(conn)
	for {
		head, err := in.ReadString('\n')
		if err != nil {
			return
		}
		n, _ := strconv.Atoi(strings.TrimSpace(head[1:]))
		words := make([]string, n)
		for i := range words {
			size, err := in.ReadString('\n')
			if err != nil {
				return
			}
			length, _ := strconv.Atoi(strings.TrimSpace(size[1:]))
			text := make([]byte, length+2)
			if _, err := io.ReadFull(in, text); err != nil {
				return
			}
			words[i] = string(text[:length])
		}
		if _, err := io.WriteString(conn, to(strings.ToLower(words[0]))); err != nil {
			return
		}
	}
}
