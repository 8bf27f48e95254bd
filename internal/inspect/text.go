package inspect

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/djangobridge/djangobridge/internal/amount"
	"github.com/djangobridge/djangobridge/internal/wtf8"
)

// maxMarks is how many combining marks may follow a letter, as in Vietnamese or Thai.
const maxMarks = 2

// escaped writes a text so that every character can be seen. Invisible characters, those
// that change the direction of writing, and bytes outside UTF-8 become Python's escapes.
// It stops after limit characters and reports whether it did.
func escaped(b *strings.Builder, text string, quote rune, limit int) (cut bool) {
	marks := 0 // one after the other: a pile of them covers other lines
	for n := 0; text != ""; n++ {
		if n == limit {
			return true
		}
		r, size := wtf8.DecodeRune(text)
		if marks++; !unicode.IsMark(r) {
			marks = 0
		}
		switch {
		case marks > maxMarks:
			fmt.Fprintf(b, `\u%04x`, r)
		case r == unicode.ReplacementChar && size == 1: // not UTF-8
			fmt.Fprintf(b, `\x%02x`, text[0])
		case quote != 0 && (r == quote || r == '\\'):
			b.WriteByte('\\')
			b.WriteRune(r)
		default:
			escapeRune(b, r)
		}
		text = text[size:]
	}
	return false
}

func escapeRune(b *strings.Builder, r rune) {
	switch {
	case r == '\n':
		b.WriteString(`\n`)
	case r == '\t':
		b.WriteString(`\t`)
	case r == '\r':
		b.WriteString(`\r`)
	case r == ' ' || unicode.IsPrint(r):
		b.WriteRune(r)
	case r < 0x100:
		fmt.Fprintf(b, `\x%02x`, r)
	case r < 0x10000:
		fmt.Fprintf(b, `\u%04x`, r)
	default:
		fmt.Fprintf(b, `\U%08x`, r)
	}
}

// visible returns a text of unknown origin, such as a user name, in a form to show.
func visible(text string) string {
	const limit = 200
	var b strings.Builder
	if escaped(&b, text, 0, limit) {
		b.WriteString("…")
	}
	return b.String()
}

// plain is the text of an error without the names of Go packages in front.
func plain(err error) string {
	text := err.Error()
	for _, name := range []string{"auth: ", "djangosession: ", "tables: ", "files: ", "caches: ", "rediscache: ", "signing: "} {
		text = strings.TrimPrefix(text, name)
	}
	return text
}

// shownKey returns the beginning of a session key. A whole key gives access to the
// session.
func shownKey(key string) string {
	const shown = 8
	runes := []rune(key)
	if len(runes) == 0 {
		return "(empty)"
	}
	n := min(shown, max(1, len(runes)/2))
	return visible(string(runes[:n])) + "…"
}

// about rounds an estimate to the digits that mean something.
func about(n float64) string {
	unit := 1.0
	for n/unit >= 1000 {
		unit *= 10
	}
	return amount.Number(int64(n/unit+0.5) * int64(unit))
}

// sizeText writes a number of bytes for people.
func sizeText(n int64) string {
	switch {
	case n < 10_000:
		return amount.Of(n, "byte")
	case n < 1_000_000:
		return strconv.FormatFloat(float64(n)/1000, 'f', 1, 64) + " kB"
	}
	return strconv.FormatFloat(float64(n)/1e6, 'f', 1, 64) + " MB"
}

// share writes a part as per cent.
func share(part, whole int) string {
	if part == 0 || whole == 0 {
		return "0 %"
	}
	percent := 100 * float64(part) / float64(whole)
	switch {
	case part > 0 && percent < 0.1:
		return "under 0.1 %"
	case percent < 10:
		return strconv.FormatFloat(percent, 'f', 1, 64) + " %"
	}
	return strconv.FormatFloat(percent, 'f', 0, 64) + " %"
}

// shownTime writes a time for people.
func shownTime(t time.Time) string {
	if t.IsZero() {
		return "unknown"
	}
	return t.UTC().Format("2006-01-02 15:04:05 UTC")
}

// lasting writes a time span with its largest two units.
func lasting(d time.Duration) string {
	d = d.Abs()
	days := int64(d / (24 * time.Hour))
	hours, minutes := int64(d/time.Hour)%24, int64(d/time.Minute)%60
	switch {
	case days > 0:
		return amount.Of(days, "day") + " " + amount.Of(hours, "hour")
	case hours > 0:
		return amount.Of(hours, "hour") + " " + amount.Of(minutes, "minute")
	case minutes > 0:
		return amount.Of(minutes, "minute")
	}
	return amount.Of(int64(d/time.Second), "second")
}
