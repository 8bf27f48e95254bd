package py

import (
	"fmt"
	"time"
)

// A DateTime is a Python datetime, to the microsecond.
//
// Of a naive one (without tzinfo) Time carries the wall clock reading in UTC, and [DateTime.In] says which instant it is
// at a given place. Of an aware one Time is the instant, in a fixed or named zone; it is written with a datetime.timezone
// of the offset that is in force then, unless [DateTime.WithTZInfo] gave it another tzinfo object.
type DateTime struct {
	Time  time.Time
	Naive bool
	// Fold tells apart the two readings of a wall clock that was put back: false is the earlier one. An aware Time is the
	// right one already; the fold is then what Python keeps with it.
	Fold bool

	zone *zoned
}

// HashKey implements [Hashable]: aware ones are equal when they are the same instant, naive ones when they read the same. Python
// compares two of the same tzinfo object by what they read, which is something else where a clock is put forward or back.
func (d DateTime) HashKey() any {
	return struct {
		micros int64
		naive  bool
	}{d.Time.UnixMicro(), d.Naive}
}

// In returns the instant that d stands for: d.Time if it is aware, else the moment at which the clocks of loc showed it.
// A reading that came twice is the earlier moment unless Fold is set; one that was skipped is taken with the offset
// from before the change (after it with Fold). Matches datetime.replace(tzinfo=zoneinfo).
func (d DateTime) In(loc *time.Location) time.Time {
	if !d.Naive {
		return d.Time
	}
	// A day away from the reading the offsets before and after a change are in force.
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

// NaiveIn returns the reading that the clocks of loc show at t, without a zone. Matches timezone.make_naive.
func NaiveIn(t time.Time, loc *time.Location) DateTime {
	t = t.In(loc)
	wall := time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), time.UTC)
	d := DateTime{Time: wall, Naive: true}
	d.Fold = !d.In(loc).Equal(t)
	return d
}

// ISOFormat returns d as Python's datetime.isoformat does: microseconds only when there are any, the offset as +HH:MM
// (with seconds if it has them, never Z) unless d is naive. What is below a microsecond is cut off.
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

// isoOffset writes an offset as +HH:MM or +HH:MM:SS. Go's layout would write minus one second as "+00:00:-01".
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
