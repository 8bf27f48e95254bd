package memcached

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"

	"github.com/djangobridge/djangobridge/djangosession"
)

// A site is what the settings say about the servers and their values.
type site struct {
	servers  []server
	choose   chooser
	prefix   string // precedes every key on the wire, and is not hashed
	inflates bool   // the site's client reads compressed values
	ascii    bool   // the site's client refuses other keys
	needTLS  bool
}

const backends = "django.core.cache.backends.memcached."

const (
	notSupported = "is not supported: remove it, if the site can do without"
	ownCode      = "names code of the site, which this service cannot run: use the default, if the site can do without"
)

// readSite reads the settings. The error is a [*djangosession.SettingError].
func readSite(c *djangosession.SessionCache) (*site, error) {
	var parse spelling
	var configure func(*site, *djangosession.SessionCache) error
	switch c.Backend {
	case backends + "PyMemcacheCache":
		parse, configure = pymemcacheServer, (*site).pymemcache
	case backends + "PyLibMCCache":
		parse, configure = pylibmcServer, (*site).pylibmc
	case backends + "MemcachedCache":
		parse, configure = pythonMemcachedServer, (*site).pythonMemcached
	default:
		return nil, refuse(c, "BACKEND", fmt.Sprintf("%q is not one of Django's memcached backends: "+
			"use %sPyMemcacheCache, or implement caches.Cache", c.Backend, backends))
	}
	if c.Error != "" {
		return nil, refuse(c, "", "was not found while the settings were exported: "+c.Error)
	}
	st := &site{}
	for i, place := range c.Location {
		weight := 1
		if i < len(c.Weights) {
			weight = c.Weights[i]
		}
		s, problem := parse(place, weight)
		if problem != "" {
			return nil, refuse(c, "LOCATION", fmt.Sprintf("%q %s", place, problem))
		}
		st.servers = append(st.servers, s)
	}
	if len(st.servers) == 0 {
		return nil, refuse(c, "LOCATION", "has no server: name one, such as 127.0.0.1:11211")
	}
	return st, configure(st, c)
}

// refuse returns the error for one of the settings of a cache.
func refuse(c *djangosession.SessionCache, setting, problem string) error {
	name := fmt.Sprintf("CACHES[%q]", c.Alias)
	if setting != "" {
		name += fmt.Sprintf("[%q]", setting)
	}
	return &djangosession.SettingError{Setting: name, Problem: problem}
}

func refuseOption(c *djangosession.SessionCache, option, problem string) error {
	return refuse(c, "OPTIONS", fmt.Sprintf("%q %s", option, problem))
}

// pymemcache reads the options of pymemcache.HashClient.
func (st *site) pymemcache(c *djangosession.SessionCache) error {
	nodes := make([]string, len(st.servers))
	for i := range st.servers {
		nodes[i] = st.servers[i].node()
	}
	st.choose = rendezvous(nodes)
	for name, v := range c.Options {
		problem := ""
		switch name {
		case "connect_timeout", "timeout", "no_delay", "socket_module", "socket_keepalive", "max_pool_size", "pool_idle_timeout",
			"lock_generator", "retry_attempts", "retry_timeout", "dead_timeout", "use_pooling", "ignore_exc", "default_noreply",
			"encoding", "serializer", "deserializer": // Django's serde has precedence over the last two
		case "allow_unicode_keys":
			allowed, _ := isTrue(v)
			st.ascii = !allowed
		case "key_prefix":
			st.prefix, problem = text(v)
		case "hasher":
			if v != "pymemcache.client.rendezvous.RendezvousHash" {
				problem = ownCode
			}
		case "serde":
			st.inflates, problem = serde(v)
		case "tls_context":
			st.needTLS = v != nil
		default:
			problem = notSupported
		}
		if problem != "" {
			return refuseOption(c, name, problem)
		}
	}
	return nil
}

// serde reports whether pymemcache inflates compressed values.
func serde(v any) (inflates bool, problem string) {
	o, _ := v.(map[string]any)
	switch o["$object"] {
	case "pymemcache.serde.PickleSerde":
		return false, ""
	case "pymemcache.serde.CompressedSerde":
		return true, ""
	}
	return false, "is neither pymemcache.serde.pickle_serde nor pymemcache.serde.compressed_serde: use one of them"
}

// text returns a str or bytes.
func text(v any) (s, problem string) {
	switch v := v.(type) {
	case string:
		return v, ""
	case map[string]any:
		if encoded, ok := v["$bytes"].(string); ok && len(v) == 1 {
			if b, err := base64.StdEncoding.DecodeString(encoded); err == nil {
				return string(b), ""
			}
		}
	}
	return "", "must be bytes"
}

// pylibmc reads the options of pylibmc.Client.
func (st *site) pylibmc(c *djangosession.SessionCache) error {
	st.inflates = true
	var behaviors map[string]any
	for name, v := range c.Options {
		switch {
		case name == "binary": // the other protocol stores the same
		case name == "behaviors":
			behaviors, _ = v.(map[string]any)
			if behaviors == nil && v != nil {
				return refuseOption(c, name, "must be a dict")
			}
		case (name == "username" || name == "password") && v == nil:
		case name == "username", name == "password":
			return refuseOption(c, name, "asks for SASL, which is not supported: "+
				"restrict access to the server by its network, or use TLS with client certificates")
		default:
			return refuseOption(c, name, notSupported)
		}
	}
	var name, problem string
	if st.choose, name, problem = (libmemcached{}).choose(st.servers, behaviors); problem != "" {
		return refuseOption(c, "behaviors", strconv.Quote(name)+" "+problem)
	}
	return nil
}

// pythonMemcached reads the options of memcache.Client.
func (st *site) pythonMemcached(c *djangosession.SessionCache) error {
	st.inflates = true
	for name, v := range c.Options {
		switch name {
		case "debug", "pickleProtocol", "server_max_key_length", "server_max_value_length", "dead_retry", "socket_timeout", "cache_cas",
			"flush_on_reconnect", "check_keys", "compressor":
		case "pickler", "unpickler", "decompressor", "pload", "pid", "key_encoder":
			if !isPythons(v) {
				return refuseOption(c, name, ownCode)
			}
		default:
			return refuseOption(c, name, notSupported)
		}
	}
	var buckets []int
	for i, s := range st.servers {
		for range s.weight {
			buckets = append(buckets, i)
		}
	}
	if len(buckets) == 0 {
		return refuse(c, "LOCATION", "has no server with a weight above 0: raise one of the weights")
	}
	hash, problem := pythonMemcachedHash(c.Clients["memcache"])
	if problem != "" && len(buckets) > 1 {
		return refuse(c, "BACKEND", problem)
	}
	st.choose = modulo(hash, buckets)
	return nil
}

// isPythons reports whether a value is None or one of python-memcached's defaults.
func isPythons(v any) bool {
	switch v {
	case nil, "pickle.Pickler", "pickle.Unpickler", "_pickle.Pickler", "_pickle.Unpickler", "zlib.decompress":
		return true
	}
	return false
}

// pythonMemcachedHash returns the hash of a release of python-memcached.
func pythonMemcachedHash(version string) (hash hashFunction, problem string) {
	major, rest, _ := strings.Cut(version, ".")
	minor, _, _ := strings.Cut(rest, ".")
	first, err := strconv.Atoi(major)
	if err != nil {
		return crc15, "needs the version of python-memcached, on which the choice of the server depends: " +
			"export the settings again (djangosession settings script) where it is installed"
	}
	const first1, last1 = 1, 59
	if second, err := strconv.Atoi(minor); first < first1 || first == first1 && (err != nil || second <= last1) {
		return crcOrOne, ""
	}
	return crc15, ""
}
