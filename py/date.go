package py

import (
	"fmt"
	"time"
)

// A Date is a Python date.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// DateOf returns the date of t in its own location.
func DateOf(t time.Time) Date {
	year, month, day := t.Date()
	return Date{year, month, day}
}

// ParseDate parses the formats that Python's date.fromisoformat reads, as of Python 3.11.
// It returns an error for other text.
func ParseDate(s string) (Date, error) {
	p := isoParser{s: s}
	year, month, day := p.date()
	if p.bad || p.s != "" || len(s) != 7 && len(s) != 8 && len(s) != 10 {
		return Date{}, errISOFormat
	}
	return Date{year, month, day}, nil
}

// IsValid reports whether Python can represent the date: a day of the years 1 to 9999.
func (d Date) IsValid() bool {
	return d.Year >= 1 && d.Year <= 9999 && DateOf(d.In(time.UTC)) == d
}

// In returns the moment at which the day begins in loc.
func (d Date) In(loc *time.Location) time.Time {
	return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, loc)
}

// String returns the date as Python's isoformat and str do, such as 2023-11-14.
func (d Date) String() string { return fmt.Sprintf("%04d-%02d-%02d", d.Year, int(d.Month), d.Day) }

// PyType implements [Typed].
func (Date) PyType() string { return "date" }

// HashKey implements [Hashable].
func (d Date) HashKey() any { return d }

// MarshalText implements [encoding.TextMarshaler] as String.
func (d Date) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText implements [encoding.TextUnmarshaler] as [ParseDate].
func (d *Date) UnmarshalText(text []byte) error {
	parsed, err := ParseDate(string(text))
	if err == nil {
		*d = parsed
	}
	return err
}

// A Time is a Python time of day. The zero Time is midnight.
type Time struct {
	Hour, Minute, Second, Microsecond int
	Fold                              bool // the second of two readings when a clock is set back
	TZInfo                            any  // a Python tzinfo object, such as [TimeZone] returns; may be nil
}

// ParseTime parses the formats that Python's time.fromisoformat reads, as of Python 3.11,
// except offsets with a fraction of a second. It returns an error for other text.
func ParseTime(s string) (Time, error) {
	if s != "" && s[0] == 'T' {
		s = s[1:]
	}
	c, sign, offset, ok := isoClock(s)
	if !ok {
		return Time{}, errISOFormat
	}
	t := Time{Hour: c.hour, Minute: c.minute, Second: c.second, Microsecond: c.micro}
	if sign != 0 {
		seconds, micros, ok := isoZone(sign, offset)
		if !ok || micros != 0 {
			return Time{}, errISOFormat
		}
		t.TZInfo = TimeZone(seconds)
	}
	return t, nil
}

// IsValid reports whether Python can represent the time of day.
func (t Time) IsValid() bool {
	in := func(n, end int) bool { return 0 <= n && n < end }
	return in(t.Hour, 24) && in(t.Minute, 60) && in(t.Second, 60) && in(t.Microsecond, 1_000_000)
}

// Offset returns how many seconds the clock is ahead of UTC. It returns false if the
// offset depends on the date or if t has no TZInfo. Matches time.utcoffset.
func (t Time) Offset() (seconds int, ok bool) {
	if t.TZInfo == nil {
		return 0, false
	}
	z, ok := zoneOf(t.TZInfo)
	if !ok || !z.constant {
		return 0, false
	}
	_, seconds = time.Unix(0, 0).In(z.loc).Zone()
	return seconds, true
}

// ISOFormat returns t as Python's time.isoformat does, with microseconds only if they are
// not zero and with the offset if it is known.
func (t Time) ISOFormat() string {
	text := fmt.Sprintf("%02d:%02d:%02d", t.Hour, t.Minute, t.Second)
	if t.Microsecond != 0 {
		text += fmt.Sprintf(".%06d", t.Microsecond)
	}
	if offset, ok := t.Offset(); ok {
		text += isoOffset(offset)
	}
	return text
}

// String returns the same as ISOFormat.
func (t Time) String() string { return t.ISOFormat() }

// PyType implements [Typed].
func (Time) PyType() string { return "time" }

// HashKey implements [Hashable]. Times with a known offset are equal if they are the same
// time of day in UTC.
func (t Time) HashKey() any {
	micros := t.sinceMidnight().Microseconds()
	offset, aware := t.Offset()
	return struct {
		micros int64
		aware  bool
	}{micros - int64(offset)*1_000_000, aware}
}

// MarshalText implements [encoding.TextMarshaler] as ISOFormat.
func (t Time) MarshalText() ([]byte, error) { return []byte(t.ISOFormat()), nil }

// readDate and readTime read the bytes in which Python stores dates and times, including
// the fold bit.
func readDate(s string) Date {
	return Date{int(s[0])<<8 | int(s[1]), time.Month(s[2]), int(s[3])}
}

func readTime(s string) Time {
	return Time{Hour: int(s[0]), Minute: int(s[1]), Second: int(s[2]), Microsecond: int(s[3])<<16 | int(s[4])<<8 | int(s[5])}
}

func (t Time) sinceMidnight() time.Duration {
	return time.Duration(t.Hour*3600+t.Minute*60+t.Second)*time.Second + time.Duration(t.Microsecond)*time.Microsecond
}
