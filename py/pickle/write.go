package pickle

import (
	"bytes"
	"math/big"
	"strconv"
	"sync"

	"github.com/djangobridge/djangobridge/py"
)

// Dumps returns v as CPython's pickle.dumps(v, protocol) writes it, for protocols 2 to 5: the values of package py, Go's
// int, and what a [py.Lazy] resolves to. All else is an [*UnsupportedError].
//
// What is one object in Go is one in Python: a pointer that stands in two places, and a
// string or [py.Bytes] with the same memory. A [*py.Global] is one object by its name. An
// aware [py.DateTime] is written with the tzinfo object that it has, else with a
// datetime.timezone of the offset that is in force then, not with the name of its zone. A
// str of one character, of which CPython mostly has one object, was one object where it
// was read as one. A list or dict among the arguments of an object that has the object in
// it is written twice, as CPython does with what an object makes to be its argument.
//
// Protocol 2 is that of Python 2. An integer beyond 32 bits is an int of Python 2 if it
// is an int64, and a [*big.Int] of any size is a long, where CPython 3 writes a long in
// both cases. All other protocols make no difference between them.
//
// Values within each other in more than [MaxDepth] levels are refused; CPython itself stops near 500.
func Dumps(v any, protocol int) ([]byte, error) { return WriteOptions{Protocol: protocol}.Dumps(v) }

// WriteOptions say how pickles are written.
type WriteOptions struct {
	Protocol int // 2 to 5

	// TimeZone returns the tzinfo object for an offset in seconds east of UTC, with which
	// an aware datetime is written that has none of its own; nil stands for
	// datetime.timezone. It is for programs on Python 2, which has no such class and no
	// offsets of a part of a minute: a datetime with such an offset is written in UTC
	// then.
	TimeZone func(seconds int) *py.Object
}

// Dumps is like the function [Dumps], with options.
func (o WriteOptions) Dumps(v any) ([]byte, error) {
	protocol := o.Protocol
	if protocol < 2 || protocol > maxProtocol {
		return nil, &protocolError{protocol}
	}
	w, _ := writers.Get().(*writer)
	defer w.release()
	w.protocol, w.frameStart, w.timeZone = protocol, noFrame, o.TimeZone
	w.buf = append(w.buf, opProto, byte(protocol))
	if protocol >= 4 {
		w.openFrame()
	}
	if err := w.save(v); err != nil {
		err.Path = path(w.steps)
		return nil, err
	}
	w.buf = append(w.buf, opStop)
	if protocol >= 4 {
		w.closeFrame()
	}
	return bytes.Clone(w.buf), nil
}

type protocolError struct{ protocol int }

func (e *protocolError) Error() string {
	return "pickle: protocol " + strconv.Itoa(e.protocol) + " cannot be written, only 2 to 5"
}

// A writer is what one call of Dumps works with.
type writer struct {
	buf        []byte
	memo       written
	protocol   int
	frameStart int
	depth      int
	steps      []any              // see in
	within     map[*py.Object]int // see ownArgs
	timeZone   func(seconds int) *py.Object
	zones      map[int]*py.Object // what timeZone has returned
}

// maxPooledBuffer bounds what the pool keeps.
const maxPooledBuffer = 256 << 10

var writers = sync.Pool{New: func() any { return new(writer) }} //nolint:gochecknoglobals // a pool has to be shared

func (w *writer) release() {
	if cap(w.buf) > maxPooledBuffer {
		w.buf = nil
	}
	w.memo.reset()
	*w = writer{buf: w.buf[:0], memo: w.memo}
	writers.Put(w)
}

// memoize gives what was just written a number, under which it can be had again.
func (w *writer) memoize(id identity) { w.memo.add(id, w.memoizeNew()) }

// memoizeNew is memoize for an object that is made in the course of writing and cannot come again: CPython numbers it all
// the same.
func (w *writer) memoizeNew() uint32 {
	n := w.memo.count
	w.memo.count++
	switch {
	case w.protocol >= 4:
		w.buf = append(w.buf, opMemoize)
	case n < 256:
		w.buf = append(w.buf, opBinPut, byte(n))
	default:
		w.buf = append(w.buf, opLongBinPut, byte(n), byte(n>>8), byte(n>>16), byte(n>>24))
	}
	return n
}

func (w *writer) get(n uint32) {
	if n < 256 {
		w.buf = append(w.buf, opBinGet, byte(n))
	} else {
		w.buf = append(w.buf, opLongBinGet, byte(n), byte(n>>8), byte(n>>16), byte(n>>24))
	}
}

// again writes the value as one that was written before, if it was.
func (w *writer) again(id identity) bool {
	n, ok := w.memo.find(id)
	if ok {
		w.get(n)
	}
	return ok
}

// save writes one value and all that is in it.
func (w *writer) save(v any) *UnsupportedError {
	w.boundary()
	switch v := v.(type) {
	case nil:
		w.buf = append(w.buf, opNone)
	case bool:
		if v {
			w.buf = append(w.buf, opNewTrue)
		} else {
			w.buf = append(w.buf, opNewFalse)
		}
	case int64:
		w.int(v)
	case int:
		w.int(int64(v))
	case float64:
		w.float(v)
	case string:
		return w.str(v)
	case py.Bytes:
		return w.bytes(string(v), textIdentity(string(v), kindBytes))
	case py.Str2:
		w.str2(v)
	default:
		if w.depth >= MaxDepth {
			return unsupported(v, nestedTooDeep)
		}
		w.depth++
		err := w.saveNested(v)
		w.depth--
		return err
	}
	return nil
}

// resolved returns what v stands for; not if v is a nil pointer.
func resolved(v py.Lazy) (any, bool) {
	r := py.Resolve(v)
	_, isLazy := r.(py.Lazy)
	return r, !isLazy
}

// saveNested writes values that others may stand in, and those that are rare.
func (w *writer) saveNested(v any) *UnsupportedError {
	switch v := v.(type) {
	case *py.Dict:
		if v != nil {
			return w.dict(v)
		}
	case *py.List:
		if v != nil {
			return w.list(v)
		}
	case *py.Tuple:
		if v != nil {
			return w.tuple(v)
		}
	case *py.Object:
		if v != nil {
			return w.object(v)
		}
	case *py.Global:
		if v != nil {
			return w.global(v)
		}
	case *py.Set:
		if v != nil {
			return w.set(v)
		}
	case *py.FrozenSet:
		if v != nil {
			return w.frozenSet(v)
		}
	case *py.ByteArray:
		if v != nil {
			return w.byteArray(v)
		}
	case *big.Int:
		if v != nil {
			return w.bigInt(v)
		}
	case complex128:
		return w.complex(v)
	case py.DateTime, py.Date, py.Time, py.TimeDelta:
		return w.datetimeValue(v)
	case py.Decimal:
		return w.decimal(v)
	case py.UUID:
		return w.uuid(v)
	case py.Lazy:
		if v, ok := resolved(v); ok {
			return w.save(v)
		}
	}
	return unsupported(v, notPicklable)
}
