package rediscache

import (
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"

	"github.com/djangobridge/djangobridge/djangosession"
)

// Options configure a cache where Django has no setting.
type Options struct {
	// Client is used in place of a client for the servers in LOCATION, for connections
	// that the settings cannot describe, such as credentials that change. It must reach
	// the primary with the database of the site's sessions. Its MaxRetries concerns only
	// reads: a write whose answer is lost is not sent again, because it could then happen
	// after a later one. Its hooks get such commands in a type of this package. A client
	// for clusters must have the default command resolver. Close does not close it.
	Client redis.UniversalClient
	// Cluster makes LOCATION the servers of a Redis Cluster, from which the client learns
	// the others. Neither of the supported backends can use a cluster; some sites give
	// django-redis a REDIS_CLIENT_CLASS that can. redis.cluster.RedisCluster is known.
	Cluster bool
}

// The backends that this package implements.
const (
	djangoBackend      = "django.core.cache.backends.redis.RedisCache"
	djangoRedisBackend = "django_redis.cache.RedisCache"
)

// site is what the settings say about a cache.
type site struct {
	django    bool // Django's own backend, else django-redis
	format    *format
	servers   []server
	urls      []string // of the servers, as written
	sentinels *sentinels
	shards    bool // the keys are distributed over all servers; else only the first one is used
	cluster   bool
}

// sentinels are the servers of Redis Sentinel.
type sentinels struct {
	addrs              []string
	username, password string
	tls                bool
}

// readSite reads SESSION_CACHE. The error is a [*djangosession.SettingError].
func readSite(s djangosession.Settings, o Options) (*site, error) {
	c := s.SessionCache
	name := fmt.Sprintf("CACHES[%q]", c.Alias)
	switch {
	case c.Error != "":
		return nil, settingError(name, "could not be examined inside Django ("+c.Error+"): correct that, and export the settings again")
	case c.Backend == "":
		return nil, settingError(name, "is not in the settings: export them again (djangosession settings script)")
	case c.Backend != djangoBackend && c.Backend != djangoRedisBackend:
		return nil, settingError(name+`["BACKEND"]`, fmt.Sprintf(
			"%q is not supported: use %s or %s itself", c.Backend, djangoBackend, djangoRedisBackend))
	}
	t := &site{django: c.Backend == djangoBackend, urls: c.Location, cluster: o.Cluster}
	v := newValues(name+`["OPTIONS"]`, c.Options)
	tls := tlsDefaults{checkHostname: major(c.Clients["redis"]) >= hostnamesSince}
	kwargs := v.given
	var err error
	if t.django {
		err = t.readDjango(s, v)
	} else {
		kwargs, err = t.readDjangoRedis(s, v)
	}
	if err != nil || o.Client != nil && !t.shards {
		return t, err
	}
	if o.Client != nil {
		return nil, v.refuse("CLIENT_CLASS", "shards keys over several servers: unset Options.Client")
	}
	err = t.readServers(name, kwargs, tls)
	return t, err
}

// hostnamesSince is the release of redis-py that checks host names in certificates by
// default.
const hostnamesSince = 6

func major(version string) int {
	first, _, _ := strings.Cut(version, ".")
	n, err := strconv.Atoi(first)
	if err != nil {
		return hostnamesSince
	}
	return n
}

// readServers reads the URLs of the servers that are used.
func (t *site) readServers(cache string, kwargs map[string]any, tls tlsDefaults) error {
	setting := cache + `["LOCATION"]`
	urls := t.urls
	if !t.shards && !t.cluster && len(urls) > 1 {
		urls = urls[:1]
	}
	if len(urls) == 0 {
		return settingError(setting, "is empty: it must contain the URL of a server")
	}
	for _, url := range urls {
		s, err := newServer(cache, url, kwargs, tls)
		if err != nil {
			return err
		}
		if t.cluster && s.db != 0 {
			return settingError(setting, "names a database, and a cluster has only the database 0")
		}
		if t.sentinels != nil && s.service == "" {
			return settingError(setting, "does not name a service of Sentinel: it must be redis://SERVICE/DATABASE")
		}
		if t.sentinels != nil && t.sentinels.tls != (s.tls != nil) {
			return settingError(setting, "uses TLS only for Sentinel or only for its servers: use it for both, or set Options.Client")
		}
		t.servers = append(t.servers, s)
	}
	return nil
}

// readDjango reads the OPTIONS of Django's own backend, except the arguments of
// connections.
func (t *site) readDjango(s djangosession.Settings, v *values) (err error) {
	serializer, pool := "", ""
	if err := firstError(
		func() error { return v.class("serializer", &serializer) },
		func() error { return v.class("pool_class", &pool) },
	); err != nil {
		return err
	}
	if serializer != "" && serializer != "django.core.cache.backends.redis.RedisSerializer" {
		return v.refuse("serializer", fmt.Sprintf("%q is not supported: values are in a format of the site's own", serializer))
	}
	if err := refusePool(v, "pool_class", pool, false); err != nil {
		return err
	}
	t.format, err = newFormat(s, newValues("", nil))
	return err
}

// refusePool refuses pools that may connect in their own way.
func refusePool(v *values, name, class string, sentinel bool) error {
	known := []string{
		"", "redis.ConnectionPool", "redis.connection.ConnectionPool", "redis.BlockingConnectionPool",
		"redis.connection.BlockingConnectionPool",
	}
	if sentinel {
		known = append(known, "redis.sentinel.SentinelConnectionPool")
	}
	if !slices.Contains(known, class) {
		return v.refuse(name, fmt.Sprintf("%q is not supported: it may connect in its own way", class))
	}
	return nil
}

// readDjangoRedis reads the OPTIONS of django-redis. It returns the arguments of
// connections.
func (t *site) readDjangoRedis(s djangosession.Settings, v *values) (map[string]any, error) {
	client, factory, pool, redisClient := "", "", "", ""
	var kwargs, clientKwargs *values
	err := firstError(
		func() error { return v.class("CLIENT_CLASS", &client) },
		func() error { return v.class("CONNECTION_FACTORY", &factory) },
		func() error { return v.class("CONNECTION_POOL_CLASS", &pool) },
		func() error { return v.class("REDIS_CLIENT_CLASS", &redisClient) },
		func() (err error) { kwargs, err = v.nested("CONNECTION_POOL_KWARGS"); return err },
		func() (err error) { clientKwargs, err = v.nested("REDIS_CLIENT_KWARGS"); return err },
		func() (err error) { t.format, err = newFormat(s, v); return err },
		func() error { return t.readClient(s, v, client) },
		func() error { return t.readFactory(s, v, client, factory, pool) },
	)
	if err != nil {
		return nil, err
	}
	switch redisClient {
	case "", "redis.Redis", "redis.StrictRedis", "redis.client.Redis", "redis.client.StrictRedis":
	case "redis.RedisCluster", "redis.cluster.RedisCluster":
		t.cluster = true
	default:
		return nil, v.refuse("REDIS_CLIENT_CLASS", fmt.Sprintf("%q is not supported: it may store values in its own way", redisClient))
	}
	if t.cluster && (t.shards || t.sentinels != nil) {
		return nil, v.refuse("CLIENT_CLASS", "cannot be used with a cluster")
	}
	for option, argument := range map[string]string{
		"USERNAME": "username", "PASSWORD": "password",
		"SOCKET_TIMEOUT": "socket_timeout", "SOCKET_CONNECT_TIMEOUT": "socket_connect_timeout",
	} {
		value, ok := v.take(option)
		if _, given := kwargs.given[argument]; ok && !given && value != "" && value != 0.0 {
			kwargs.given[argument] = value
		}
	}
	// These concern errors, listings and parsing. A service reports all errors, and uses
	// one server.
	v.ignore("IGNORE_EXCEPTIONS", "PARSER_CLASS", "REVERSE_KEY_FUNCTION", "REPLICA_READ_ONLY", "SLAVE_READ_ONLY", "MAX_ENTRIES",
		"CULL_FREQUENCY", "CLOSE_CONNECTION", "AUTO_CHARSET")
	clientKwargs.ignore("single_connection_client", "auto_close_connection_pool")
	return kwargs.given, firstError(clientKwargs.rest, v.rest)
}

// readClient reads CLIENT_CLASS.
func (t *site) readClient(s djangosession.Settings, v *values, class string) error {
	const module = "django_redis.client."
	switch class {
	case "", module + "DefaultClient", module + "default.DefaultClient",
		module + "SentinelClient", module + "sentinel.SentinelClient":
		return nil
	case module + "HerdClient", module + "herd.HerdClient":
		return t.format.herd(s)
	case module + "ShardClient", module + "sharded.ShardClient":
		t.shards = true
		return nil
	}
	return v.refuse("CLIENT_CLASS", fmt.Sprintf("%q is not supported: use one of django_redis.client", class))
}

// readFactory reads how django-redis connects, and Sentinel.
func (t *site) readFactory(s djangosession.Settings, v *values, client, factory, pool string) error {
	const module, setting = "django_redis.pool.", "DJANGO_REDIS_CONNECTION_FACTORY"
	sentinel := strings.HasSuffix(client, ".SentinelClient")
	inOptions := factory != ""
	if !inOptions {
		if err := newValues(setting, s.SessionCache.Settings).class(setting, &factory); err != nil {
			return err
		}
	}
	switch factory {
	case "", module + "ConnectionFactory":
	case module + "SentinelConnectionFactory":
		sentinel = true
	default:
		if !inOptions {
			return settingError(setting, fmt.Sprintf("%q is not supported: it may connect in its own way", factory))
		}
		return v.refuse("CONNECTION_FACTORY", fmt.Sprintf("%q is not supported: it may connect in its own way", factory))
	}
	if err := refusePool(v, "CONNECTION_POOL_CLASS", pool, sentinel); err != nil {
		return err
	}
	list, _ := v.take("SENTINELS")
	kwargs, err := v.nested("SENTINEL_KWARGS")
	if err != nil {
		return err
	}
	if !sentinel { // these have no effect then
		return nil
	}
	t.sentinels = &sentinels{}
	pairs, _ := list.([]any)
	for _, pair := range pairs {
		p := newValues(v.setting+`["SENTINELS"]`, nil)
		if pair, ok := pair.([]any); ok && len(pair) == 2 {
			p.given["host"], p.given["port"] = pair[0], pair[1]
		}
		host, port := "", ""
		if err := firstError(
			func() error { return p.text("host", &host) },
			func() error { return p.text("port", &port) },
		); err != nil || host == "" || port == "" {
			return v.refuse("SENTINELS", "must be a list of pairs of host and port")
		}
		t.sentinels.addrs = append(t.sentinels.addrs, net.JoinHostPort(host, port))
	}
	if len(t.sentinels.addrs) == 0 {
		return v.refuse("SENTINELS", "must be a list of pairs of host and port")
	}
	return t.sentinels.readKwargs(kwargs)
}

func (t *sentinels) readKwargs(v *values) error {
	if err := firstError(
		func() error { return v.text("username", &t.username) },
		func() error { return v.text("password", &t.password) },
		func() error { return v.flag("ssl", &t.tls) },
	); err != nil {
		return err
	}
	v.ignore("socket_timeout", "socket_connect_timeout", "socket_keepalive", "retry_on_timeout", "decode_responses", "ssl_cert_reqs",
		"ssl_ca_certs", "ssl_certfile", "ssl_keyfile", "ssl_check_hostname") // those of the servers are used
	return v.rest()
}
