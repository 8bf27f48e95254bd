package rediscache

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/big"
	"unicode/utf8"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/py"
)

// The first bytes of values in MessagePack.
const (
	mpNil, mpFalse, mpTrue        = 0xc0, 0xc2, 0xc3
	mpBin8, mpBin16, mpBin32      = 0xc4, 0xc5, 0xc6
	mpFloat32, mpFloat64          = 0xca, 0xcb
	mpUint8, mpUint16, mpUint32   = 0xcc, 0xcd, 0xce
	mpUint64, mpInt8, mpInt16     = 0xcf, 0xd0, 0xd1
	mpInt32, mpInt64              = 0xd2, 0xd3
	mpStr8, mpStr16, mpStr32      = 0xd9, 0xda, 0xdb
	mpArray16, mpArray32, mpMap16 = 0xdc, 0xdd, 0xde
	mpMap32                       = 0xdf
	mpFixMap, mpFixArray          = 0x80, 0x90
	mpFixStr, mpNegative          = 0xa0, 0xe0
)

// mpDepth is how deep containers may be nested that Python's unpacker reads.
const mpDepth = 1023

var (
	errMPDepth   = errors.New("msgpack: nested too deeply, or contains itself")
	errMPInt     = errors.New("msgpack: the int does not fit 64 bits")
	errMPText    = errors.New("msgpack: the str is not valid Unicode")
	errMPKey     = errors.New("msgpack: a key is neither str nor bytes: Python could write it but not read it")
	errMPLength  = errors.New("msgpack: the value is too long")
	errMPEnd     = errors.New("msgpack: ends too soon")
	errMPTrail   = errors.New("msgpack: has data after its end")
	errMPType    = errors.New("msgpack: has a type that sessions do not have")
	errMPBadKey  = errors.New("msgpack: has a key that is neither str nor bytes")
	errMPNotUTF8 = errors.New("msgpack: has a str that is not UTF-8")
)

// dumpsMsgpack returns what msgpack.dumps returns. The error is a
// [*djangosession.ValueError] for a value that it refuses, and for one that msgpack.loads
// would refuse.
func dumpsMsgpack(d *py.Dict) ([]byte, error) {
	p := packer{out: make([]byte, 0, 32*(d.Len()+1))} //nolint:mnd // most values are short
	p.header(d.Len(), mpFixMap, 15, 0, mpMap16, mpMap32)
	for name, v := range d.All() {
		err := p.key(name)
		if err == nil {
			err = p.pack(v, 2) //nolint:mnd // the session's dict is the first level
		}
		if err != nil {
			return nil, &djangosession.ValueError{Name: fmt.Sprint(name), Err: err}
		}
	}
	return p.out, nil
}

type packer struct{ out []byte }

func (p *packer) pack(v any, depth int) error {
	switch v := py.Resolve(v).(type) {
	case nil:
		p.out = append(p.out, mpNil)
	case bool:
		if v {
			p.out = append(p.out, mpTrue)
		} else {
			p.out = append(p.out, mpFalse)
		}
	case int64:
		p.int(v)
	case *big.Int:
		switch {
		case v.IsInt64():
			p.int(v.Int64())
		case v.IsUint64():
			p.out = binary.BigEndian.AppendUint64(append(p.out, mpUint64), v.Uint64())
		default:
			return errMPInt
		}
	case float64:
		p.out = binary.BigEndian.AppendUint64(append(p.out, mpFloat64), math.Float64bits(v))
	case string, py.Bytes:
		return p.text(v)
	case *py.ByteArray:
		return p.text(py.Bytes(v.Bytes))
	case *py.List:
		return p.array(v.Items, depth)
	case *py.Tuple:
		return p.array(v.Items, depth)
	case *py.Dict:
		return p.dict(v, depth)
	case *py.Object:
		if text, ok := v.AsText(); ok {
			return p.text(text)
		}
		return fmt.Errorf("msgpack: cannot hold a %s", v.Class()) //nolint:err113 // it is reported, not compared
	default:
		return fmt.Errorf("msgpack: cannot hold a %s", py.TypeName(v)) //nolint:err113 // it is reported, not compared
	}
	return nil
}

// int writes the shortest form.
func (p *packer) int(v int64) {
	switch {
	case v >= 0 && v <= math.MaxInt8:
		p.out = append(p.out, byte(v))
	case v >= -32 && v < 0:
		p.out = append(p.out, byte(v))
	case v > 0 && v <= math.MaxUint8:
		p.out = append(p.out, mpUint8, byte(v))
	case v > 0 && v <= math.MaxUint16:
		p.out = binary.BigEndian.AppendUint16(append(p.out, mpUint16), uint16(v))
	case v > 0 && v <= math.MaxUint32:
		p.out = binary.BigEndian.AppendUint32(append(p.out, mpUint32), uint32(v))
	case v > 0:
		p.out = binary.BigEndian.AppendUint64(append(p.out, mpUint64), uint64(v))
	case v >= math.MinInt8:
		p.out = append(p.out, mpInt8, byte(v))
	case v >= math.MinInt16:
		p.out = binary.BigEndian.AppendUint16(append(p.out, mpInt16), uint16(v))
	case v >= math.MinInt32:
		p.out = binary.BigEndian.AppendUint32(append(p.out, mpInt32), uint32(v))
	default:
		p.out = binary.BigEndian.AppendUint64(append(p.out, mpInt64), uint64(v))
	}
}

// header writes a length in the shortest form. A form that does not exist is 0.
func (p *packer) header(n int, fix byte, fixMax int, of8, of16, of32 byte) {
	switch {
	case n <= fixMax:
		p.out = append(p.out, fix|byte(n))
	case n <= math.MaxUint8 && of8 != 0:
		p.out = append(p.out, of8, byte(n))
	case n <= math.MaxUint16:
		p.out = binary.BigEndian.AppendUint16(append(p.out, of16), uint16(n))
	default:
		p.out = binary.BigEndian.AppendUint32(append(p.out, of32), uint32(n))
	}
}

func (p *packer) text(v any) error {
	switch v := v.(type) {
	case string:
		if !utf8.ValidString(v) {
			return errMPText
		}
		if len(v) > math.MaxInt32 {
			return errMPLength
		}
		p.header(len(v), mpFixStr, 31, mpStr8, mpStr16, mpStr32)
		p.out = append(p.out, v...)
	case py.Bytes:
		if len(v) > math.MaxInt32 {
			return errMPLength
		}
		p.header(len(v), 0, -1, mpBin8, mpBin16, mpBin32)
		p.out = append(p.out, v...)
	}
	return nil
}

func (p *packer) key(v any) error {
	switch v := v.(type) {
	case string, py.Bytes:
		return p.text(v)
	case *py.Object:
		if text, ok := v.AsText(); ok {
			return p.text(text)
		}
	}
	return errMPKey
}

func (p *packer) array(items []any, depth int) error {
	switch {
	case len(items) > math.MaxInt32:
		return errMPLength
	case depth > mpDepth:
		return errMPDepth
	}
	p.header(len(items), mpFixArray, 15, 0, mpArray16, mpArray32)
	for _, item := range items {
		if err := p.pack(item, depth+1); err != nil {
			return err
		}
	}
	return nil
}

func (p *packer) dict(d *py.Dict, depth int) error {
	if depth > mpDepth {
		return errMPDepth
	}
	p.header(d.Len(), mpFixMap, 15, 0, mpMap16, mpMap32)
	for name, v := range d.All() {
		if err := p.key(name); err != nil {
			return err
		}
		if err := p.pack(v, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// loadsMsgpack reads what msgpack.loads(raw=False) reads, if it is a dict.
func loadsMsgpack(data []byte) (*py.Dict, error) {
	u := unpacker{data: string(data)}
	v, err := u.value(1)
	if err != nil {
		return nil, err
	}
	d, ok := v.(*py.Dict)
	switch {
	case len(u.data) > 0:
		return nil, errMPTrail
	case !ok:
		return nil, errNoDict
	}
	return d, nil
}

// unpacker reads values from the start of data. Strings share its memory.
type unpacker struct{ data string }

// take returns the next n bytes.
func (u *unpacker) take(n int) (string, error) {
	if n > len(u.data) {
		return "", errMPEnd
	}
	taken := u.data[:n]
	u.data = u.data[n:]
	return taken, nil
}

// uint reads a number of n bytes.
func (u *unpacker) uint(n int) (uint64, error) {
	bytes, err := u.take(n)
	var v uint64
	for i := range len(bytes) {
		v = v<<8 | uint64(bytes[i])
	}
	return v, err
}

// length reads a length of n bytes of things that are at least size bytes long.
func (u *unpacker) length(n, size int) (int, error) {
	v, err := u.uint(n)
	if err == nil && v > uint64(len(u.data)/size) {
		err = errMPEnd
	}
	return int(v), err
}

func (u *unpacker) value(depth int) (any, error) {
	first, err := u.take(1)
	if err != nil {
		return nil, err
	}
	switch b := first[0]; {
	case b < mpFixMap:
		return int64(b), nil
	case b < mpFixArray:
		return u.dict(int(b&0x0f), depth)
	case b < mpFixStr:
		return u.array(int(b&0x0f), depth)
	case b < mpNil:
		return u.text(int(b & 0x1f))
	case b >= mpNegative:
		return int64(int8(b)), nil
	default:
		return u.long(b, depth)
	}
}

// long reads a value whose first byte b only tells its type.
func (u *unpacker) long(b byte, depth int) (any, error) {
	width := func(first byte, least int) int { return least << (b - first) }
	switch b {
	case mpNil:
		return nil, nil
	case mpFalse, mpTrue:
		return b == mpTrue, nil
	case mpBin8, mpBin16, mpBin32:
		n, err := u.length(width(mpBin8, 1), 1)
		if err != nil {
			return nil, err
		}
		text, err := u.take(n)
		return py.Bytes(text), err
	case mpFloat32:
		v, err := u.uint(4) //nolint:mnd // its length
		return float64(math.Float32frombits(uint32(v))), err
	case mpFloat64:
		v, err := u.uint(8) //nolint:mnd // its length
		return math.Float64frombits(v), err
	case mpUint8, mpUint16, mpUint32, mpUint64:
		v, err := u.uint(width(mpUint8, 1))
		if v > math.MaxInt64 {
			return new(big.Int).SetUint64(v), err
		}
		return int64(v), err
	case mpInt8, mpInt16, mpInt32, mpInt64:
		n := width(mpInt8, 1)
		v, err := u.uint(n)
		unused := 64 - 8*n
		return int64(v<<unused) >> unused, err
	case mpStr8, mpStr16, mpStr32:
		n, err := u.length(width(mpStr8, 1), 1)
		if err != nil {
			return nil, err
		}
		return u.text(n)
	case mpArray16, mpArray32:
		n, err := u.length(width(mpArray16, 2), 1)
		if err != nil {
			return nil, err
		}
		return u.array(n, depth)
	case mpMap16, mpMap32:
		n, err := u.length(width(mpMap16, 2), 2)
		if err != nil {
			return nil, err
		}
		return u.dict(n, depth)
	}
	return nil, errMPType
}

func (u *unpacker) text(n int) (any, error) {
	text, err := u.take(n)
	if err == nil && !utf8.ValidString(text) {
		err = errMPNotUTF8
	}
	return text, err
}

func (u *unpacker) array(n, depth int) (any, error) {
	switch {
	case n > len(u.data):
		return nil, errMPEnd
	case depth > mpDepth:
		return nil, errMPDepth
	}
	l := &py.List{Items: make([]any, n)}
	for i := range l.Items {
		v, err := u.value(depth + 1)
		if err != nil {
			return nil, err
		}
		l.Items[i] = v
	}
	return l, nil
}

func (u *unpacker) dict(n, depth int) (any, error) {
	switch {
	case 2*n > len(u.data):
		return nil, errMPEnd
	case depth > mpDepth:
		return nil, errMPDepth
	}
	d := py.NewDict(n)
	for range n {
		name, err := u.value(depth + 1)
		if err != nil {
			return nil, err
		}
		switch name.(type) {
		case string, py.Bytes:
		default:
			return nil, errMPBadKey
		}
		v, err := u.value(depth + 1)
		if err != nil {
			return nil, err
		}
		d.Set(name, v)
	}
	return d, nil
}
