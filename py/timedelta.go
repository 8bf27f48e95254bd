package py

import (
	"fmt"
	"math"
	"time"
)

// A TimeDelta is a Python timedelta in Python's normal form: Seconds is 0 to 86,399,
// Microseconds is 0 to 999,999, and only Days may be negative. [NewTimeDelta] and
// [TimeDeltaOf] return this form.
type TimeDelta struct {
	Days, Seconds, Microseconds int
}

const (
	maxDays       = 999_999_999
	secondsPerDay = 24 * 60 * 60
	microsPerDay  = secondsPerDay * 1_000_000
)

// NewTimeDelta returns the sum of its arguments, or false if it exceeds Python's limit of
// 999,999,999 days. Matches timedelta(days, seconds, microseconds).
func NewTimeDelta(days, seconds, microseconds int64) (TimeDelta, bool) {
	carry, micros := divmod(microseconds, 1_000_000)
	more, rest := divmod(seconds, secondsPerDay)
	over, second := divmod(rest+carry%secondsPerDay, secondsPerDay)
	more += carry/secondsPerDay + over
	if days > math.MaxInt64/2 || days < math.MinInt64/2 {
		return TimeDelta{}, false // the sum would overflow
	}
	if days += more; days > maxDays || days < -maxDays {
		return TimeDelta{}, false
	}
	return TimeDelta{int(days), int(second), int(micros)}, true
}

// divmod divides as Python does: the remainder is never negative.
func divmod(a, b int64) (quotient, rest int64) {
	quotient, rest = a/b, a%b
	if rest < 0 {
		quotient, rest = quotient-1, rest+b
	}
	return quotient, rest
}

// TimeDeltaOf returns d as a timedelta. Fractions of a microsecond are cut off.
func TimeDeltaOf(d time.Duration) TimeDelta {
	t, _ := NewTimeDelta(0, 0, d.Microseconds())
	return t
}

// Duration returns t as a Duration, or false if t is longer than 292 years, the limit of
// Duration.
func (t TimeDelta) Duration() (time.Duration, bool) {
	const most = math.MaxInt64 / 1000 // microseconds
	if t.Days < -maxDays || t.Days > maxDays {
		return 0, false
	}
	micros := int64(t.Days)*microsPerDay + int64(t.Seconds)*1_000_000 + int64(t.Microseconds)
	if micros < -most || micros > most {
		return 0, false
	}
	return time.Duration(micros) * time.Microsecond, true
}

// String returns the same text as Python's str, such as "1 day, 0:00:05" or "-1 day,
// 23:59:59.500000".
func (t TimeDelta) String() string {
	text := fmt.Sprintf("%d:%02d:%02d", t.Seconds/3600, t.Seconds/60%60, t.Seconds%60)
	if t.Microseconds != 0 {
		text += fmt.Sprintf(".%06d", t.Microseconds)
	}
	switch t.Days {
	case 0:
		return text
	case 1, -1:
		return fmt.Sprintf("%d day, %s", t.Days, text)
	}
	return fmt.Sprintf("%d days, %s", t.Days, text)
}

// PyType implements [Typed].
func (TimeDelta) PyType() string { return "timedelta" }

// HashKey implements [Hashable].
func (t TimeDelta) HashKey() any { return t }
