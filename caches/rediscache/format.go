package rediscache

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/djangobridge/djangobridge/caches"
	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/internal/release"
	"github.com/djangobridge/djangobridge/py"
)

// format converts sessions to the values in Redis and back.
type format struct {
	dumps      func(*py.Dict) ([]byte, error)
	loads      func([]byte) (*py.Dict, error)
	compressor *compressor // nil for none
	limit      int         // of values before compression, in bytes
}

var (
	errNoDict = errors.New("is not a dict")
	errNumber = errors.New("is a number")
	errEnded  = errors.New("has ended")
)

// encode returns the value for a session.
func (f *format) encode(d *py.Dict) ([]byte, error) {
	data, err := f.dumps(d)
	switch {
	case err != nil:
		return nil, err
	case len(data) > f.limit:
		return nil, caches.TooLarge(len(data), f.limit)
	case f.compressor == nil || len(data) <= f.compressor.over:
		return data, nil
	}
	return f.compressor.compress(data)
}

// decode returns the session in a value. The error is that of [caches.UnknownFormat], or
// errEnded.
func (f *format) decode(data []byte) (*py.Dict, error) {
	if isInt(data) {
		return nil, caches.UnknownFormat(errNumber)
	}
	if f.compressor != nil {
		inflated, err := f.compressor.decompress(data)
		if errors.Is(err, errTooLong) {
			return nil, caches.UnknownFormat(err)
		}
		if err == nil { // else it is a value that was not compressed
			data = inflated
		}
	}
	if len(data) > f.limit {
		return nil, caches.UnknownFormat(errTooLong)
	}
	d, err := f.loads(data)
	if err != nil && !errors.Is(err, errEnded) && !errors.Is(err, djangosession.ErrUnknownFormat) {
		err = caches.UnknownFormat(err)
	}
	return d, err
}

// isInt reports whether Python's int reads the value, which Django then takes for a
// number.
func isInt(data []byte) bool {
	const most = 4400 // more digits than int reads
	if len(data) == 0 || len(data) > most {
		return false
	}
	text := strings.Trim(string(data), " \t\n\r\v\f")
	if len(text) > 0 && (text[0] == '+' || text[0] == '-') {
		text = text[1:]
	}
	digit := false
	for _, c := range []byte(text) {
		if c != '_' && (c < '0' || c > '9') || c == '_' && !digit {
			return false
		}
		digit = c != '_'
	}
	return digit
}

// newFormat returns the format that the options of a django-redis cache describe.
// Without options, it is that of Django's own cache.
func newFormat(s djangosession.Settings, v *values) (*format, error) {
	serializer, compressor, version := "", "", -1
	if err := firstError(
		func() error { return v.class("SERIALIZER", &serializer) },
		func() error { return v.class("COMPRESSOR", &compressor) },
		func() error { return v.number("PICKLE_VERSION", &version) },
	); err != nil {
		return nil, err
	}
	// An older protocol is there for an older Python. The Go pickler writes none before
	// 2, and every Python that reads those reads 2 as well.
	const oldest = 2
	if version >= 0 && (s.PickleProtocol == 0 || version < s.PickleProtocol) {
		s.PickleProtocol = max(version, oldest)
	}
	pickle, err := caches.NewPickle(s)
	if err != nil {
		return nil, err
	}
	f := &format{limit: pickle.Limit()}
	if f.compressor, err = newCompressor(compressor, f.limit); err != nil {
		return nil, v.refuse("COMPRESSOR", err.Error())
	}
	const module = "django_redis.serializers."
	switch serializer {
	case "", module + "pickle.PickleSerializer":
		f.dumps, f.loads = pickle.Dumps, pickle.Loads
	case module + "json.JSONSerializer":
		f.dumps, f.loads = dumpsJSON, loadsJSON
		if r, err := release.Parse(s.DjangoVersion); err == nil && !r.HasISOExpiry() {
			f.dumps = dumpsJSONWithoutDates
		}
	case module + "msgpack.MSGPackSerializer":
		f.dumps, f.loads = dumpsMsgpack, loadsMsgpack
	default:
		return nil, v.refuse("SERIALIZER", fmt.Sprintf("%q is not supported: use one of django_redis.serializers", serializer))
	}
	return f, nil
}

// herd makes f read the values of django-redis's HerdClient as well: a tuple of a marker,
// the session, and the time at which it ends. They remain in Redis for some time after
// that, and HerdClient reports some of them as missing. HerdClient also reads values that
// are not such tuples, so they are what is written.
func (f *format) herd(s djangosession.Settings) error {
	pickle, err := caches.NewPickle(s)
	if err != nil {
		return err
	}
	f.loads = func(data []byte) (*py.Dict, error) {
		v, err := pickle.LoadsValue(data)
		if err != nil {
			return nil, err
		}
		if t, ok := v.(*py.Tuple); ok && len(t.Items) == 3 && isMarker(t.Items[0]) {
			v = t.Items[1]
			if ended(t.Items[2], s.Clock()) {
				return nil, errEnded
			}
		}
		return pickle.Dict(v)
	}
	return nil
}

func isMarker(v any) bool {
	o, ok := v.(*py.Object)
	return ok && o.Class() == "django_redis.client.herd.Marker"
}

// ended reports whether a number of seconds since 1970 is before now.
func ended(v any, now time.Time) bool {
	switch v := v.(type) {
	case int64:
		return v < now.Unix()
	case float64:
		return v < float64(now.Unix())
	}
	return false
}
