package memcached

import (
	"net"
	"strconv"
	"strings"
)

// defaultPort is the port of a LOCATION without one.
const defaultPort = 11211

// A server is one of the servers in LOCATION.
type server struct {
	host    string // or the path of a socket
	port    int    // 0 for a socket
	weight  int
	address string
}

// Network implements [net.Addr].
func (s *server) Network() string {
	if s.isSocket() {
		return "unix"
	}
	return "tcp"
}

// String implements [net.Addr].
func (s *server) String() string { return s.address }

func (s *server) isSocket() bool { return s.port == 0 }

// node is the name by which pymemcache knows a server.
func (s *server) node() string {
	if s.isSocket() {
		return s.host
	}
	return s.host + ":" + strconv.Itoa(s.port)
}

// A spelling parses one place of LOCATION as a client does. The weight is that of
// SessionCache.Weights, or 1. Problems complete the sentence that begins with the place.
type spelling func(place string, weight int) (s server, problem string)

const (
	notAnAddress = "is not an address: use host, host:port, [IPv6 address]:port or the path of a socket"
	noWeights    = "has a weight, which this backend does not permit: remove it from LOCATION"
)

// pymemcacheServer parses a place as pymemcache does. A tuple has the port where
// python-memcached has the weight.
func pymemcacheServer(place string, port int) (server, string) {
	path, isUnix := strings.CutPrefix(place, "unix:")
	switch {
	case isUnix, strings.HasPrefix(place, "/"):
		return socket(path, 1)
	case port != 1:
		return tcp(strings.Trim(place, "[]"), strconv.Itoa(port), 1)
	case !strings.Contains(place, ":"), strings.HasSuffix(place, "]"):
		return tcp(strings.Trim(place, "[]"), "", 1)
	}
	colon := strings.LastIndexByte(place, ':')
	host := place[:colon]
	if strings.HasPrefix(host, "[") {
		host = strings.Trim(host, "[]")
	}
	return tcp(host, place[colon+1:], 1)
}

// pylibmcServer parses a place as pylibmc does after Django has removed "unix:".
func pylibmcServer(place string, weight int) (server, string) {
	place = strings.TrimPrefix(place, "unix:")
	switch {
	case weight != 1:
		return server{}, noWeights
	case strings.HasPrefix(place, "/"):
		return socket(place, 1)
	case strings.HasPrefix(place, "udp:"):
		return server{}, "is reached by UDP, which is not supported: use TCP"
	}
	host, rest, _ := strings.Cut(place, ":")
	if inner, ok := strings.CutPrefix(place, "["); ok {
		if host, rest, ok = strings.Cut(inner, "]"); !ok || rest != "" && rest[0] != ':' {
			return server{}, notAnAddress
		}
		rest = strings.TrimPrefix(rest, ":")
	}
	port, own, hasWeight := strings.Cut(rest, ":")
	if hasWeight {
		var err error
		if weight, err = strconv.Atoi(own); err != nil || weight < 1 || weight > maxWeight {
			return server{}, badWeight
		}
	}
	return tcp(host, port, weight)
}

// maxWeight bounds the size of rings and lists of buckets.
const maxWeight = 1 << 10

const badWeight = "has a weight that is not a number from 1 to 1024: correct LOCATION"

// pythonMemcachedServer parses a place as python-memcached does.
func pythonMemcachedServer(place string, weight int) (server, string) {
	if weight < 0 || weight > maxWeight {
		return server{}, badWeight
	}
	if path, ok := strings.CutPrefix(place, "unix:"); ok {
		return socket(path, weight)
	}
	if rest, ok := strings.CutPrefix(place, "inet6:["); ok {
		host, port, ok := strings.Cut(rest, "]")
		if !ok || port != "" && port[0] != ':' {
			return server{}, notAnAddress
		}
		return tcp(host, strings.TrimPrefix(port, ":"), weight)
	}
	host, port, _ := strings.Cut(strings.TrimPrefix(place, "inet:"), ":")
	if strings.HasPrefix(host, "/") || strings.HasPrefix(host, "[") {
		return server{}, "is not an address that python-memcached understands: " +
			"use host, host:port, inet6:[address]:port or unix:path"
	}
	return tcp(host, port, weight)
}

func socket(path string, weight int) (server, string) {
	if path == "" || strings.ContainsAny(path, "\x00\n") {
		return server{}, notAnAddress
	}
	return server{host: path, weight: weight, address: path}, ""
}

func tcp(host, port string, weight int) (server, string) {
	number := defaultPort
	if port != "" {
		var err error
		if number, err = strconv.Atoi(port); err != nil || number < 1 || number > 65535 {
			return server{}, notAnAddress
		}
	}
	if host == "" || strings.ContainsAny(host, " \t\n\x00/[]") {
		return server{}, notAnAddress
	}
	return server{host: host, port: number, weight: weight, address: net.JoinHostPort(host, strconv.Itoa(number))}, ""
}
