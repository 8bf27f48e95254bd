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

// A key with many members takes time wherever it is used.
func TestLargeKeysCostTimeEachTime(t *testing.T) {
	t.Parallel()
	for uses, ok := range map[int]bool{5: true, 25: false} {
		_, err := Loads([]byte("(" + strings.Repeat("K\x01", 1000) + "tq\x00}(" + strings.Repeat("h\x00N", uses) + "u\x86."))
		if problem, _ := errors.AsType[*SyntaxError](err); (err == nil) != ok || err != nil && problem.Problem != tooSlow {
			t.Errorf("used %d times: %v", uses, err)
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
