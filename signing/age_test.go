package signing_test

import (
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/signing"
)

// TestAgesAreRoundedAsInPython tests ages at the edge, where the result depends on
// rounding: time.time() is a float, the quotient of integer nanoseconds. Django 5.2.19
// gave these answers with its clock at these times.
func TestAgesAreRoundedAsInPython(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		now    int64 // in nanoseconds
		maxAge time.Duration
		passes bool
	}{
		{name: "rounded down", now: 1700000000144272509, maxAge: 144272400, passes: true},
		{name: "above the limit", now: 1700000000144272509, maxAge: 144272200},
		{name: "rounded up", now: 1700000000909925047, maxAge: 909925100},
		{name: "below the limit", now: 1700000000909925047, maxAge: 909925300, passes: true},
		{name: "the very age", now: 1700000000500000000, maxAge: 500 * time.Millisecond, passes: true},
		{name: "whole seconds", now: 1700000010000000000, maxAge: 10 * time.Second, passes: true},
		{name: "a second too old", now: 1700000011000000000, maxAge: 10 * time.Second},
	} {
		now := time.Unix(1700000000, 0)
		s, err := signing.NewTimestampSigner(signing.Options{Key: "k", Salt: "s", Now: func() time.Time { return now }})
		if err != nil {
			t.Fatal(err)
		}
		signed := s.Sign("x")
		now = time.Unix(0, c.now)
		if _, err := s.UnsignMaxAge(signed, c.maxAge); (err == nil) != c.passes {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}
