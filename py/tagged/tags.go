package tagged

import (
	"math"
	"strings"

	"github.com/djangobridge/djangobridge/internal/wtf8"
	"github.com/djangobridge/djangobridge/py"
)

// These are all tags. A new type needs a case in dumper.value, one in loader.untag and a
// line in the package comment.
const (
	tagBytes     = "$bytes"
	tagByteArray = "$bytearray"
	tagComplex   = "$complex"
	tagDate      = "$date"
	tagDateTime  = "$datetime"
	tagDecimal   = "$decimal"
	tagDict      = "$dict"
	tagFloat     = "$float"
	tagFrozenSet = "$frozenset"
	tagGlobal    = "$global"
	tagID        = "$id"
	tagObject    = "$object"
	tagRef       = "$ref"
	tagSet       = "$set"
	tagStr       = "$str"
	tagStr2      = "$str2"
	tagTime      = "$time"
	tagTimeDelta = "$timedelta"
	tagTuple     = "$tuple"
	tagUUID      = "$uuid"
)

// The keys of an object.
const (
	keyArgs       = "args"
	keyCallable   = "callable"
	keyClass      = "class"
	keyItems      = "items"
	keyKwargs     = "kwargs"
	keyNew        = "new"
	keyOldStyle   = "oldstyle"
	keyPairs      = "pairs"
	keyPersistent = "persistent"
	keySetter     = "setter"
	keyState      = "state"
)

// isTag reports whether key, alone in an object, is a tag.
func isTag(key string) bool { return key != "" && key[0] == '$' }

func isFinite(f float64) bool { return !math.IsInf(f, 0) && !math.IsNaN(f) }

// nonFinite returns Python's repr of a float that JSON cannot express.
func nonFinite(f float64) string {
	switch {
	case math.IsInf(f, 1):
		return "inf"
	case math.IsInf(f, -1):
		return "-inf"
	}
	return "nan"
}

// latin1 returns the text whose characters have the numbers of the bytes of s.
func latin1(s py.Str2) string {
	var b strings.Builder
	for i := range len(s) {
		b.WriteRune(rune(s[i]))
	}
	return b.String()
}

// nameContent returns the content for a name: text if its last dot separates module and
// name, and otherwise a list of both.
func nameContent(g *py.Global) any {
	if g.Module == "" || g.Name == "" || strings.Contains(g.Name, ".") || surrogateParts(g.String()) != nil {
		return py.NewList(g.Module, g.Name)
	}
	return g.String()
}

// withFold returns the content for a date or time: its text, and the information that the
// text lacks.
func withFold(text string, fold bool, tzinfo any) any {
	bit := int64(0)
	if fold {
		bit = 1
	}
	switch {
	case tzinfo != nil:
		return py.NewList(text, bit, py.Native(tzinfo))
	case fold:
		return py.NewList(text, bit)
	}
	return text
}

func dateTimeContent(d py.DateTime) any { return withFold(d.ISOFormat(), d.Fold, d.TZInfo()) }

func timeContent(t py.Time) any {
	tzinfo := t.TZInfo
	if offset, ok := t.Offset(); ok && py.Equal(tzinfo, py.TimeZone(offset)) {
		tzinfo = nil
	}
	return withFold(t.ISOFormat(), t.Fold, tzinfo)
}

// surrogateParts splits s between adjacent surrogates that JSON would read as one
// character. It returns nil if s has none.
func surrogateParts(s string) []string {
	var parts []string
	from := 0
	for at := 0; ; {
		i := strings.IndexByte(s[at:], 0xED) // the first byte of a surrogate
		if i < 0 {
			break
		}
		at += i + 1
		first, size := wtf8.DecodeRune(s[at-1:])
		second, _ := wtf8.DecodeRune(s[at-1+size:])
		if 0xD800 <= first && first < 0xDC00 && 0xDC00 <= second && second < 0xE000 {
			parts = append(parts, s[from:at-1+size])
			from = at - 1 + size
		}
	}
	if parts == nil {
		return nil
	}
	return append(parts, s[from:])
}
