package py

import (
	"errors"
	"strings"
	"time"

	"github.com/djangobridge/djangobridge/internal/wtf8"
)

var errISOFormat = errors.New("py: not a date and time in ISO format")

// ParseISOFormat parses the formats that Python's datetime.fromisoformat reads, as of
// Python 3.11: the extended and the basic format, week dates, any separator, fractions of
// a second (cut off after microseconds), and an offset or Z. Python 3.10 and older read
// only the output of isoformat. It returns an error for other text.
func ParseISOFormat(s string) (DateTime, error) {
	if len(s) < 7 {
		return DateTime{}, errISOFormat
	}
	p := isoParser{s: s[:isoDateEnd(s)]}
	year, month, day := p.date()
	if p.bad || p.s != "" {
		return DateTime{}, errISOFormat
	}
	rest := s[isoDateEnd(s):]
	if rest == "" {
		return DateTime{Time: time.Date(year, month, day, 0, 0, 0, 0, time.UTC), Naive: true}, nil
	}
	_, size := wtf8.DecodeRune(rest) // the separator is any single character
	if len(rest) == size {
		return DateTime{}, errISOFormat
	}
	return isoTime(year, month, day, rest[size:])
}

// isoDateEnd finds the end of the date. This is ambiguous if the separator is a digit or
// a dash; it decides as CPython does.
func isoDateEnd(s string) int {
	end := 8 // YYYYMMDD
	switch {
	case len(s) == 7:
		end = 7 // YYYYWww
	case s[4] == '-' && s[5] != 'W':
		end = 10 // YYYY-MM-DD
	case s[4] == '-' && len(s) > 9 && s[8] == '-' && !(len(s) > 10 && isDigit(s[10])):
		end = 10 // YYYY-Www-D
	case s[4] == 'W':
		end = 7
		for end < len(s) && isDigit(s[end]) {
			end++
		}
		if end >= 9 { // no separator, or a digit
			end = 8 - (end+1)%2
		}
	}
	return min(end, len(s))
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// An isoParser reads fields from the front of s. It sets bad at the first missing field.
type isoParser struct {
	s   string
	bad bool
}

func (p *isoParser) digits(n int) int {
	if len(p.s) < n {
		p.bad = true
		return 0
	}
	v := 0
	for _, c := range []byte(p.s[:n]) {
		if !isDigit(c) {
			p.bad = true
			return 0
		}
		v = v*10 + int(c-'0')
	}
	p.s = p.s[n:]
	return v
}

func (p *isoParser) skip(c byte) bool {
	if p.s != "" && p.s[0] == c {
		p.s = p.s[1:]
		return true
	}
	return false
}

func (p *isoParser) date() (int, time.Month, int) {
	year := p.digits(4)
	dashed := p.skip('-')
	if p.skip('W') {
		week, weekday := p.digits(2), 1
		if p.s != "" {
			p.bad = p.bad || p.skip('-') != dashed
			weekday = p.digits(1)
		}
		return p.week(year, week, weekday)
	}
	month := p.digits(2)
	if p.skip('-') != dashed {
		p.bad = true
	}
	day := p.digits(2)
	t := time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
	if year < 1 || t.Day() != day || t.Month() != time.Month(month) {
		p.bad = true
	}
	return year, time.Month(month), day
}

func (p *isoParser) week(year, week, weekday int) (int, time.Month, int) {
	if year < 1 || week < 1 || week > 53 || weekday < 1 || weekday > 7 {
		p.bad = true
		return 0, 0, 0
	}
	fourth := time.Date(year, time.January, 4, 0, 0, 0, 0, time.UTC) // always in week 1
	monday := fourth.AddDate(0, 0, -(int(fourth.Weekday())+6)%7)
	if _, last := time.Date(year, time.December, 28, 0, 0, 0, 0, time.UTC).ISOWeek(); week > last {
		p.bad = true
	}
	t := monday.AddDate(0, 0, (week-1)*7+weekday-1)
	if t.Year() < 1 || t.Year() > 9999 {
		p.bad = true
	}
	return t.Date()
}

// A clock is a time of day or an offset.
type clock struct{ hour, minute, second, micro int }

// parseClock parses HH[:MM[:SS[.ffffff]]], with or without the colons, as leniently as
// CPython: a fraction may follow any field, and its point is optional if there are no
// colons. next is the byte after s in the whole text, or 0 at its end. trailing reports
// that s has unread text.
func parseClock(s string, next byte) (c clock, trailing, ok bool) {
	at := func(i int) byte {
		if i < len(s) {
			return s[i]
		}
		return next
	}
	pos, colons := 0, false
fields:
	for i, field := range []*int{&c.hour, &c.minute, &c.second} {
		p := isoParser{s: s[min(pos, len(s)):]}
		if *field = p.digits(2); p.bad {
			return c, false, false
		}
		pos += 3
		sep := at(pos - 1)
		if i == 0 {
			colons = sep == ':'
		}
		switch {
		case pos >= len(s):
			return c, sep != 0, true
		case colons && sep == ':':
		case sep == '.' || sep == ',':
			break fields
		case colons:
			return c, false, false
		default:
			pos--
		}
	}
	p := isoParser{s: s[pos:]}
	n := min(len(p.s), 6)
	c.micro = p.digits(n)
	for ; n < 6; n++ {
		c.micro *= 10
	}
	pos = len(s) - len(strings.TrimLeft(p.s, "0123456789")) // ignore digits below a microsecond
	return c, at(pos) != 0, !p.bad
}

func isoTime(year int, month time.Month, day int, s string) (DateTime, error) {
	c, sign, offset, ok := isoClock(s)
	if !ok {
		return DateTime{}, errISOFormat
	}
	t := time.Date(year, month, day, c.hour, c.minute, c.second, c.micro*1000, time.UTC)
	if sign == 0 {
		return DateTime{Time: t, Naive: true}, nil
	}
	seconds, micros, ok := isoZone(sign, offset)
	if !ok {
		return DateTime{}, errISOFormat
	}
	if seconds == 0 {
		return DateTime{Time: t}, nil
	}
	// Go's zones have whole seconds, but the instant is exact to the microsecond.
	t = t.Add(-time.Duration(seconds)*time.Second - time.Duration(micros)*time.Microsecond)
	return DateTime{Time: t.In(time.FixedZone("", seconds))}, nil
}

// isoClock parses a time of day. It returns the sign of the offset that follows, or Z, or
// 0 if there is no offset, and the remaining text.
func isoClock(s string) (c clock, sign byte, offset string, ok bool) {
	text := s
	if zone := strings.IndexAny(s, "+-Z"); zone >= 0 {
		text, sign, offset = s[:zone], s[zone], s[zone+1:]
	}
	c, trailing, ok := parseClock(text, sign)
	ok = ok && (!trailing || sign != 0) && c.hour <= 23 && c.minute <= 59 && c.second <= 59
	return c, sign, offset, ok
}

// isoZone parses an offset without its sign. The text after Z must be empty.
func isoZone(sign byte, text string) (seconds, micros int, ok bool) {
	if sign == 'Z' {
		return 0, 0, text == "" || text[0] == 0
	}
	c, trailing, ok := parseClock(text, 0)
	seconds = c.hour*3600 + c.minute*60 + c.second
	switch {
	case !ok || trailing || seconds >= secondsPerDay:
		return 0, 0, false
	case seconds == 0: // UTC, regardless of the fraction
		return 0, 0, true
	case sign == '-':
		return -seconds, -c.micro, true
	}
	return seconds, c.micro, true
}
