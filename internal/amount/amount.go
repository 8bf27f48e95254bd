// Package amount writes numbers of things for people.
package amount

import "strconv"

// Number writes 1234567 as 1,234,567.
func Number[T int | int64](n T) string {
	digits := strconv.FormatInt(int64(n), 10)
	for i := len(digits) - 3; i > 0 && digits[i-1] != '-'; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// Of returns "1 session", "2,000 sessions".
func Of[T int | int64](n T, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return Number(n) + " " + noun
}
