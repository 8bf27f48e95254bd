package rediscache

import (
	"cmp"
	"crypto/tls"
	"maps"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// server is a server, or a service of Sentinel, and how to connect to it.
type server struct {
	network, addr      string // of package net
	service            string // the host as written, which Sentinel knows
	username, password string
	clientName         string
	db                 int
	dial, wait         time.Duration // timeouts; 0 if not given
	tls                *tls.Config
}

// The timeouts of servers without SOCKET_CONNECT_TIMEOUT or SOCKET_TIMEOUT. redis-py has
// none, or 5 seconds since 8.0.
const (
	defaultDialTimeout = 5 * time.Second
	defaultTimeout     = 5 * time.Second
)

const defaultPort = "6379"

// newServer reads the URL of a server of a cache, which is named like CACHES["default"],
// and the arguments of redis-py's connections. The URL takes precedence over kwargs,
// which are not changed.
func newServer(cache, text string, kwargs map[string]any, o tlsDefaults) (server, error) {
	l, err := parseLocation(text)
	if err != nil {
		return server{}, settingError(cache+`["LOCATION"]`, err.Error())
	}
	v := newValues(cache+`["OPTIONS"]`, kwargs)
	maps.Copy(v.given, l.query)
	if l.username != "" {
		v.given["username"] = l.username
	}
	if l.password != "" {
		v.given["password"] = l.password
	}
	s := server{network: "tcp"}
	secure := l.scheme == "rediss"
	err = firstError(
		func() error { return s.readAddress(v, l) },
		func() error { return v.text("username", &s.username) },
		func() error { return v.text("password", &s.password) },
		func() error { return v.text("client_name", &s.clientName) },
		func() error { return v.seconds("socket_connect_timeout", &s.dial) },
		func() error { return v.seconds("socket_timeout", &s.wait) },
		func() error { return refuseFormats(v) },
		func() error { return v.flag("ssl", &secure) },
		func() (err error) {
			s.tls, err = newTLS(v, secure, o)
			return err
		},
	)
	if err != nil {
		return server{}, err
	}
	// These choose how redis-py waits, retries and parses. The Go client has its own
	// ways.
	v.ignore("parser_class", "retry", "retry_on_timeout", "retry_on_error", "max_connections", "health_check_interval", "timeout",
		"socket_read_size", "socket_keepalive", "socket_keepalive_options", "socket_type", "protocol", "lib_name", "lib_version",
		"driver_info", "queue_class", "legacy_responses", "maint_notifications_config", "is_master")
	return s, v.rest()
}

// readAddress reads where the server is, and its database.
func (s *server) readAddress(v *values, l location) error {
	if l.scheme == "unix" {
		path := l.path
		if err := v.text("path", &path); err != nil {
			return err
		}
		v.ignore("host", "port")
		s.network, s.addr = "unix", cmp.Or(l.path, path)
		return v.number("db", &s.db)
	}
	host, port := "localhost", defaultPort
	if err := firstError(
		func() error { return v.text("host", &host) },
		func() error { return v.text("port", &port) },
	); err != nil {
		return err
	}
	s.service = l.host
	s.addr = net.JoinHostPort(cmp.Or(l.host, host), cmp.Or(l.port, port))
	if _, ok := l.query["db"]; !ok && l.path != "" {
		// A path that is not a number is ignored.
		if n, err := strconv.Atoi(strings.ReplaceAll(l.path, "/", "")); err == nil {
			v.given["db"] = n
		}
	}
	if err := v.number("db", &s.db); err != nil {
		return err
	}
	if s.db < 0 {
		return v.refuse("db", "must not be negative")
	}
	return nil
}

// refuseFormats refuses arguments that change what is read and written.
func refuseFormats(v *values) error {
	encoding, decode := "utf-8", false
	if err := firstError(
		func() error { return v.text("encoding", &encoding) },
		func() error { return v.flag("decode_responses", &decode) },
	); err != nil {
		return err
	}
	v.ignore("encoding_errors") // UTF-8 has none
	if encoding != "utf-8" && encoding != "utf8" && encoding != "UTF-8" {
		return v.refuse("encoding", "must be utf-8: keys would be different bytes")
	}
	if decode {
		return v.refuse("decode_responses", "must not be set: Django cannot read its sessions with it")
	}
	return nil
}

// options are the options of the Go client. It retries no command, because a write whose
// answer is lost must not happen again later.
func (s *server) options() *redis.Options {
	return &redis.Options{
		Network: s.network, Addr: s.addr, Username: s.username, Password: s.password, DB: s.db, ClientName: s.clientName,
		DialTimeout: s.dialTimeout(), ReadTimeout: s.timeout(), WriteTimeout: s.timeout(), ContextTimeoutEnabled: true,
		MaxRetries: -1, DialerRetries: 1, Protocol: respVersion, DisableIdentity: true, TLSConfig: s.tls,
	}
}

// respVersion is the protocol that all servers speak, without messages that the server
// sends unasked.
const respVersion = 2

func (s *server) dialTimeout() time.Duration { return cmp.Or(s.dial, defaultDialTimeout) }

func (s *server) timeout() time.Duration { return cmp.Or(s.wait, defaultTimeout) }

// failover returns the options of a client that asks Sentinel for the primary.
func (s *server) failover(sentinels *sentinels) *redis.FailoverOptions {
	return &redis.FailoverOptions{
		MasterName: s.service, SentinelAddrs: sentinels.addrs,
		SentinelUsername: sentinels.username, SentinelPassword: sentinels.password,
		Username: s.username, Password: s.password, DB: s.db, ClientName: s.clientName,
		DialTimeout: s.dialTimeout(), ReadTimeout: s.timeout(), WriteTimeout: s.timeout(), ContextTimeoutEnabled: true,
		MaxRetries: -1, DialerRetries: 1, Protocol: respVersion, DisableIdentity: true, TLSConfig: s.tls,
	}
}

// cluster returns the options of a client for the cluster that the servers belong to.
func cluster(servers []server) *redis.ClusterOptions {
	s := servers[0]
	addrs := make([]string, len(servers))
	for i := range servers {
		addrs[i] = servers[i].addr
	}
	return &redis.ClusterOptions{
		Addrs: addrs, Username: s.username, Password: s.password, ClientName: s.clientName,
		DialTimeout: s.dialTimeout(), ReadTimeout: s.timeout(), WriteTimeout: s.timeout(), ContextTimeoutEnabled: true,
		MaxRetries: -1, DialerRetries: 1, Protocol: respVersion, DisableIdentity: true, TLSConfig: s.tls,
	}
}
