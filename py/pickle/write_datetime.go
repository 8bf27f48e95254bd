package pickle

import "github.com/djangobridge/djangobridge/py"

const secondsPerDay = 24 * 60 * 60

// dateTime writes datetime.datetime(state) or datetime.datetime(state, timezone).
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
	month := byte(t.Month())
	if v.Naive && v.Fold && w.protocol > 3 { // older readers would take it for a wrong month
		month |= 0x80
	}
	micros := t.Nanosecond() / 1000
	state := []byte{
		byte(t.Year() >> 8), byte(t.Year()), month, byte(t.Day()), byte(t.Hour()), byte(t.Minute()), byte(t.Second()),
		byte(micros >> 16), byte(micros >> 8), byte(micros),
	}

	if err := w.global(&py.Global{Module: "datetime", Name: className("datetime")}); err != nil {
		return err
	}
	w.boundary()
	if err := w.bytes(string(state), identity{}); err != nil {
		return err
	}
	if v.Naive {
		w.reduce(opTuple1)
	} else {
		if err := w.zone(offset); err != nil {
			return err
		}
		w.reduce(opTuple2)
	}
	w.memoizeNew()
	return nil
}

// className returns the name of a class in memory that no module's name shares: datetime.datetime is two strings in
// Python, and two equal constants may be one in Go.
func className(name string) string { return string(append([]byte{}, name...)) }

// zone writes datetime.timezone(datetime.timedelta(...)), which is what timezone.utc is too.
func (w *writer) zone(offset int) *UnsupportedError {
	w.boundary()
	id := zoneIdentity(offset)
	if w.again(id) {
		return nil
	}
	if err := w.global(&py.Global{Module: "datetime", Name: "timezone"}); err != nil {
		return err
	}
	if err := w.global(&py.Global{Module: "datetime", Name: "timedelta"}); err != nil {
		return err
	}
	days := 0
	if offset < 0 { // a timedelta has a negative day and positive seconds
		days = -1
	}
	for _, n := range []int{days, offset - days*secondsPerDay, 0} {
		w.boundary()
		w.int(int64(n))
	}
	w.reduce(opTuple3)
	w.memoizeNew()
	w.reduce(opTuple1)
	w.memoize(id)
	return nil
}
