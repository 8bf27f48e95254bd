package memcached

import (
	"strings"
	"testing"
)

// TestHashesAreThoseOfTheClients has hashes that the Python clients computed.
func TestHashesAreThoseOfTheClients(t *testing.T) {
	t.Parallel()
	key := func(letter string) string { return ":1:django.contrib.sessions.cache" + strings.Repeat(letter, 32) }
	tests := []struct {
		key          string
		murmur3      [3]uint32 // of the three nodes and the key
		oneAtATime   uint32
		crc15        uint32
		pymemcache   int
		modulo       int
		ketama       int
		weightedRing int
		pythonClient int
	}{
		{
			key: key("a"), murmur3: [3]uint32{0x391fd1b9, 0xcf4bee70, 0x1e5e4a4b}, oneAtATime: 0x03b89f9c, crc15: 15287,
			pymemcache: 1, modulo: 1, ketama: 0, weightedRing: 2, pythonClient: 2,
		},
		{
			key: key("b"), murmur3: [3]uint32{0x32c1dba3, 0xc2b3f7f6, 0xd37a87de}, oneAtATime: 0x91e8b441, crc15: 14075,
			pymemcache: 2, modulo: 1, ketama: 0, weightedRing: 1, pythonClient: 2,
		},
		{
			key: key("c"), murmur3: [3]uint32{0xb8832c93, 0x5f5daf84, 0xc0ec9411}, oneAtATime: 0x349e825f, crc15: 19904,
			pymemcache: 2, modulo: 0, ketama: 2, weightedRing: 1, pythonClient: 2,
		},
		{
			key: key("d"), murmur3: [3]uint32{0x2836243c, 0xbbc6a907, 0x87f12a18}, oneAtATime: 0xf79c6899, crc15: 30482,
			pymemcache: 1, modulo: 0, ketama: 1, weightedRing: 1, pythonClient: 2,
		},
		{
			key: key("k"), murmur3: [3]uint32{0x92f5cfea, 0x3a195b42, 0x1e9800ae}, oneAtATime: 0xacb02408, crc15: 8956,
			pymemcache: 0, modulo: 2, ketama: 1, weightedRing: 2, pythonClient: 1,
		},
		{
			key:     "p:2:django.contrib.sessions.cache" + strings.Repeat("z", 32),
			murmur3: [3]uint32{0x4abccae0, 0x97fb5c95, 0x89aa28d0}, oneAtATime: 0xe3a6df4a, crc15: 28563,
			pymemcache: 1, modulo: 0, ketama: 0, weightedRing: 2, pythonClient: 0,
		},
		{
			key:     ":1:django.contrib.sessions.cached_db" + strings.Repeat("0", 32),
			murmur3: [3]uint32{0x2623eee1, 0x3810412c, 0x01d6fa37}, oneAtATime: 0xf0c81b65, crc15: 19380,
			pymemcache: 1, modulo: 1, ketama: 2, weightedRing: 0, pythonClient: 0,
		},
	}
	var servers []server
	var nodes []string
	for port := 21211; port <= 21213; port++ {
		servers = append(servers, server{host: "127.0.0.1", port: port, weight: 1})
		nodes = append(nodes, servers[len(servers)-1].node())
	}
	ketama, _, _ := (libmemcached{}).choose(servers, map[string]any{"ketama": true})
	weighted, _, _ := (libmemcached{}).choose(servers, map[string]any{"ketama_weighted": true})
	plain, _, _ := (libmemcached{}).choose(servers, nil)
	for _, test := range tests {
		for i, want := range test.murmur3 {
			if got := murmur3(nodes[i]+"-", test.key); got != want {
				t.Errorf("murmur3 %s-%s: %08x, want %08x", nodes[i], test.key, got, want)
			}
		}
		if got := oneAtATime(test.key); got != test.oneAtATime {
			t.Errorf("one_at_a_time %s: %08x, want %08x", test.key, got, test.oneAtATime)
		}
		if got := crc15(test.key); got != test.crc15 {
			t.Errorf("crc %s: %d, want %d", test.key, got, test.crc15)
		}
		got := [...]int{
			rendezvous(nodes)(test.key), plain(test.key), ketama(test.key), weighted(test.key), modulo(crc15, []int{0, 1, 2})(test.key),
		}
		want := [...]int{test.pymemcache, test.modulo, test.ketama, test.weightedRing, test.pythonClient}
		if got != want {
			t.Errorf("servers of %s: %v, want %v", test.key, got, want)
		}
	}
}
