// Package price is mutated by the tests of mutate. Functions whose names begin with Held
// are tested well. The others are tested badly or not at all.
package price

import (
	"errors"
	"time"
)

var ErrNegative = errors.New("negative price")

const limit = 100

var rebates = map[string]func(int) int{
	"none": func(price int) int { return price },
	"half": func(price int) int { return price / 2 },
}

// HeldCheap is a comparison that is also tested at the boundary.
func HeldCheap(price int) bool { return price < limit }

// Cheap is tested only far from the boundary.
func Cheap(price int) bool { return price < limit }

// HeldCheck returns an error that the tests check.
func HeldCheck(price int) (int, error) {
	if price < 0 {
		return 0, ErrNegative
	}
	return price, nil
}

// Check returns an error that the tests ignore.
func Check(price int) (int, error) { return HeldCheck(price) }

// Rebate uses a function from a package variable.
func Rebate(name string, price int) int { return rebates[name](price) }

// Both has a && whose second operand is always true in the tests.
func Both(a, b bool) bool { return a && b }

// Wait has a statement that no test needs, and a type of another package.
func Wait(total *time.Duration) {
	*total += time.Second
	total = nil
}

// Spin ends only if its boundary is right.
func Spin() int {
	for i := uint8(250); ; i++ {
		if i == 0 {
			return 7
		}
	}
}

// Generic has type parameters, and values that already are zero.
func Generic[T any](v T, found bool) (T, bool) {
	if !found {
		return *new(T), false
	}
	return v, true
}

// Alone is not called by any test of this package.
func Alone(price int) bool { return !(price == 7) }
