package pyjson

import (
	"bytes"
	"math"
	"math/big"
	"strconv"
	"sync"

	"github.com/djangobridge/djangobridge/internal/expansion"
	"github.com/djangobridge/djangobridge/internal/valuepath"
	"github.com/djangobridge/djangobridge/py"
)

// Dumps returns v as Python's json.dumps(v, separators=(",", ":")) writes it. v may
// contain None, bool, int (also Go's int), float, str, *py.List, *py.Tuple and *py.Dict.
// A [Raw] is written as it is, and any other [py.Lazy] is resolved. Keys that are int,
// float, bool or None become strings, even if two keys become the same string.
//
// For any other value, and for a value that contains itself, the error is an
// [*UnsupportedError]. An error with the problem [TooMuchExpansion] refuses a value whose
// text is longer than 1 MiB and more than 16 times as long as if each of its parts
// appeared once. Matches JSONSerializer.dumps.
func Dumps(v any) ([]byte, error) {
	b, _ := buffers.Get().(*buffer)
	out, err := appendValue(b.text[:0], v)
	if cap(out) <= maxPooledBuffer {
		b.text = out
		defer buffers.Put(b)
	}
	if err != nil {
		return nil, err
	}
	return bytes.Clone(out), nil
}

// A buffer holds the output of Dumps, because the length of a text is not known in
// advance.
type buffer struct{ text []byte }

// maxPooledBuffer limits the size of buffers in the pool, in bytes.
const maxPooledBuffer = 256 << 10

var buffers = sync.Pool{New: func() any { return &buffer{} }} //nolint:gochecknoglobals // a pool has to be shared

// AppendDumps appends the result of [Dumps] to dst. With an error, it returns dst
// unchanged.
func AppendDumps(dst []byte, v any) ([]byte, error) {
	out, err := appendValue(dst, v)
	if err != nil {
		return dst, err
	}
	return out, nil
}

// A frame is a list, tuple or dict that is being written. Next is items[next], or the key
// entries[next] and the value after it.
type frame struct {
	container        any // *py.List, *py.Tuple or *py.Dict
	isDict           bool
	items            []any // of a list
	first, next, end int
}

// appendValue writes v and its contents.
func appendValue(dst []byte, v any) ([]byte, *UnsupportedError) {
	out, finished, err := appendUpTo(dst, v, len(dst)+expansion.FreeText)
	if finished || err != nil {
		return out, err
	}
	// Only a long text is worth looking for repeated parts.
	if expandsTooMuch(v) {
		return dst, &UnsupportedError{Type: py.TypeName(v), Problem: TooMuchExpansion}
	}
	out, _, err = appendUpTo(out[:len(dst)], v, math.MaxInt)
	return out, err
}

// appendUpTo writes v and its contents unless the text becomes longer than limit. It
// keeps the open containers on its own stack, so that deep nesting needs little memory.
// The stack is in variables rather than a struct, so that a small one needs no
// allocation.
func appendUpTo(dst []byte, v any, limit int) (_ []byte, finished bool, _ *UnsupportedError) {
	var fewFrames [4]frame
	var fewEntries [32]any
	open := fewFrames[:0]
	entries := fewEntries[:0] // alternating keys and values of the open dicts
	var inside map[any]bool   // see checkOpen
	for {
		problem := ""
		switch x := v.(type) {
		case string: // before the cases that are looked up in tables of methods
			dst, problem = appendString(dst, x)
		case nil, bool, int64, float64:
			dst, problem = appendScalar(dst, x)
		case Raw:
			dst = append(dst, x...)
		case *py.List, *py.Tuple:
			if items, ok := itemsOf(x); !ok {
				problem = notSerializable
			} else if problem, inside = checkOpen(open, inside, x); problem == "" {
				dst = append(dst, '[')
				open = append(open, frame{container: x, items: items, end: len(items)})
			}
		case *py.Dict:
			var isFlat bool
			if dst, isFlat = appendFlat(dst, x, limit, len(open)); isFlat {
				break
			}
			if x == nil {
				problem = notSerializable
			} else if problem, inside = checkOpen(open, inside, x); problem == "" {
				dst = append(dst, '{')
				first := len(entries)
				entries = appendEntries(entries, x)
				open = append(open, frame{container: x, isDict: true, first: first, next: first, end: len(entries)})
			}
		case py.Lazy:
			v = resolve(x)
			continue
		default:
			dst, problem = appendScalar(dst, v)
		}
		if problem != "" {
			return dst, true, &UnsupportedError{Path: path(open, entries), Type: py.TypeName(v), Problem: problem}
		}

		for len(open) > 0 && open[len(open)-1].next == open[len(open)-1].end {
			f := open[len(open)-1]
			open = open[:len(open)-1]
			delete(inside, f.container)
			if f.isDict {
				dst = append(dst, '}')
				entries = entries[:f.first]
			} else {
				dst = append(dst, ']')
			}
		}
		if len(open) == 0 {
			return dst, true, nil
		}
		if len(dst) > limit {
			return dst, false, nil
		}
		if dst, v, problem = open[len(open)-1].step(dst, entries); problem != "" {
			return dst, true, &UnsupportedError{Path: path(open[:len(open)-1], entries), Type: py.TypeName(v), Problem: problem}
		}
	}
}

// appendEntries appends the keys and values of d.
func appendEntries(entries []any, d *py.Dict) []any {
	for key, value := range d.All() {
		entries = append(entries, key, value)
	}
	return entries
}

// itemsOf returns the items of a list or tuple, which JSON does not distinguish. It
// returns false for a nil pointer.
func itemsOf(v any) ([]any, bool) {
	switch v := v.(type) {
	case *py.List:
		if v != nil {
			return v.Items, true
		}
	case *py.Tuple:
		if v != nil {
			return v.Items, true
		}
	}
	return nil, false
}

// step writes what precedes the next value of f and returns that value. If a key cannot
// be written, it returns the key and the problem.
func (f *frame) step(dst []byte, entries []any) (_ []byte, v any, problem string) {
	if f.next > f.first {
		dst = append(dst, ',')
	}
	if !f.isDict {
		f.next++
		return dst, f.items[f.next-1], ""
	}
	key := entries[f.next]
	if _, ok := key.(string); !ok {
		key = py.Resolve(key)
	}
	if dst, problem = appendKey(dst, key); problem != "" {
		return dst, key, problem
	}
	f.next += 2
	return dst, entries[f.next-1], ""
}

// appendKey writes a key and the colon, or returns the problem.
func appendKey(dst []byte, key any) ([]byte, string) {
	if s, ok := key.(string); ok {
		dst, problem := appendString(dst, s)
		return append(dst, ':'), problem
	}
	dst, problem := appendScalar(append(dst, '"'), key)
	if problem == notSerializable {
		problem = notKey
	}
	return append(dst, '"', ':'), problem
}

// appendScalar writes a value that is not a list or dict, or returns the problem.
func appendScalar(dst []byte, v any) (_ []byte, problem string) {
	switch v := v.(type) {
	case string:
		return appendString(dst, v)
	case nil:
		dst = append(dst, "null"...)
	case bool:
		dst = strconv.AppendBool(dst, v)
	case int64:
		dst = strconv.AppendInt(dst, v, 10)
	case int:
		dst = strconv.AppendInt(dst, int64(v), 10)
	case float64:
		dst = appendFloat(dst, v)
	case *big.Int:
		return appendBigInt(dst, v)
	default:
		return dst, notSerializable
	}
	return dst, ""
}

// manyOpen is the depth up to which a search through the open containers is faster than a
// map.
const manyOpen = 16

// checkOpen returns the problem with writing container inside the open ones, or "". It
// adds container to inside, which contains the open containers beyond the first ones.
func checkOpen(open []frame, inside map[any]bool, container any) (problem string, _ map[any]bool) {
	for i := range open[:min(len(open), manyOpen)] {
		if open[i].container == container {
			return containsItself, inside
		}
	}
	if len(open) < manyOpen {
		return "", inside
	}
	if inside[container] {
		return containsItself, inside
	}
	if len(open) >= MaxDepth {
		return tooDeep, inside
	}
	if inside == nil {
		inside = make(map[any]bool)
	}
	inside[container] = true
	return "", inside
}

// path returns the path through the open containers to the value that was written last.
func path(open []frame, entries []any) string {
	path := valuepath.Path{TypeName: py.TypeName}
	for i := range open {
		if f := &open[i]; f.isDict {
			path.Add(entries[f.next-2])
		} else {
			path.Add(f.next - 1)
		}
		if path.Full() {
			break
		}
	}
	return path.String()
}
