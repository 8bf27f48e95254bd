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
		l.allows(netip.AddrFrom4(address), "new", now)
	}
	client := netip.Addr{}
	for n := range 3 * maxKnown {
		l.found(client, strconv.Itoa(n), false, now)
	}
	if len(l.next) > maxAddresses || len(l.known[0]) > maxKnown || len(l.known[1]) > maxKnown {
		t.Errorf("%d addresses, %d and %d cookies", len(l.next), len(l.known[0]), len(l.known[1]))
	}
	if ok, _ := l.allows(client, "new", now); !ok {
		t.Error("an unknown address is limited before it missed")
	}
}

func TestLimiterForgetsWithTime(t *testing.T) {
	t.Parallel()
	client, now := netip.MustParseAddr("192.0.2.1"), time.Unix(1, 0)
	for after, allowed := range map[time.Duration]bool{0: false, 99 * time.Millisecond: false, 100 * time.Millisecond: true, time.Hour: true} {
		l := newLimiter(10, 2)
		for range 2 {
			l.allows(client, "new", now)
		}
		if got, _ := l.allows(client, "new", now.Add(after)); got != allowed {
			t.Errorf("after %v: %v", after, got)
		}
	}
}

// TestFoundSessionsGiveTheirCountBack has cookies whose sessions are found after others
// have used up the rest, and after a while.
func TestFoundSessionsGiveTheirCountBack(t *testing.T) {
	t.Parallel()
	client, now := netip.MustParseAddr("192.0.2.1"), time.Unix(1, 0)
	l := newLimiter(1, 3)
	for n := range 4 {
		if ok, counts := l.allows(client, strconv.Itoa(n), now); ok != (n < 3) || counts != ok {
			t.Errorf("request %d: allowed %v, counts %v", n, ok, counts)
		}
	}
	l.found(client, "1", true, now)
	if ok, counts := l.allows(client, "1", now); !ok || counts {
		t.Errorf("a known cookie: allowed %v, counts %v", ok, counts)
	}
	l.found(client, "1", false, now)
	for n, want := range []bool{true, false} {
		if ok, _ := l.allows(client, "new", now); ok != want {
			t.Errorf("request %d after it: %v", n, ok)
		}
	}
	l = newLimiter(1, 3)
	l.allows(client, "a", now)
	l.found(client, "a", true, now)
	if len(l.next) > 0 {
		t.Errorf("an address that has used up nothing is kept until %v", l.next)
	}
	l.found(client, "b", true, now) // its count was forgotten
	for n := range 4 {
		if ok, _ := l.allows(client, "new", now); ok != (n < 3) {
			t.Errorf("request %d in the end: %v", n, ok)
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
			if ok, _ := l.allows(client, "cookie", now); !ok {
				t.Fatalf("%s: refused after %d", name, n)
			}
		}
		if ok, _ := l.allows(client, "cookie", now); ok {
			t.Errorf("%s: allowed after %d", name, test.misses)
		}
	}
}
