package py

import (
	"strings"
	"time"
)

// A zoned is the tzinfo object of a [DateTime] and the time that it belongs to. It is
// invalid for any other time.
type zoned struct {
	tzinfo any
	time   time.Time
	fold   bool
}

// TimeZone returns a datetime.timezone for an offset in seconds east of UTC. Python
// refuses offsets of a day or more.
func TimeZone(offset int) *Object {
	delta, _ := NewTimeDelta(0, int64(offset), 0)
	return &Object{Callable: &Global{Module: datetimeModule, Name: "timezone"}, Args: NewTuple(delta)}
}

// WithTZInfo returns the aware datetime that has the reading of d and the given tzinfo
// object. It returns false if Go cannot determine the offset. It supports timezone,
// zoneinfo and its equivalents in backports and pytz (using this machine's time zone
// database), dateutil's tzutc and tzoffset, and the classes of older Django releases. The
// object must not be changed afterwards. Matches datetime.replace(tzinfo=...).
func (d DateTime) WithTZInfo(tzinfo any) (DateTime, bool) { return d.withTZInfo(tzinfo, nil) }

func (d DateTime) withTZInfo(tzinfo any, known zones) (DateTime, bool) {
	z, ok := known.zone(tzinfo)
	if !ok {
		return DateTime{}, false
	}
	d.Time = z.at(d.reading(), d.Fold)
	d.Naive, d.zone = false, nil
	if !z.plain {
		d.zone = &zoned{tzinfo, d.Time, d.Fold}
	}
	return d, true
}

// reading returns what the clock of d shows, as a time in UTC.
func (d DateTime) reading() time.Time {
	_, offset := d.Time.Zone()
	return d.Time.Add(time.Duration(offset) * time.Second).UTC()
}

// TZInfo returns the tzinfo object that [DateTime.WithTZInfo] gave d, such as a
// zoneinfo.ZoneInfo from a pickle. It returns nil for a naive datetime, for a plain
// datetime.timezone, and after Time or Fold has been changed.
func (d DateTime) TZInfo() any {
	z := d.zone
	if z == nil || d.Naive || d.Fold != z.fold || !d.Time.Equal(z.time) || !d.reading().Equal((DateTime{Time: z.time}).reading()) {
		return nil
	}
	return z.tzinfo
}

// A zone is the meaning of a tzinfo object.
type zone struct {
	loc      *time.Location
	named    *time.Location // the place, if loc is only one of its offsets
	constant bool           // the offset does not depend on the date
	plain    bool           // a datetime.timezone without a name
}

// at returns the moment at which clocks show the reading, in a location where they do.
func (z zone) at(reading time.Time, fold bool) time.Time {
	t := DateTime{Time: reading, Naive: true, Fold: fold}.In(z.loc)
	if shown := (DateTime{Time: t}).reading(); !shown.Equal(reading) { // a skipped reading
		return t.In(time.FixedZone("", int(reading.Sub(t)/time.Second)))
	}
	if z.named != nil {
		if in := t.In(z.named); (DateTime{Time: in}).reading().Equal(reading) {
			return in
		}
	}
	return t
}

// zones caches the time zones read from the system's database, because reading is slow.
type zones map[string]*time.Location

// load returns a time zone by its name in the database.
func (z zones) load(name string) (*time.Location, bool) {
	if loc, ok := z[name]; ok {
		return loc, loc != nil
	}
	if name == "" || name == "Local" || len(name) > 255 { // these have another meaning in Go
		return nil, false
	}
	loc, err := time.LoadLocation(name)
	if err != nil {
		loc = nil
	}
	if z != nil {
		z[name] = loc
	}
	return loc, loc != nil
}

func zoneOf(tzinfo any) (zone, bool) { return zones(nil).zone(tzinfo) }

// zone returns the meaning of a tzinfo object if its class is known and it has no unknown
// contents. (Unknown contents might include the datetime that the object belongs to.)
func (z zones) zone(tzinfo any) (zone, bool) {
	o, ok := tzinfo.(*Object)
	if !ok || o == nil || o.Args == nil {
		return zone{}, false
	}
	x := o.Extras()
	if !x.onlyState() {
		return zone{}, false
	}
	args := o.Args.Items
	class := o.madeClass()
	if o.reconstructed() { // class, datetime.tzinfo, datetime.tzinfo()
		base, ok := args[2].(*Object)
		if !ok || base == nil || base.Extras().HasState || len(base.args()) > 0 || base.Class() != "datetime.tzinfo" {
			return zone{}, false
		}
		args = nil
	}
	switch class {
	case "dateutil.tz.tz.tzoffset", "dateutil.tz.tzoffset":
		if len(args) == 2 && !x.HasState { // newer releases of dateutil
			name, ok := textOf(args[0])
			if !ok && args[0] != nil {
				return zone{}, false
			}
			return fixedDelta(name, args[1])
		}
		return fixedState(x.State, "_offset", "_name")
	case "django.utils.timezone.FixedOffset", "django.utils.tzinfo.FixedOffset":
		return fixedState(x.State, "_FixedOffset__offset", "_FixedOffset__name")
	}
	if x.HasState {
		return zone{}, false
	}
	switch class {
	case "datetime.timezone":
		return timezone(args)
	case "pytz._UTC", "dateutil.tz.tz.tzutc", "dateutil.tz.tzutc", "django.utils.timezone.UTC":
		return zone{loc: time.UTC, constant: true}, len(args) == 0
	case "pytz.FixedOffset", "pytz._FixedOffset":
		if len(args) == 1 {
			minutes, ok := args[0].(int64)
			return fixed("", minutes*60, ok && -1440 < minutes && minutes < 1440)
		}
	case "pytz._p":
		return z.pytz(args)
	case "":
		if name, ok := o.zoneInfo(); ok {
			return z.place(name)
		}
	}
	return zone{}, false
}

// place returns the zone of a name in the database.
func (z zones) place(name string) (zone, bool) {
	loc, ok := z.load(name)
	if !ok {
		return zone{}, false
	}
	first, last := time.Unix(0, 0).In(loc).ZoneBounds()
	return zone{loc: loc, constant: first.IsZero() && last.IsZero()}, true
}

// timezone handles datetime.timezone(timedelta) and datetime.timezone(timedelta, name).
func timezone(args []any) (zone, bool) {
	if len(args) == 0 || len(args) > 2 {
		return zone{}, false
	}
	name := ""
	if len(args) == 2 {
		var ok bool
		if name, ok = textOf(args[1]); !ok {
			return zone{}, false
		}
	}
	result, ok := fixedDelta(name, args[0])
	result.plain = len(args) == 1
	return result, ok
}

func fixed(name string, seconds int64, ok bool) (zone, bool) {
	if !ok || seconds <= -secondsPerDay || seconds >= secondsPerDay {
		return zone{}, false
	}
	if seconds == 0 && name == "" {
		return zone{loc: time.UTC, constant: true}, true
	}
	return zone{loc: time.FixedZone(name, int(seconds)), constant: true}, true
}

// fixedDelta is fixed with the offset as a timedelta. Go's zones have only whole seconds.
func fixedDelta(name string, delta any) (zone, bool) {
	if o, ok := delta.(*Object); ok && o.Class() == "datetime.timedelta" { // another object might contain a tzinfo again
		delta, _ = o.form(nil)
	}
	d, ok := delta.(TimeDelta)
	return fixed(name, int64(d.Days)*secondsPerDay+int64(d.Seconds), ok && d.Microseconds == 0)
}

// fixedState is fixed for an object whose state has offset and name as attributes.
func fixedState(given any, offset, name string) (zone, bool) {
	state, ok := given.(*Dict)
	if !ok {
		return zone{}, false
	}
	var delta any
	var text string
	for key, value := range state.All() {
		switch key, _ := textOf(key); key {
		case offset:
			delta = value
		case name:
			if text, ok = textOf(value); !ok && value != nil {
				return zone{}, false
			}
		default:
			return zone{}, false
		}
	}
	return fixedDelta(text, delta)
}

// pytz handles pytz's constructor arguments for a place, or for one of its offsets:
// (place, seconds, seconds of daylight saving time, name).
func (z zones) pytz(args []any) (zone, bool) {
	if len(args) != 1 && len(args) != 4 {
		return zone{}, false
	}
	place, ok := textOf(args[0])
	if !ok {
		return zone{}, false
	}
	if len(args) == 1 {
		return z.place(place)
	}
	seconds, ok1 := args[1].(int64)
	_, ok2 := args[2].(int64)
	name, ok3 := textOf(args[3])
	result, ok := fixed(name, seconds, ok1 && ok2 && ok3)
	result.named, _ = z.load(place)
	result.constant = false
	return result, ok
}

// zoneInfo returns the key of getattr(ZoneInfo, "_unpickle")(key, from_cache).
func (o *Object) zoneInfo() (key string, ok bool) {
	unpickle, _ := o.Callable.(*Object)
	if unpickle == nil || unpickle.madeClass() != "builtins.getattr" || o.Construction != ConstructCall {
		return "", false
	}
	of, args := unpickle.args(), o.args()
	if len(of) != 2 || len(args) != 2 {
		return "", false
	}
	class, _ := of[0].(*Global)
	method, _ := textOf(of[1])
	switch args[1].(type) {
	case int64, bool:
	default:
		return "", false
	}
	if unpickle.Extras().HasState || class == nil || class.Name != "ZoneInfo" || method != "_unpickle" {
		return "", false
	}
	if module := strings.TrimPrefix(class.Module, "backports."); module != "zoneinfo" {
		return "", false
	}
	return textOf(args[0])
}
