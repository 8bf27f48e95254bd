package forwardauth

import (
	"hash/maphash"
	"net/netip"
	"sync"
	"time"
)

// limiter bounds how often the clients at one address may bring cookies that name no
// session, because each of them costs a query. An unknown cookie counts as one until its
// session is found, so loads in progress and failed ones count too. Clients with a cookie
// that has named a session are not limited, so an attacker locks out nobody who shares the
// address: only logins that are newer than the attack have to wait. It holds no login
// state.
type limiter struct {
	interval time.Duration // between two requests, on average
	burst    time.Duration // how much earlier they may come: interval times their number
	seed     maphash.Seed

	mu    sync.Mutex
	next  map[netip.Prefix]time.Time // when the address has used up nothing
	known [2]map[uint64]struct{}     // cookies that have named a session: recent ones, older ones
}

// Sizes of the maps. An attacker with more addresses makes it forget some.
const (
	maxAddresses = 1 << 16
	maxKnown     = 1 << 17 // twice; 16 MiB in all
)

// newLimiter returns a limiter; nil, which limits nothing, if perSecond is not positive.
func newLimiter(perSecond float64, burst int) *limiter {
	if !(perSecond > 0) {
		return nil
	}
	const rarest, mostAtOnce = 1.0 / 3600, 1_000_000 // so that no duration overflows
	interval := max(time.Duration(float64(time.Second)/max(perSecond, rarest)), 1)
	return &limiter{
		interval: interval, burst: interval * time.Duration(min(max(burst, 1), mostAtOnce)), seed: maphash.MakeSeed(),
		next: map[netip.Prefix]time.Time{}, known: [2]map[uint64]struct{}{{}, {}},
	}
}

// allows reports whether a request with this cookie may use the store, and whether the
// request counts as one whose cookie names no session.
func (l *limiter) allows(client netip.Addr, cookie string, now time.Time) (ok, counts bool) {
	if l == nil {
		return true, false
	}
	hash := maphash.String(l.seed, cookie)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.knows(hash) {
		return true, false
	}
	at := network(client)
	next := l.next[at]
	if next.Before(now) {
		next = now
	}
	if next.Sub(now) > l.burst-l.interval {
		return false, false
	}
	if len(l.next) >= maxAddresses {
		l.forget(now)
	}
	l.next[at] = next.Add(l.interval)
	return true, true
}

func (l *limiter) knows(hash uint64) bool {
	for _, cookies := range l.known {
		if _, ok := cookies[hash]; ok {
			return true
		}
	}
	return false
}

// found records that a cookie names a session. If its request counts, at the time that
// allows was told, it no longer does.
func (l *limiter) found(client netip.Addr, cookie string, counts bool, at time.Time) {
	if l == nil {
		return
	}
	hash := maphash.String(l.seed, cookie)
	l.mu.Lock()
	defer l.mu.Unlock()
	if counts {
		l.giveBack(network(client), at)
	}
	if len(l.known[0]) >= maxKnown {
		l.known[0], l.known[1] = map[uint64]struct{}{}, l.known[0]
	}
	l.known[0][hash] = struct{}{}
}

// giveBack reverses the count of a request that was allowed at this time.
func (l *limiter) giveBack(client netip.Prefix, at time.Time) {
	next, used := l.next[client]
	if next = next.Add(-l.interval); used && next.After(at) {
		l.next[client] = next
	} else {
		delete(l.next, client)
	}
}

// forget makes room: for addresses that have used up nothing, or for all.
func (l *limiter) forget(now time.Time) {
	for at, next := range l.next {
		if !next.After(now) {
			delete(l.next, at)
		}
	}
	if len(l.next) >= maxAddresses {
		clear(l.next)
	}
}

// network returns the network of one customer: an IPv4 address, or 64 bits of IPv6.
func network(client netip.Addr) netip.Prefix {
	bits := 32
	if client.Is6() {
		bits = 64
	}
	p, _ := client.Prefix(bits) // the zero prefix for an unknown client
	return p
}
