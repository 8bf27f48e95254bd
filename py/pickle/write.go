package pickle

import (
	"bytes"
	"math/big"
	"strconv"
	"sync"

	"github.com/djangobridge/djangobridge/py"
)

// Dumps returns v as CPython's pickle.dumps(v, protocol) writes it, for protocols 2 to 5.
// v may contain the values of package py, Go's int, and [py.Lazy] values, which are
// resolved. For any other value, the error is an [*UnsupportedError].
//
// Objects that are shared in Go are shared in Python: a pointer that appears in two
// places, and a string or [py.Bytes] with the same memory. A [*py.Global] is identified
// by its name. An aware [py.DateTime] is written with its tzinfo object, or with a
// datetime.timezone of the offset in force at that time; the name of its zone is not
// written. CPython has one object for most strs of one character; such a str is shared if
// it was when it was read. A list or dict among the arguments of an object that contains
// the object is written twice, as CPython does for arguments that an object makes itself.
//
// Protocol 2 is meant for Python 2. An int64 is an int of Python 2 even beyond 32 bits,
// and a [*big.Int] of any size is a long, whereas CPython 3 writes a long in both cases.
// The other protocols do not distinguish them.
//
// Values nested in more than [MaxDepth] levels are refused. CPython itself stops near
// 500.
func Dumps(v any, protocol int) ([]byte, error) { return WriteOptions{Protocol: protocol}.Dumps(v) }

// WriteOptions configure writing.
type WriteOptions struct {
	Protocol int // 2 to 5

	// TimeZone returns the tzinfo object for an offset in seconds east of UTC. It is used
	// for aware datetimes that have no tzinfo object; nil means datetime.timezone. It is
	// meant for programs on Python 2, which has neither that class nor offsets with a
	// fraction of a minute: a datetime with such an offset is then written in UTC.
	TimeZone func(seconds int) *py.Object
}

// Dumps is like the function [Dumps], but with options.
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

// A writer is the state of one call of Dumps.
type writer struct {
	buf        []byte
	memo       written
	protocol   int
	frameStart int
	depth      int
	steps      []any              // see in
	within     map[*py.Object]int // see ownArgs
	timeZone   func(seconds int) *py.Object
	zones      map[int]*py.Object // results of timeZone
}

// maxPooledBuffer limits the size of buffers in the pool, in bytes.
const maxPooledBuffer = 256 << 10

var writers = sync.Pool{New: func() any { return new(writer) }} //nolint:gochecknoglobals // a pool has to be shared

func (w *writer) release() {
	w.reset()
	writers.Put(w)
}

// reset empties the writer, field by field because its memo is large, and keeps its memory
// for another pickle.
func (w *writer) reset() {
	if cap(w.buf) > maxPooledBuffer {
		w.buf = nil
	}
	w.memo.reset()
	w.buf, w.depth, w.steps, w.within, w.timeZone, w.zones = w.buf[:0], 0, nil, nil, nil, nil
}

// memoize assigns a number to the value that was just written, so that it can be fetched
// again.
func (w *writer) memoize(id identity) { w.memo.add(id, w.memoizeNew()) }

// memoizeNew is memoize for a value that is made by the writer and cannot recur. CPython
// numbers it all the same.
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

// again writes a reference to the value if it was written before, and reports whether it
// was.
func (w *writer) again(id identity) bool {
	n, ok := w.memo.find(id)
	if ok {
		w.get(n)
	}
	return ok
}

// save writes a value and its contents.
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

// resolved returns the value of v. It returns false for a nil pointer.
func resolved(v py.Lazy) (any, bool) {
	r := py.Resolve(v)
	_, isLazy := r.(py.Lazy)
	return r, !isLazy
}

// saveNested writes containers and rare types.
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
