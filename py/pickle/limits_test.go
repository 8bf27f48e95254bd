package pickle

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/py"
)

// When memory runs out, a pickle is refused. It never loses values.
func TestNoValueIsLostWhenMemoryRunsOut(t *testing.T) {
	t.Parallel()
	const n, length = 2000, 1 << 13
	text := "X" + string(binary.LittleEndian.AppendUint32(nil, length)) + strings.Repeat("a", length)
	for name, item := range map[string]string{
		"str of Python 2": "U\x00", "longer str of Python 2": "U\x01a", "str of Python 2 in words": "S''\n", "str": "X\x00\x00\x00\x00", "bytes": "C\x00",
		"None": "N", "int": "K\x01", "float": "G\x00\x00\x00\x00\x00\x00\x00\x00", "empty tuple": ")", "list": "]", "dict": "}", "set": "\x8f",
		"bytearray": "\x96\x00\x00\x00\x00\x00\x00\x00\x00", "object": "cm\nC\n)\x81",
		"frozenset": "(\x91", "tuple": "N\x85",
	} {
		values := "(" + strings.Repeat(item, n) + "l"
		// Each key takes memory for its digest, until the stack cannot grow any more.
		enough := (memoryFactor*(length+len(values)) + memoryBase) / length
		read, refused := false, false
		for keys := enough - 20; !refused && keys < enough+20; keys++ {
			var b strings.Builder
			b.WriteString(text + "q\x000}(")
			for i := range keys {
				fmt.Fprintf(&b, "h\x00M%s\x86N", binary.LittleEndian.AppendUint16(nil, uint16(i)))
			}
			b.WriteString("u" + values + "\x86.")
			v, err := Loads([]byte(b.String()))
			if err != nil {
				refused = true
				if problem, ok := errors.AsType[*SyntaxError](err); !ok || problem.Problem != tooLarge {
					t.Errorf("%s: %v", name, err)
				}
				continue
			}
			read = true
			if got := len(v.(*py.Tuple).Items[1].(*py.List).Items); got != n {
				t.Fatalf("%s, %d keys: %d of %d values", name, keys, got, n)
			}
		}
		if !read || !refused {
			t.Errorf("%s: read with few keys: %v, refused with many: %v", name, read, refused)
		}
	}
}

// Package py hashes keys by recursion.
func TestKeysThatAreNestedTooDeeplyAreRefused(t *testing.T) {
	t.Parallel()
	padding := "X\x00\x00\x01\x00" + strings.Repeat("a", 1<<16) + "0" // allows more time
	for levels, ok := range map[int]bool{maxKeyDepth: true, maxKeyDepth + 1: true, maxKeyDepth + 2: false, maxKeyDepth + 3: false} {
		nested := "N" + strings.Repeat("\x85", levels)
		for where, data := range map[string]string{
			"a dict": "}" + nested + "Ns.", "a set": "\x8f(" + nested + "\x90.", "beside others": "}(K\x01NK\x02N" + nested + "NK\x03Nu.",
		} {
			_, err := Loads([]byte(padding + data))
			if problem, _ := errors.AsType[*SyntaxError](err); (err == nil) != ok || err != nil && problem.Problem != tooDeep {
				t.Errorf("%d tuples as a key of %s: %v", levels, where, err)
			}
		}
	}
}

// A large key takes time wherever it is used.
func TestLargeKeysCostTimeEachTime(t *testing.T) {
	t.Parallel()
	members := "(" + strings.Repeat("K\x01", 1000) + "tq\x00"
	text := "X\x00\x00\x01\x00" + strings.Repeat("a", 1<<16) + "q\x00"
	for name, c := range map[string]struct {
		key         string
		few, many   int
		before, use string
		after       string
	}{
		"tuple in a dict":      {key: members, few: 5, many: 25, before: "}(", use: "h\x00N", after: "u\x86."},
		"tuple in a set":       {key: members, few: 5, many: 25, before: "\x8f(", use: "h\x00", after: "\x90\x86."},
		"tuple in dicts":       {key: members, few: 5, many: 25, before: "(", use: "}h\x00Ns", after: "l\x86."},
		"text in a dict":       {key: text, few: 3000, many: 6000, before: "}(", use: "h\x00N", after: "u\x86."},
		"text in a set":        {key: text, few: 3000, many: 6000, before: "\x8f(", use: "h\x00", after: "\x90\x86."},
		"text in a frozenset":  {key: text, few: 3000, many: 6000, before: "(", use: "h\x00", after: "\x91\x86."},
		"text in dicts of one": {key: text, few: 3000, many: 8000, before: "(", use: "}h\x00Ns", after: "l\x86."},
		"text in dicts of two": {key: text, few: 3000, many: 14000, before: "(", use: "}(K\x01Nh\x00Nu", after: "l\x86."},
	} {
		for uses, ok := range map[int]bool{c.few: true, c.many: false} {
			_, err := Loads([]byte(c.key + c.before + strings.Repeat(c.use, uses) + c.after))
			if problem, _ := errors.AsType[*SyntaxError](err); (err == nil) != ok || err != nil && problem.Problem != tooSlow {
				t.Errorf("%s, used %d times: %v", name, uses, err)
			}
		}
	}
}

// CPython 3.11 wrote these for C.D and C.D.E of module m, in protocols that have no
// opcode for nested classes.
func TestNestedClassesOfOneLetter(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"C.D":   "\x80\x03cbuiltins\ngetattr\nq\x00cm\nC\nq\x01X\x01\x00\x00\x00Dq\x02\x86q\x03Rq\x04.",
		"C.D.E": "\x80\x03cbuiltins\ngetattr\nq\x00h\x00cm\nC\nq\x01X\x01\x00\x00\x00Dq\x02\x86q\x03Rq\x04X\x01\x00\x00\x00Eq\x05\x86q\x06Rq\x07.",
	} {
		if got, err := Dumps(&py.Global{Module: "m", Name: name}, 3); err != nil || string(got) != want {
			t.Errorf("%s: %q, %v; want %q", name, got, err, want)
		}
	}
}

// CPython: "offset must be a timedelta strictly between -timedelta(hours=24) and
// timedelta(hours=24)".
func TestOffsetsAreLessThanADay(t *testing.T) {
	t.Parallel()
	for offset, ok := range map[int]bool{
		-86401: false, -86400: false, -86399: true, 86399: true, 86400: false, 86401: false,
	} {
		v := py.DateTime{Time: time.Date(2024, 3, 10, 2, 30, 0, 0, time.FixedZone("", offset))}
		data, err := Dumps(v, 4)
		if _, unsupported := errors.AsType[*UnsupportedError](err); (err == nil) != ok || unsupported == ok {
			t.Errorf("offset %d: %q, %v", offset, data, err)
		}
	}
}

func TestErrorOfAProtocolNamesIt(t *testing.T) {
	t.Parallel()
	for _, protocol := range []int{-1, 0, 1, 6} {
		_, err := Dumps("a", protocol)
		if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("protocol %d ", protocol)) || !strings.Contains(err.Error(), "2 to 5") {
			t.Errorf("protocol %d: %v", protocol, err)
		}
	}
}
