package pickle

import (
	"encoding/binary"
	"encoding/hex"
	"math/bits"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/py"
)

// The limits for reading: memory in bytes, per byte of input and in addition, and the
// time for each KB that was begun.
const (
	mostMemory = 64
	mostBase   = 1 << 20
	mostTime   = 10 * time.Millisecond
)

// spent returns the cost of reading data. allocated includes memory that was outgrown.
func spent(data []byte) (allocated, kept uint64, took time.Duration, err error) {
	var before, after, collected runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	start := time.Now()
	v, err := Loads(data)
	took = time.Since(start)
	runtime.ReadMemStats(&after)
	runtime.GC()
	runtime.ReadMemStats(&collected)
	runtime.KeepAlive(v)
	if collected.HeapAlloc > before.HeapAlloc {
		kept = collected.HeapAlloc - before.HeapAlloc
	}
	return after.TotalAlloc - before.TotalAlloc, kept, took, err
}

func timeLimit(data []byte) time.Duration { return time.Duration(len(data)/1024+1) * mostTime }

// retried returns the time of reading data. If took is above the limit, it reads data up
// to four times again, because another process may have used the processor.
func retried(data []byte, took, limit time.Duration) time.Duration {
	for try := 0; took > limit && try < 4; try++ {
		_, _, took, _ = spent(data)
	}
	return took
}

// bombs are pickles that are built to cost more than their size.
func bombs() map[string]string {
	u32 := func(n int) string { return string(binary.LittleEndian.AppendUint32(nil, uint32(n))) }
	each := func(n int, item func(i int) string) string {
		var b strings.Builder
		for i := range n {
			b.WriteString(item(i))
		}
		return b.String()
	}
	number := func(i int) string { return "J" + u32(i) }
	return map[string]string{
		"dicts in a list":               "(" + strings.Repeat("}", 1<<18) + "l.",
		"lists in a list":               "(" + strings.Repeat("]", 1<<18) + "l.",
		"sets in a list":                "(" + strings.Repeat("\x8f", 1<<18) + "l.",
		"memoized dicts in a list":      "(" + strings.Repeat("}\x94", 1<<17) + "l.",
		"one dict memoized again":       "}" + strings.Repeat("\x94", 1<<18) + ".",
		"one dict under wide numbers":   "}" + each(1<<15, func(i int) string { return "r" + u32(7*i) }) + ".",
		"one dict many times":           "(}" + strings.Repeat("2", 1<<18) + "l.",
		"fetched many times":            "(}\x94" + strings.Repeat("h\x00", 1<<17) + "l.",
		"one large dict in many places": "(" + strings.Repeat("]", 10_001) + "}q\x00(" + each(1<<13, func(i int) string { return number(i) + "N" }) + "u" + strings.Repeat("h\x00", 1<<15) + "l.",
		"marks":                         strings.Repeat("(", 1<<18),
		"tuples in tuples":              "N" + strings.Repeat("\x85", 1<<18) + ".",
		"lists in lists":                strings.Repeat("]", 1<<17) + strings.Repeat("a", 1<<17-1) + ".",
		"dicts in dicts":                strings.Repeat("}N", 1<<16) + "N" + strings.Repeat("s", 1<<16) + ".",
		"frozensets in frozensets":      strings.Repeat("(", 1<<16) + strings.Repeat("\x91", 1<<16) + ".",
		"objects in objects":            "cm\nf\nq\x000" + strings.Repeat("h\x00)R", 1<<14) + strings.Repeat("b", 1<<14-1) + ".",
		"far number of the memo":        "Nr\xff\xff\xff\x7f.",
		"far number in words":           "Np9223372036854775807\n.",
		"huge bytes":                    "\x8e\xff\xff\xff\xff\xff\xff\xff\x7f" + strings.Repeat("a", 1<<10) + ".",
		"huge list of nothing":          "(" + strings.Repeat("N", 1<<18) + "l.",
		"list that grows by one":        "]" + strings.Repeat("Na", 1<<17) + ".",
		"object that grows by one":      "cm\nf\n)R" + strings.Repeat("Na", 1<<17) + ".",
		"object that grows by pairs":    "cm\nf\n)R" + strings.Repeat("NNs", 1<<16) + ".",
		"dict that grows by one":        "}" + each(1<<15, func(i int) string { return number(i) + "Ns" }) + ".",
		"dict that grows at once":       "}(" + each(1<<15, func(i int) string { return number(i) + "N" }) + "u.",
		"set that grows at once":        "\x8f(" + each(1<<15, number) + "\x90.",
		"frozenset of numbers":          "(" + each(1<<15, number) + "\x91.",
		"many small dicts":              "(" + each(1<<13, func(i int) string { return "}" + number(i) + "Ns" }) + "l.",
		"many sets of nine":             "(" + each(1<<12, func(int) string { return "(K\x00K\x01K\x02K\x03K\x04K\x05K\x06K\x07K\x08\x91" }) + "l.",
		"dict of tuples":                "}(" + each(1<<14, func(i int) string { return number(i) + "\x85N" }) + "u.",
		"dict of doubled tuples":        "N\x85" + strings.Repeat("2\x86", 1000) + "q\x00}h\x00Ns.",
		"one deep tuple as many keys":   "}(" + "N" + strings.Repeat("\x85", 400) + "q\x00N" + each(1<<14, func(i int) string { return "h\x00" + number(i) + "\x86N" }) + "u.",
		"one deep key many times":       "}(" + "N" + strings.Repeat("\x85", 400) + "q\x00N" + strings.Repeat("h\x00N", 1<<15) + "u.",
		"one key of many frozensets":    "(" + each(1<<10, number) + "\x91q\x00}(" + each(1<<14, func(i int) string { return "h\x00" + number(i) + "\x86N" }) + "u\x86.",
		"one long key many times":       "}\x8d\x00\x00\x04\x00\x00\x00\x00\x00" + strings.Repeat("a", 1<<18) + "q\x000" + "(" + strings.Repeat("h\x00N", 1<<16) + "u.",
		"one long integer many times":   "}\x8b" + u32(1<<16) + strings.Repeat("\x7f", 1<<16) + "q\x000" + "(" + strings.Repeat("h\x00N", 1<<14) + "u.",
		"float of 309 digits as a key":  "}G\x7f\xef\xff\xff\xff\xff\xff\xffNs(" + strings.Repeat("K\x01N", 4096) + "u.",
		"many floats of 309 digits":     "}(" + each(1<<14, func(i int) string { return "G\x7f\xef" + u32(i) + "\x00\x00N" }) + "u.",
		"one list as many sets":         "c__builtin__\nset\nq\x00(" + each(1<<12, number) + "lq\x01" + strings.Repeat("h\x00h\x01\x85R0", 1<<13) + "N.",
		"one text as many bytes":        "c_codecs\nencode\nq\x00X" + u32(1<<15) + strings.Repeat("a", 1<<15) + "q\x01X\x06\x00\x00\x00latin1q\x02" + strings.Repeat("h\x00h\x01h\x02\x86Rq\x03", 1<<12) + "N.",
		"one bytes as many bytearrays":  "\x80\x03cbuiltins\nbytearray\nq\x00B" + u32(1<<15) + strings.Repeat("a", 1<<15) + "q\x01" + strings.Repeat("h\x00h\x01\x85Rq\x03", 1<<12) + "N.",
		"lists beside many bytearrays":  "\x80\x03cbuiltins\nbytearray\nq\x000B" + u32(1<<15) + strings.Repeat("a", 1<<15) + "q\x010(" + strings.Repeat("]", 1<<19) + strings.Repeat("h\x00h\x01\x85R", 770) + "l.",
		"integer in words":              "L" + strings.Repeat("9", MaxIntDigits) + "L\n.",
		"many integers in words":        strings.Repeat("L"+strings.Repeat("9", MaxIntDigits)+"L\n", 6) + ".",
		"integer in too many words":     "L" + strings.Repeat("9", 1<<19) + "L\n.",
		"zeros in words":                "I" + strings.Repeat("0", 1<<19) + "\n.",
		"float in words":                "F" + strings.Repeat("9", 1<<18) + "e-" + "300000\n.",
		"long integer":                  "\x8b" + u32(1<<18) + strings.Repeat("\xff", 1<<18) + ".",
		"text with escapes":             "V" + strings.Repeat("\\u2603", 1<<15) + "\n.",
		"text in latin-1":               "V" + strings.Repeat("\xe9", 1<<18) + "\n.",
		"surrogates":                    "\x8d\x00\x00\x03\x00\x00\x00\x00\x00" + strings.Repeat("\xed\xa0\x80", 1<<16) + ".",
		"names":                         strings.Repeat("ca\nb\n", 1<<16) + ".",
		"tuples of NaN as keys":         "}(" + strings.Repeat("G\x7f\xf8\x00\x00\x00\x00\x00\x00\x85N", 1<<14) + "u.",
		"numbers":                       strings.Repeat("M\xff\xff", 1<<16) + ".",
		"strings":                       strings.Repeat("\x8c\x00", 1<<17) + ".",
		"empty lines":                   strings.Repeat("V\n", 1<<17) + ".",
		"dicts of one, shared and deep": "(}\x94" + strings.Repeat("}\x94Nh\x00s", 1<<14) + "l.",
	}
}

// This measures the memory of the process, so nothing may run in parallel.
func TestBombsAreBounded(t *testing.T) { //nolint:paralleltest // see above
	for name, text := range bombs() {
		data := []byte(text)
		allocated, kept, took, err := spent(data)
		took = retried(data, took, timeLimit(data))
		most := uint64(mostMemory*len(data) + mostBase)
		mostAllocated := 2 * most
		if bits.UintSize == 32 && strings.Contains(name, "in words") {
			mostAllocated *= 2
		}
		if kept > most || allocated > mostAllocated {
			t.Errorf("%s, %d bytes: %d allocated, %d kept, %v", name, len(data), allocated, kept, err)
		}
		if took > timeLimit(data) {
			t.Errorf("%s, %d bytes: %v, %v", name, len(data), took, err)
		}
		if testing.Verbose() {
			t.Logf("%32s %7d bytes: %6.1f allocated, %6.1f kept a byte, %7.3f ms a KB, %v", name, len(data), float64(allocated)/float64(len(data)),
				float64(kept)/float64(len(data)), float64(took.Microseconds())/float64(len(data)), err)
		}
	}
}

func TestDeepValuesAreRefused(t *testing.T) {
	t.Parallel()
	nested := func(n int) map[string]string {
		return map[string]string{
			"calls":      "cm\nf\nq\x000" + strings.Repeat("h\x00", n/2) + "N" + strings.Repeat("\x85R", n/2) + strings.Repeat("\x85", n%2) + ".",
			"of two":     "cm\nf\nq\x000" + strings.Repeat("h\x00N", n/2) + "N" + strings.Repeat("\x86R", n/2) + strings.Repeat("\x85", n%2) + ".",
			"states":     "cm\nf\nq\x000" + strings.Repeat("h\x00)R", n) + strings.Repeat("b", n-1) + ".",
			"instances":  strings.Repeat("(", n/2) + "N" + strings.Repeat("im\nf\n", n/2) + strings.Repeat("\x85", n%2) + ".",
			"dicts":      strings.Repeat("}N", n) + "N" + strings.Repeat("s", n) + ".",
			"tuples":     "N" + strings.Repeat("\x85", n) + ".",
			"lists":      strings.Repeat("]", n) + "N" + strings.Repeat("a", n) + ".",
			"frozensets": strings.Repeat("(", n) + "N" + strings.Repeat("\x91", n) + ".",
			"fetched":    "]Naq\x00" + strings.Repeat("0h\x00\x85q\x00", n-1) + ".",
		}
	}
	for name, text := range nested(40) {
		if _, err := (Options{MaxDepth: 40}).Loads([]byte(text)); err != nil {
			t.Errorf("%s, 40 levels of 40: %v", name, err)
		}
	}
	for name, text := range nested(41) {
		if v, err := (Options{MaxDepth: 40}).Loads([]byte(text)); err == nil || v != nil {
			t.Errorf("%s: 41 levels of 40 are read", name)
		}
	}
}

// Pickles of values with nothing in them, as Python writes them, are as dense as
// possible.
func TestDenseValuesAreNotRefused(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"}\x94", "]\x94", "\x8f\x94", ")", "N", "K\x01", "C\x00\x94", "\x8c\x00\x94", "h\x01)R\x94", "}\x94K\x00K\x00s"} {
		data := "\x80\x04]\x94cm\nf\n\x940" + strings.Repeat("("+strings.Repeat(text, 1000)+"e", 200) + "."
		if _, err := Loads([]byte(data)); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// CPython writes this for {frozenset(set(range(256)) - {i}) for i in range(256)}, apart
// from the order of the members, and for a dict with the same keys, at protocol 4.
func TestSetsOfSetsAreNotRefused(t *testing.T) {
	t.Parallel()
	const n = 256
	var members, entries strings.Builder
	for without := range n {
		var set strings.Builder
		set.WriteByte('(')
		for i := range n {
			if i != without {
				set.Write([]byte{opBinInt1, byte(i)})
			}
		}
		set.WriteString("\x91\x94")
		members.WriteString(set.String())
		entries.WriteString(set.String() + "N")
	}
	for name, c := range map[string]struct {
		pickle string
		length func(any) int
	}{
		"members": {"\x80\x04\x8f\x94(" + members.String() + "\x90.", func(v any) int { return v.(*py.Set).Len() }},
		"keys":    {"\x80\x04}\x94(" + entries.String() + "u.", func(v any) int { return v.(*py.Dict).Len() }},
	} {
		v, err := Loads([]byte(c.pickle))
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if got := c.length(v); got != n {
			t.Errorf("%s: %d of %d", name, got, n)
		}
	}
}

func FuzzLoads(f *testing.F) {
	for i, c := range readCases(f) {
		if data, _ := hex.DecodeString(c.Pickle); i%10 == 0 {
			f.Add(data)
		}
	}
	for _, c := range legacyCases(f) {
		data, _ := hex.DecodeString(c.Pickle)
		f.Add(data)
	}
	for _, text := range bombs() {
		if len(text) < 4096 {
			f.Add([]byte(text))
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		start := time.Now()
		_, err := Loads(data)
		took := time.Since(start)
		runtime.ReadMemStats(&after)
		if got, most := after.TotalAlloc-before.TotalAlloc, uint64(2*mostMemory*len(data)+2*mostBase); got > most {
			t.Errorf("%d bytes of input: %d allocated, %v", len(data), got, err)
		}
		limit := timeLimit(data) + 200*time.Millisecond // the fuzzer's processes wait for each other
		if took = retried(data, took, limit); took > limit {
			t.Errorf("%d bytes of input: %v, %v", len(data), took, err)
		}
	})
}
