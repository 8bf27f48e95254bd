package rediscache

import (
	"errors"
	"strings"
	"testing"

	"github.com/djangobridge/djangobridge/djangosession"
)

// TestSessionRedisIsUnderstoodOrRefused has SESSION_REDIS of django-redis-sessions.
func TestSessionRedisIsUnderstoodOrRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		given   map[string]any
		want    server
		refused string
	}{
		"nothing":  {given: map[string]any{}, want: server{network: "tcp", addr: "localhost:6379"}},
		"host":     {given: map[string]any{"host": "h", "port": 7.0, "db": 2.0, "password": "p"}, want: server{network: "tcp", addr: "h:7", db: 2, password: "p"}},
		"url":      {given: map[string]any{"url": "redis://:p@h/3", "host": "x", "db": 2.0}, want: server{network: "tcp", addr: "h:6379", db: 3, password: "p"}},
		"socket":   {given: map[string]any{"unix_domain_socket_path": "/r.sock", "db": 2.0}, want: server{network: "unix", addr: "/r.sock", db: 2}},
		"pool":     {given: map[string]any{"POOL": []any{}}, refused: "POOL"},
		"sentinel": {given: map[string]any{"SESSION_REDIS_SENTINEL_LIST": []any{}}, refused: "SESSION_REDIS_SENTINEL_LIST"},
		"unknown":  {given: map[string]any{"x": 1.0}, refused: "x"},
		"no facts": {refused: "SESSION_REDIS"},
		"bad url":  {given: map[string]any{"url": "hush"}, refused: "SESSION_REDIS"},
	} {
		site, _, err := readSessionRedis(c.given)
		if c.refused != "" {
			refused, ok := errors.AsType[*djangosession.SettingError](err)
			if !ok || !strings.Contains(refused.Setting, c.refused) || strings.Contains(err.Error(), "hush") {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		got := site.servers[0]
		if got.network != c.want.network || got.addr != c.want.addr || got.db != c.want.db || got.password != c.want.password {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}

func TestErrorsSayWhatToDoAndNoSecrets(t *testing.T) {
	t.Parallel()
	for answer, want := range map[string]string{
		"NOAUTH Authentication required.": "wants a password", "WRONGPASS invalid username-password pair": "refuses the user",
		"NOPERM this user has no permissions": "ACL SETUSER", "READONLY You can't write": "put the primary first", "OOM command not allowed": "raise maxmemory",
		"LOADING Redis is loading": "try again", "MOVED 1 127.0.0.1:1": "Options.Cluster", "NOSCRIPT No matching": "scripts", "WRONGTYPE Operation": "KEY_PREFIX",
		"ERR unknown command `GET`, with args beginning with: `hush`": "unknown command", "ERR AUTH <password> called without any": "correct the user",
		"ERR DB index is out of range": "correct its number", "CROSSSLOT hush": "hush",
	} {
		err := serverError(answer)
		if !strings.Contains(err.Error(), want) || want != "hush" && strings.Contains(err.Error(), "hush") || strings.Contains(err.Error(), "'") {
			t.Errorf("%q: %v", answer, err)
		}
	}
}
