package forwardauth

import (
	"encoding/binary"
	"math"
	"net/netip"
	"strconv"
	"testing"
	"time"
)

func TestLimiterIsBounded(t *testing.T) {
	t.Parallel()
	l := newLimiter(1, 1)
	now := time.Unix(1, 0)
	for n := range uint32(3 * maxAddresses) {
		var address [4]byte
		binary.BigEndian.PutUint32(address[:], n)
		l.missed(netip.AddrFrom4(address), now)
	}
	for n := range 3 * maxKnown {
		l.found(strconv.Itoa(n))
	}
	if len(l.next) > maxAddresses || len(l.known[0]) > maxKnown || len(l.known[1]) > maxKnown {
		t.Errorf("%d addresses, %d and %d cookies", len(l.next), len(l.known[0]), len(l.known[1]))
	}
	if client := (netip.Addr{}); !l.allows(client, "new", now) {
		t.Error("an unknown address is limited before it missed")
	}
}

func TestLimiterForgetsWithTime(t *testing.T) {
	t.Parallel()
	l := newLimiter(10, 2)
	client, now := netip.MustParseAddr("192.0.2.1"), time.Unix(1, 0)
	for range 2 {
		l.missed(client, now)
	}
	for after, allowed := range map[time.Duration]bool{0: false, 99 * time.Millisecond: false, 100 * time.Millisecond: true, time.Hour: true} {
		if got := l.allows(client, "new", now.Add(after)); got != allowed {
			t.Errorf("after %v: %v", after, got)
		}
	}
}

func TestClientIsTheLastAddress(t *testing.T) {
	t.Parallel()
	for line, address := range map[string]string{
		"192.0.2.1": "192.0.2.1", "10.0.0.1, 192.0.2.1": "192.0.2.1", "evil, ::ffff:192.0.2.1": "192.0.2.1",
		"[2001:db8::1]:4711": "2001:db8::1", "192.0.2.1:80": "192.0.2.1", "fe80::1%eth0": "fe80::1", "unknown": "invalid IP", "": "invalid IP",
	} {
		if got := clientOf([]string{"10.9.9.9", line}).String(); got != address {
			t.Errorf("%q: %s, want %s", line, got, address)
		}
	}
}

func TestLimiterOfExtremeRates(t *testing.T) {
	t.Parallel()
	client, now := netip.MustParseAddr("192.0.2.1"), time.Now()
	for name, test := range map[string]struct {
		perSecond float64
		burst     int
		misses    int // after which the next one is refused
	}{
		"hardly any": {perSecond: 1e-12, burst: 2, misses: 2},
		"many":       {perSecond: 1e12, burst: 2, misses: 2},
		"large":      {perSecond: 1e-12, burst: math.MaxInt, misses: 1_000_000},
	} {
		l := newLimiter(test.perSecond, test.burst)
		for n := range test.misses {
			if !l.allows(client, "cookie", now) {
				t.Fatalf("%s: refused after %d", name, n)
			}
			l.missed(client, now)
		}
		if l.allows(client, "cookie", now) {
			t.Errorf("%s: allowed after %d", name, test.misses)
		}
	}
}
