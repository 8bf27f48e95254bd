package rediscache

import (
	"errors"
	"net"
	"strings"
	"time"

	"github.com/djangobridge/djangobridge/caches"
	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/py"
	"github.com/djangobridge/djangobridge/signing"
)

// Sessions is the session engine redis_sessions.session of the package
// django-redis-sessions. It implements [djangosession.Merger] and [djangosession.Lister].
// It differs from that package as [caches.Engine] does from Django: a save never brings a
// deleted session back, an unreachable server is an error, and a key without a session is
// not used for a new one.
type Sessions struct {
	*caches.Engine
	cache *Cache
}

// sessionsModule is the SESSION_ENGINE of django-redis-sessions.
const sessionsModule = "redis_sessions.session"

// NewSessions returns the engine that SessionRedis of the settings describes. It connects
// to no server; call Check for that. The caller must close it.
//
// The error is a [*djangosession.SettingError], or that of [djangosession.NewCodec].
// NewSessions refuses a SESSION_ENGINE that is not redis_sessions.session or a harmless
// subclass, and the settings POOL, SESSION_REDIS_CONNECTION_OBJECT and
// SESSION_REDIS_SENTINEL_LIST. The package itself ignores the servers in POOL, and uses
// Sentinel only without a host.
func NewSessions(s djangosession.Settings, o Options) (*Sessions, error) {
	if err := s.CheckEngine(sessionsModule); err != nil {
		return nil, err
	}
	codec, err := djangosession.NewCodec(s)
	if err != nil {
		return nil, err
	}
	t, prefix, err := readSessionRedis(s.SessionRedis)
	if err != nil {
		return nil, err
	}
	t.cluster = o.Cluster
	if t.cluster && t.servers[0].db != 0 {
		return nil, settingError("SESSION_REDIS", "names a database, and a cluster has only the database 0")
	}
	key := func(session string) string {
		if prefix == "" {
			return session
		}
		return prefix + ":" + session
	}
	c := &Cache{clients: newClients(t, o.Client), format: text{codec}, unit: time.Second, checkKey: key(checkName)}
	engine, err := caches.NewEngine(c, cacheSettings(s), caches.Options{KeyFunction: func(name, _, _ string) string {
		return key(strings.TrimPrefix(name, keyMark))
	}})
	if err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return &Sessions{Engine: engine, cache: c}, nil
}

// keyMark is in place of a cache_key_prefix, which is never empty.
const keyMark = "-"

// cacheSettings are the settings of the engine "cache" on which this one is built.
func cacheSettings(s djangosession.Settings) djangosession.Settings {
	s.SessionEngine = "django.contrib.sessions.backends.cache"
	s.SessionStoreClass = djangosession.SessionStoreClass{CacheKeyPrefix: keyMark}
	s.SessionCache = djangosession.SessionCache{}
	return s
}

// Close closes the connections, except those of Options.Client.
func (s *Sessions) Close() error { return s.cache.Close() }

// text is the format of SessionBase.encode: the text of the database.
type text struct{ codec *djangosession.Codec }

func (t text) encode(d *py.Dict) ([]byte, error) {
	encoded, err := t.codec.Encode(d)
	return []byte(encoded), err
}

// decode returns the codec's errors. Its text is signed, so they say whether the settings
// are outdated.
func (t text) decode(data []byte) (*py.Dict, error) {
	d, err := t.codec.Decode(string(data))
	if _, ok := errors.AsType[*djangosession.DecodeError](err); err != nil && !ok {
		err = &djangosession.DecodeError{Reason: signing.BadSerialization, Err: err}
	}
	return d, err
}

// readSessionRedis reads SESSION_REDIS and the settings beside it, and returns the prefix
// of keys.
func readSessionRedis(given map[string]any) (*site, string, error) {
	const setting = "SESSION_REDIS"
	if given == nil {
		return nil, "", settingError(setting, "is not in the settings: export them again (djangosession settings script)")
	}
	v := newValues(setting, given)
	for _, name := range []string{
		"POOL", setting + "_CONNECTION_OBJECT", setting + "_SENTINEL_LIST", setting + "_SENTINEL_MASTER_ALIAS",
	} {
		if _, ok := v.given[name]; ok {
			return nil, "", v.refuse(name, "is not supported: name one server with host and port or url, or set Options.Client")
		}
	}
	s := server{network: "tcp"}
	host, port, prefix, url, path := "localhost", defaultPort, "", "", ""
	if err := firstError(
		func() error { return v.text("host", &host) },
		func() error { return v.text("port", &port) },
		func() error { return v.text("prefix", &prefix) },
		func() error { return v.text("url", &url) },
		func() error { return v.text("unix_domain_socket_path", &path) },
		func() error { return v.text("password", &s.password) },
		func() error { return v.number("db", &s.db) },
		func() error { return v.seconds("socket_timeout", &s.wait) },
	); err != nil {
		return nil, "", err
	}
	v.ignore("retry_on_timeout")
	if err := v.rest(); err != nil {
		return nil, "", err
	}
	switch {
	case url != "":
		wait := s.wait // only that is used with a URL
		var err error
		if s, err = newServer(setting, url, nil, tlsDefaults{checkHostname: true}); err != nil {
			return nil, "", err
		}
		s.wait = wait
	case path != "":
		s.network, s.addr = "unix", path
	default:
		s.addr = net.JoinHostPort(host, port)
	}
	return &site{servers: []server{s}}, prefix, nil
}
