package price

import (
	"testing"
	"time"
)

func want[T comparable](t *testing.T, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestPrices(t *testing.T) {
	want(t, HeldCheap(99), true)
	want(t, HeldCheap(100), false)
	want(t, Cheap(5), true)
	want(t, Cheap(500), false)
	_, err := HeldCheck(-1)
	want(t, err, ErrNegative)
	price, err := HeldCheck(0)
	want(t, err, nil)
	want(t, price, 0)
	price, _ = HeldCheck(3)
	want(t, price, 3)
	price, _ = Check(3)
	want(t, price, 3)
	want(t, Rebate("none", 9), 9)
	want(t, Both(true, true), true)
	want(t, Both(false, true), false)
	var total time.Duration
	Wait(&total)
	want(t, total, time.Second)
	want(t, Spin(), 7)
	v, ok := Generic("x", true)
	want(t, v, "x")
	want(t, ok, true)
	v, ok = Generic("x", false)
	want(t, v, "")
	want(t, ok, false)
}
