package py_test

import (
	"math/big"
	"testing"

	"github.com/djangobridge/djangobridge/py"
)

// A datetime has a native form if all of its tzinfo is known. Otherwise it stays as it
// is.
func TestTimeZonesAreKnownInTheirFormsAlone(t *testing.T) {
	t.Parallel()
	made := func(class string, args ...any) *py.Object {
		return &py.Object{Callable: global2(class), Args: py.NewTuple(args...)}
	}
	given := func(o *py.Object, state any) *py.Object {
		o.Extra = &py.Extra{HasState: true, State: state}
		return o
	}
	state := func(pairs ...any) *py.Dict {
		d := &py.Dict{}
		for i := 0; i < len(pairs); i += 2 {
			d.Set(pairs[i], pairs[i+1])
		}
		return d
	}
	hour := py.TimeDelta{Seconds: 3600}
	utc := global2("django.utils.timezone.UTC")
	object := made("datetime.tzinfo")
	zoneInfo := func(unpickle any, args ...any) *py.Object {
		return &py.Object{Callable: unpickle, Args: py.NewTuple(args...)}
	}
	getattr := func(class, name any) *py.Object { return made("builtins.getattr", class, name) }
	for what, c := range map[string]struct {
		zone any
		name string // "" if unknown
	}{
		"UTC of protocol 1":            {made("copy_reg._reconstructor", utc, global2("datetime.tzinfo"), object), "UTC"},
		"UTC of copyreg":               {made("copyreg._reconstructor", utc, global2("datetime.tzinfo"), object), "UTC"},
		"on an object with arguments":  {made("copyreg._reconstructor", utc, global2("datetime.tzinfo"), made("datetime.tzinfo", "x")), ""},
		"on another object":            {made("copyreg._reconstructor", utc, global2("datetime.tzinfo"), made("shop.tzinfo")), ""},
		"on an object with a state":    {made("copyreg._reconstructor", utc, global2("datetime.tzinfo"), given(made("datetime.tzinfo"), state())), ""},
		"on None":                      {made("copyreg._reconstructor", utc, global2("builtins.object"), nil), ""},
		"on text":                      {made("copyreg._reconstructor", utc, global2("builtins.object"), "x"), ""},
		"timezone":                     {made("datetime.timezone", hour), ""}, // Go makes up the name
		"timezone with a name":         {made("datetime.timezone", hour, "CET"), "CET"},
		"timezone with a str":          {made("datetime.timezone", hour, py.Str2("CET")), "CET"},
		"timezone with a number":       {made("datetime.timezone", hour, int64(1)), "unknown"},
		"timezone of text":             {made("datetime.timezone", "x"), "unknown"},
		"timezone of a day":            {made("datetime.timezone", py.TimeDelta{Days: 1}), "unknown"},
		"timezone of minus a day":      {made("datetime.timezone", py.TimeDelta{Days: -1}), "unknown"},
		"timezone of microseconds":     {made("datetime.timezone", py.TimeDelta{Microseconds: 1}), "unknown"},
		"UTC with the name of another": {made("datetime.timezone", py.TimeDelta{}, "GMT"), "GMT"},
		"tzoffset":                     {made("dateutil.tz.tz.tzoffset", "CET", hour), "CET"},
		"tzoffset without a name":      {made("dateutil.tz.tz.tzoffset", nil, hour), ""},
		"tzoffset with a number":       {made("dateutil.tz.tz.tzoffset", int64(1), hour), "unknown"},
		"tzoffset with a state":        {given(made("dateutil.tz.tzoffset"), state("_offset", hour, "_name", "CET")), "CET"},
		"tzoffset with None as a name": {given(made("dateutil.tz.tzoffset"), state("_offset", hour, "_name", nil)), ""},
		"tzoffset named by a number":   {given(made("dateutil.tz.tzoffset"), state("_offset", hour, "_name", int64(1))), "unknown"},
		"tzoffset with more":           {given(made("dateutil.tz.tzoffset"), state("_offset", hour, "_name", "CET", "x", 1)), "unknown"},
		"tzoffset without an offset":   {given(made("dateutil.tz.tzoffset"), state("_name", "CET")), "unknown"},
		"tzoffset with a list":         {given(made("dateutil.tz.tzoffset"), py.NewList()), "unknown"},
		"Django's":                     {given(made("django.utils.timezone.FixedOffset"), state("_FixedOffset__offset", hour, "_FixedOffset__name", "+0100")), "+0100"},
		"Django's older one":           {given(made("django.utils.tzinfo.FixedOffset", hour), state(py.Str2("_FixedOffset__offset"), hour, py.Str2("_FixedOffset__name"), "+0100")), "+0100"},
		"pytz of minutes":              {made("pytz._FixedOffset", int64(60)), ""},
		"pytz of no minutes":           {made("pytz._FixedOffset", int64(0)), "UTC"},
		"pytz of a float":              {made("pytz._FixedOffset", 0.0), "unknown"},
		"pytz of a large number":       {made("pytz._FixedOffset", new(big.Int).Lsh(big.NewInt(1), 70)), "unknown"},
		"pytz's UTC":                   {made("pytz._UTC"), "UTC"},
		"pytz's UTC with a state":      {given(made("pytz._UTC"), state()), "unknown"},
		"a place of pytz":              {made("pytz._p", "Europe/Berlin"), "CET"},
		"a place that is not":          {made("pytz._p", "Nowhere/Else"), "unknown"},
		"a place of a number":          {made("pytz._p", int64(1)), "unknown"},
		"no place":                     {made("pytz._p", ""), "unknown"},
		"the place Local":              {made("pytz._p", "Local"), "unknown"},
		"an offset of pytz":            {made("pytz._p", "Europe/Berlin", int64(3600), int64(0), "CET"), "CET"},
		"an offset of text":            {made("pytz._p", "Europe/Berlin", "x", int64(0), "CET"), "unknown"},
		"a summer time of text":        {made("pytz._p", "Europe/Berlin", int64(3600), "x", "CET"), "unknown"},
		"a name of a number":           {made("pytz._p", "Europe/Berlin", int64(3600), int64(0), int64(1)), "unknown"},
		"an offset of no place":        {made("pytz._p", int64(1), int64(3600), int64(0), "CET"), "unknown"},
		"ZoneInfo":                     {zoneInfo(getattr(global2("zoneinfo.ZoneInfo"), "_unpickle"), "Europe/Berlin", true), "CET"},
		"ZoneInfo with a number":       {zoneInfo(getattr(global2("zoneinfo.ZoneInfo"), "_unpickle"), "Europe/Berlin", int64(1)), "CET"},
		"ZoneInfo of backports":        {zoneInfo(getattr(global2("backports.zoneinfo.ZoneInfo"), "_unpickle"), "Europe/Berlin", true), "CET"},
		"ZoneInfo of a shop":           {zoneInfo(getattr(global2("shop.zoneinfo.ZoneInfo"), "_unpickle"), "Europe/Berlin", true), "unknown"},
		"another class":                {zoneInfo(getattr(global2("zoneinfo.Zone"), "_unpickle"), "Europe/Berlin", true), "unknown"},
		"another method":               {zoneInfo(getattr(global2("zoneinfo.ZoneInfo"), "no_cache"), "Europe/Berlin", true), "unknown"},
		"a method of no class":         {zoneInfo(getattr("x", "_unpickle"), "Europe/Berlin", true), "unknown"},
		"ZoneInfo with text":           {zoneInfo(getattr(global2("zoneinfo.ZoneInfo"), "_unpickle"), "Europe/Berlin", "x"), "unknown"},
		"ZoneInfo of a number":         {zoneInfo(getattr(global2("zoneinfo.ZoneInfo"), "_unpickle"), int64(1), true), "unknown"},
		"ZoneInfo with a state":        {zoneInfo(given(getattr(global2("zoneinfo.ZoneInfo"), "_unpickle"), "x"), "Europe/Berlin", true), "unknown"},
		"setattr":                      {zoneInfo(made("builtins.setattr", global2("zoneinfo.ZoneInfo"), "_unpickle"), "Europe/Berlin", true), "unknown"},
		"made new":                     {&py.Object{Construction: py.ConstructNew, Callable: getattr(global2("zoneinfo.ZoneInfo"), "_unpickle"), Args: py.NewTuple("Europe/Berlin", true)}, "unknown"},
	} {
		const readings = "\x07\xe8\x01\x1d\x17;;\x01\xe2@" // in January
		v := py.Native(made("datetime.datetime", py.Bytes(readings), c.zone))
		d, known := v.(py.DateTime)
		want := c.name != "unknown"
		if what[:3] == "on " {
			want = false
		}
		if known != want {
			t.Errorf("%s: %T", what, v)
			continue
		}
		if name, _ := d.Time.Zone(); known && name != c.name {
			t.Errorf("%s: the zone is %q, want %q", what, name, c.name)
		}
	}
}

func TestUUIDsAreThoseOfPython(t *testing.T) {
	t.Parallel()
	object := func(n any) *py.Object {
		d := py.NewDict(1)
		d.Set("int", n)
		return &py.Object{Construction: py.ConstructNew, Callable: global2("uuid.UUID"), Args: py.NewTuple(), Extra: &py.Extra{HasState: true, State: d}}
	}
	most := new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 128), big.NewInt(1))
	for _, c := range []struct {
		n    any
		want string
	}{
		{int64(0), "00000000-0000-0000-0000-000000000000"},
		{int64(1), "00000000-0000-0000-0000-000000000001"},
		{big.NewInt(0), "00000000-0000-0000-0000-000000000000"},
		{most, "ffffffff-ffff-ffff-ffff-ffffffffffff"},
		{int64(-1), ""},
		{new(big.Int).Add(most, big.NewInt(1)), ""},
		{"1", ""},
		{nil, ""},
	} {
		u, ok := py.Native(object(c.n)).(py.UUID)
		if ok != (c.want != "") || ok && u.String() != c.want {
			t.Errorf("%v: %v, %v", c.n, u, ok)
		}
	}
	one, other := py.UUID{1}, py.UUID{2}
	d := &py.Dict{}
	d.Set(one, "one")
	if _, found := d.Get(other); found || py.TypeName(one) != "UUID" {
		t.Error("two UUIDs are one key, or none")
	}
	text, err := one.MarshalText()
	if err != nil || string(text) != "01000000-0000-0000-0000-000000000000" {
		t.Errorf("%s, %v", text, err)
	}
	if err := other.UnmarshalText([]byte("x")); err == nil || other != (py.UUID{2}) {
		t.Errorf("%v, %v", other, err)
	}
}
