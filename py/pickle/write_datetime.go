package pickle

import (
	"time"

	"github.com/djangobridge/djangobridge/py"
)

const datetimeModule = "datetime"

const secondsPerDay = 24 * 60 * 60

// foldBit is set in the month of a datetime, or the hour of a time, with fold=1.
const foldBit = 0x80

// datetimeValue writes a value of the module datetime as a call of its class.
func (w *writer) datetimeValue(v any) *UnsupportedError {
	var err *UnsupportedError
	switch v := v.(type) {
	case py.DateTime:
		err = w.dateTime(v)
	case py.Date:
		err = w.date(v)
	case py.Time:
		err = w.time(v)
	case py.TimeDelta:
		err = w.timeDelta(v)
	}
	w.memoizeNew()
	return err
}

// dateTime writes datetime.datetime(state) or datetime.datetime(state, tzinfo).
func (w *writer) dateTime(v py.DateTime) *UnsupportedError {
	t := v.Time
	if t.Year() < 1 || t.Year() > 9999 {
		return unsupported(v, badYear)
	}
	offset := 0
	if !v.Naive {
		_, offset = t.Zone()
	}
	if offset <= -secondsPerDay || offset >= secondsPerDay {
		return unsupported(v, badOffset)
	}
	tzinfo := v.TZInfo()
	if w.timeZone != nil && tzinfo == nil && offset%60 != 0 {
		if t, offset = t.UTC(), 0; t.Year() < 1 || t.Year() > 9999 {
			return unsupported(v, badYear)
		}
	}
	month := byte(t.Month())
	if v.Fold && w.protocol > 3 { // older readers would see a wrong month
		month |= foldBit
	}
	clock := clockState(t.Hour(), t.Minute(), t.Second(), t.Nanosecond()/1000)
	state := append([]byte{byte(t.Year() >> 8), byte(t.Year()), month, byte(t.Day())}, clock[:]...)
	if err := w.call("datetime", state); err != nil {
		return err
	}
	switch {
	case v.Naive:
		w.reduce(opTuple1)
		return nil
	case tzinfo == nil:
		return w.reduceWith(w.zone(offset))
	}
	return w.reduceWith(w.in(w.save(tzinfo), "tzinfo"))
}

// call writes the beginning of a call of a class of the module datetime with its state in
// bytes.
func (w *writer) call(class string, state []byte) *UnsupportedError {
	if err := w.global(&py.Global{Module: datetimeModule, Name: className(class)}); err != nil {
		return err
	}
	w.boundary()
	return w.bytes(string(state), identity{})
}

// reduceWith ends a call with two arguments if the second was written.
func (w *writer) reduceWith(err *UnsupportedError) *UnsupportedError {
	if err == nil {
		w.reduce(opTuple2)
	}
	return err
}

func clockState(hour, minute, second, micros int) [6]byte {
	return [6]byte{byte(hour), byte(minute), byte(second), byte(micros >> 16), byte(micros >> 8), byte(micros)}
}

// className returns the name of a class in memory that it does not share with a module
// name. In Python, datetime.datetime is two strings; in Go, two equal constants may be
// one.
func className(name string) string { return string(append([]byte{}, name...)) }

func (w *writer) date(v py.Date) *UnsupportedError {
	if !v.IsValid() {
		return unsupported(v, badDate)
	}
	if err := w.call("date", []byte{byte(v.Year >> 8), byte(v.Year), byte(v.Month), byte(v.Day)}); err != nil {
		return err
	}
	w.reduce(opTuple1)
	return nil
}

// time writes datetime.time(state) or datetime.time(state, tzinfo).
func (w *writer) time(v py.Time) *UnsupportedError {
	if !v.IsValid() {
		return unsupported(v, badTime)
	}
	state := clockState(v.Hour, v.Minute, v.Second, v.Microsecond)
	if v.Fold && w.protocol > 3 {
		state[0] |= foldBit
	}
	if err := w.call("time", state[:]); err != nil {
		return err
	}
	if v.TZInfo == nil {
		w.reduce(opTuple1)
		return nil
	}
	if o, ok := v.TZInfo.(*py.Object); !ok || o == nil {
		return w.in(unsupported(v.TZInfo, badTZInfo), "tzinfo")
	}
	if offset, ok := v.Offset(); ok && py.Equal(v.TZInfo, py.TimeZone(offset)) { // a datetime may share it
		return w.reduceWith(w.zone(offset))
	}
	return w.reduceWith(w.in(w.save(v.TZInfo), "tzinfo"))
}

// timeDelta writes datetime.timedelta(days, seconds, microseconds).
func (w *writer) timeDelta(v py.TimeDelta) *UnsupportedError {
	if again, ok := py.NewTimeDelta(int64(v.Days), int64(v.Seconds), int64(v.Microseconds)); !ok || again != v {
		return unsupported(v, badDelta)
	}
	if err := w.global(&py.Global{Module: datetimeModule, Name: "timedelta"}); err != nil {
		return err
	}
	for _, n := range []int{v.Days, v.Seconds, v.Microseconds} {
		w.boundary()
		w.int(int64(n))
	}
	w.reduce(opTuple3)
	return nil
}

// zone writes datetime.timezone(datetime.timedelta(...)), which timezone.utc is too, or
// its replacement.
func (w *writer) zone(offset int) *UnsupportedError {
	if w.timeZone != nil {
		return w.in(w.save(w.zoneObject(offset)), "tzinfo")
	}
	w.boundary()
	id := zoneIdentity(offset)
	if w.again(id) {
		return nil
	}
	if err := w.global(&py.Global{Module: datetimeModule, Name: "timezone"}); err != nil {
		return err
	}
	w.boundary()
	if err := w.datetimeValue(py.TimeDeltaOf(time.Duration(offset) * time.Second)); err != nil {
		return err
	}
	w.reduce(opTuple1)
	w.memoize(id)
	return nil
}

// zoneObject returns the result of WriteOptions.TimeZone for an offset, the same object
// each time.
func (w *writer) zoneObject(offset int) *py.Object {
	if zone, ok := w.zones[offset]; ok {
		return zone
	}
	if w.zones == nil {
		w.zones = map[int]*py.Object{}
	}
	zone := w.timeZone(offset)
	w.zones[offset] = zone
	return zone
}
