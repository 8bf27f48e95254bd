package memcached

import (
	"fmt"
	"slices"
)

// A libmemcached is the part of the state of pylibmc's C library that chooses servers.
type libmemcached struct {
	hash         hashFunction
	distribution string
	weighted     bool
}

// Names of distributions in pylibmc.
const (
	modula             = "modula"
	consistent         = "consistent"
	consistentKetama   = "consistent ketama"
	consistentWeighted = "consistent weighted"
	consistentSpy      = "consistent ketama spy"
)

// A behavior sets one of pylibmc's behaviors. Behaviors without a function change neither
// the server nor the value. Problems complete the sentence that begins with the name.
type behavior struct {
	name string
	set  func(l *libmemcached, v any, hasWeights bool) (problem string)
}

// behaviors are in the order in which pylibmc sets them, whatever the order in the
// settings.
func behaviors() []behavior {
	return []behavior{
		{name: "no_block"},
		{name: "tcp_nodelay"},
		{name: "tcp_keepalive"},
		{name: "hash", set: setHash},
		{name: "ketama_hash"}, // libmemcached uses it nowhere
		{name: "ketama", set: setKetama},
		{name: "ketama_weighted", set: setKetamaWeighted},
		{name: "distribution", set: setDistribution},
		{name: "cas"},
		{name: "buffer_requests"},
		{name: "verify_keys"},
		{name: "connect_timeout"},
		{name: "send_timeout"},
		{name: "receive_timeout"},
		{name: "num_replicas", set: onlyFalse},
		{name: "auto_eject"},
		{name: "retry_timeout"},
		{name: "_retry_timeout"},
		{name: "remove_failed"},
		{name: "failure_limit"},
		{name: "_io_msg_watermark"},
		{name: "_io_bytes_watermark"},
		{name: "_io_key_prefetch"},
		{name: "_hash_with_prefix_key"}, // without a namespace it changes nothing
		{name: "_noreply"},
		{name: "_sort_hosts", set: onlyFalse},
		{name: "_poll_timeout"},
		{name: "_socket_send_size"},
		{name: "_socket_recv_size"},
		{name: "dead_timeout"},
		{name: "pickle_protocol"},
	}
}

// choose returns the chooser of a pylibmc.Client with these behaviors. The problem
// completes the sentence that begins with the name.
func (l libmemcached) choose(servers []server, set map[string]any) (c chooser, name, problem string) {
	l.hash, l.distribution = oneAtATime, modula
	hasWeights := slices.ContainsFunc(servers, func(s server) bool { return s.weight > 1 })
	known := behaviors()
	for _, b := range known {
		v, ok := set[b.name]
		if !ok || b.set == nil {
			continue
		}
		if problem := b.set(&l, v, hasWeights); problem != "" {
			return nil, b.name, problem
		}
	}
	for name := range set {
		if !slices.ContainsFunc(known, func(b behavior) bool { return b.name == name }) {
			return nil, name, notSupported
		}
	}
	return l.chooser(servers), "", ""
}

func (l libmemcached) chooser(servers []server) chooser {
	text := ketamaText
	if l.distribution == consistentSpy {
		text = spyText
	}
	switch {
	case l.distribution == modula:
		buckets := make([]int, len(servers))
		for i := range buckets {
			buckets[i] = i
		}
		return modulo(l.hash, buckets)
	case l.weighted:
		return ring(l.hash, weightedPoints(servers, text))
	}
	return ring(l.hash, points(servers, l.hash, text))
}

func setHash(l *libmemcached, v any, _ bool) string {
	name, _ := v.(string)
	hash, ok := hashFunctions[name]
	if !ok {
		return fmt.Sprintf("%q is not supported", name)
	}
	l.hash = hash
	return ""
}

// setKetama matches pylibmc also in that False selects the distribution modula.
func setKetama(l *libmemcached, v any, hasWeights bool) string {
	on, problem := isTrue(v)
	l.distribution, l.weighted = modula, hasWeights
	if on {
		l.distribution = consistentKetama
	}
	return problem
}

// setKetamaWeighted matches pylibmc also in that False selects the distribution
// consistent ketama.
func setKetamaWeighted(l *libmemcached, v any, hasWeights bool) string {
	on, problem := isTrue(v)
	l.distribution, l.weighted = consistentKetama, hasWeights
	if on {
		l.hash, l.distribution, l.weighted = hashMD5, consistentWeighted, true
	}
	return problem
}

func setDistribution(l *libmemcached, v any, hasWeights bool) string {
	l.distribution, _ = v.(string)
	switch l.distribution {
	case consistent, consistentKetama:
		l.weighted = hasWeights
	case consistentWeighted:
		l.weighted = true
	case consistentSpy:
		l.weighted = l.weighted || hasWeights
	case modula:
	default:
		return fmt.Sprintf("%q is not supported", l.distribution)
	}
	return ""
}

// onlyFalse refuses behaviors that store a value on several servers, or on another.
func onlyFalse(_ *libmemcached, v any, _ bool) string {
	if on, problem := isTrue(v); on || problem != "" {
		return notSupported
	}
	return ""
}

// isTrue reports whether a value is true for pylibmc, which wants bools and numbers.
func isTrue(v any) (on bool, problem string) {
	switch v := v.(type) {
	case bool:
		return v, ""
	case float64:
		return v != 0, ""
	}
	return false, "must be True or False"
}
