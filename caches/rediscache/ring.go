package rediscache

import (
	"bytes"
	"crypto/sha256"
	"slices"
	"sort"
	"strconv"
	"strings"
)

// ring is the hash ring of django-redis's ShardClient.
type ring struct{ points []point }

type point struct {
	hash   [sha256.Size]byte
	server int
}

const pointsPerServer = 128

// newRing returns the ring for servers with these URLs, which count as they are written.
func newRing(urls []string) *ring {
	r := &ring{points: make([]point, 0, pointsPerServer*len(urls))}
	for i, url := range urls {
		for x := range pointsPerServer {
			r.points = append(r.points, point{hash: sha256.Sum256([]byte(url + ":" + strconv.Itoa(x))), server: i})
		}
	}
	slices.SortFunc(r.points, func(a, b point) int { return bytes.Compare(a.hash[:], b.hash[:]) })
	return r
}

// server returns the index of the server that has a key: that of the last point up to its
// hash, or of the last one of all.
func (r *ring) server(key string) int {
	hash := sha256.Sum256([]byte(tag(key)))
	after := sort.Search(len(r.points), func(i int) bool { return bytes.Compare(r.points[i].hash[:], hash[:]) > 0 })
	if after == 0 {
		after = len(r.points)
	}
	return r.points[after-1].server
}

// tag returns the part of a key that is hashed: the text between the last { that has a }
// after it and the last }, or all of it. Matches ShardClient._findhash.
func tag(key string) string {
	end := strings.LastIndexByte(key, '}')
	if end < 0 {
		return key
	}
	start := strings.LastIndexByte(key[:end], '{')
	if start < 0 {
		return key
	}
	return key[start+1 : end]
}
