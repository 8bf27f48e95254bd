package memcached

import (
	"crypto/md5" //nolint:gosec // libmemcached chooses servers with it
	"encoding/binary"
	"fmt"
	"math"
	"sort"
)

// A chooser returns the index of the server that a client uses for a key. There are at
// least two servers.
type chooser func(key string) int

// rendezvous is pymemcache's RendezvousHash: the node with the highest hash wins, and of
// two with the same hash, the one whose name is greater.
func rendezvous(nodes []string) chooser {
	starts := make([]string, len(nodes))
	for i, node := range nodes {
		starts[i] = node + "-"
	}
	return func(key string) int {
		best, winner := uint32(0), -1
		for i, start := range starts {
			h := murmur3(start, key)
			if winner < 0 || h > best || h == best && nodes[i] > nodes[winner] {
				best, winner = h, i
			}
		}
		return winner
	}
}

// modulo takes the remainder of a hash. Each bucket has the index of a server.
func modulo(hash hashFunction, buckets []int) chooser {
	return func(key string) int { return buckets[hash(key)%uint32(len(buckets))] }
}

// crcOrOne is the hash of python-memcached before 1.60.
func crcOrOne(key string) uint32 { return max(crc15(key), 1) }

// A point is a place on libmemcached's ring.
type point struct {
	value  uint32
	server int
}

// ring returns libmemcached's consistent distribution over sorted points.
func ring(hash hashFunction, points []point) chooser {
	return func(key string) int {
		h := hash(key)
		i := sort.Search(len(points), func(i int) bool { return points[i].value >= h })
		if i == len(points) {
			i = 0
		}
		return points[i].server
	}
}

const (
	pointsPerServer         = 100
	weightedPointsPerServer = 160
	pointsPerDigest         = 4
)

// points returns the ring of servers that count equally. text returns the text of a
// server's n-th point.
func points(servers []server, hash hashFunction, text func(server, int) string) []point {
	found := make([]point, 0, pointsPerServer*len(servers))
	for i, s := range servers {
		for n := range pointsPerServer {
			found = append(found, point{value: hash(text(s, n)), server: i})
		}
	}
	return sorted(found)
}

// weightedPoints returns the ring of servers with weights, which uses MD5.
func weightedPoints(servers []server, text func(server, int) string) []point {
	total := 0
	for _, s := range servers {
		total += s.weight
	}
	var found []point
	for i, s := range servers {
		for n := range digests(s.weight, total, len(servers)) {
			digest := md5.Sum([]byte(text(s, n))) //nolint:gosec // as above
			for part := range pointsPerDigest {
				found = append(found, point{value: binary.LittleEndian.Uint32(digest[4*part:]), server: i})
			}
		}
	}
	return sorted(found)
}

// digests is the number of digests that a server has on the weighted ring, with the
// rounding of libmemcached's single precision.
func digests(weight, total, servers int) int {
	share := float32(weight) / float32(total)
	share = share * weightedPointsPerServer / pointsPerDigest * float32(servers)
	return int(math.Floor(float64(float32(float64(share) + 1e-10))))
}

func sorted(points []point) []point {
	sort.SliceStable(points, func(i, j int) bool { return points[i].value < points[j].value })
	return points
}

// ketamaText is the text of a point for all distributions but the next.
func ketamaText(s server, n int) string {
	if s.port == defaultPort {
		return fmt.Sprintf("%s-%d", s.host, n)
	}
	return fmt.Sprintf("%s:%d-%d", s.host, s.port, n)
}

// spyText is the text of a point as the Java client spymemcached builds it.
func spyText(s server, n int) string { return fmt.Sprintf("/%s:%d-%d", s.host, s.port, n) }
