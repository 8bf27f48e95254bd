package py

import (
	"fmt"
	"time"
)

// A DateTime is a Python datetime, with microsecond precision.
//
// Time in a naive one (without tzinfo) is the wall clock reading as if it were in UTC;
// [DateTime.In] returns the instant at a given place. Time in an aware one is the
// instant, in a fixed or named zone. It is written with a datetime.timezone of the offset
// in force at that instant, unless [DateTime.WithTZInfo] gave it another tzinfo object.
type DateTime struct {
	Time  time.Time
	Naive bool
	// Fold selects one of the two readings when a wall clock is set back: false is the
	// earlier one. In an aware DateTime, Time is already the right instant, and Fold is
	// only the attribute that Python keeps with it.
	Fold bool

	zone *zoned
}

// HashKey implements [Hashable]. Aware values are equal if they are the same instant,
// naive ones if they show the same reading. Python compares two values with the same
// tzinfo object by their readings, which differs where a clock is set forward or back.
func (d DateTime) HashKey() any {
	return struct {
		micros int64
		naive  bool
	}{d.Time.UnixMicro(), d.Naive}
}

// In returns the instant of d: d.Time if d is aware, and otherwise the moment at which
// the clocks of loc showed the reading. A reading that occurred twice is the earlier
// moment unless Fold is set. A reading that was skipped gets the offset from before the
// change, or from after it with Fold. Matches datetime.replace(tzinfo=zoneinfo).
func (d DateTime) In(loc *time.Location) time.Time {
	if !d.Naive {
		return d.Time
	}
	// One day before and after the reading, the offsets from before and after a change
	// are in force.
	wall := d.Time
	_, before := wall.Add(-24 * time.Hour).In(loc).Zone()
	_, after := wall.Add(24 * time.Hour).In(loc).Zone()
	if d.Fold {
		before, after = after, before
	}
	for _, offset := range []int{before, after} {
		t := wall.Add(-time.Duration(offset) * time.Second).In(loc)
		if _, got := t.Zone(); got == offset {
			return t
		}
	}
	return wall.Add(-time.Duration(before) * time.Second).In(loc)
}

// NaiveIn returns the reading that the clocks of loc show at t, without a zone. Matches
// timezone.make_naive.
func NaiveIn(t time.Time, loc *time.Location) DateTime {
	t = t.In(loc)
	wall := time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), time.UTC)
	d := DateTime{Time: wall, Naive: true}
	d.Fold = !d.In(loc).Equal(t)
	return d
}

// ISOFormat returns d as Python's datetime.isoformat does: with microseconds only if they
// are not zero, and with the offset as +HH:MM unless d is naive. The offset includes
// seconds if they are not zero and is never Z. Fractions of a microsecond are cut off.
func (d DateTime) ISOFormat() string {
	layout := "2006-01-02T15:04:05"
	if d.Time.Nanosecond()/1000 != 0 {
		layout += ".000000"
	}
	text := d.Time.Format(layout)
	if d.Naive {
		return text
	}
	_, offset := d.Time.Zone()
	return text + isoOffset(offset)
}

// isoOffset returns an offset as +HH:MM or +HH:MM:SS. Go's layout would write minus one
// second as "+00:00:-01".
func isoOffset(offset int) string {
	sign := '+'
	if offset < 0 {
		sign, offset = '-', -offset
	}
	text := fmt.Sprintf("%c%02d:%02d", sign, offset/3600, offset/60%60)
	if offset%60 != 0 {
		text += fmt.Sprintf(":%02d", offset%60)
	}
	return text
}
