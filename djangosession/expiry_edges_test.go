package djangosession_test

import (
	"errors"
	"math"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/py"
)

// TestExpiryArgumentsMayBeGoValues passes the keyword arguments of get_expiry_age and
// get_expiry_date.
func TestExpiryArgumentsMayBeGoValues(t *testing.T) {
	t.Parallel()
	m, _ := site(t, nil)
	s := m.New()
	s.SetExpiry(60)
	for name, c := range map[string]struct {
		expiry any
		want   float64
	}{
		"int": {5, 5}, "int32": {int32(-5), -5}, "uint8": {uint8(5), 5}, "float32": {float32(0.5), 0.5}, "bool": {true, 1},
		"nothing": {nil, 1209600}, "zero": {0, 1209600}, "time": {frozen.Add(90 * time.Second), 90},
	} {
		args := djangosession.ExpiryArgs{Expiry: c.expiry, Override: true}
		age, err := s.GetExpiryAgeWith(args)
		if err != nil || age != c.want {
			t.Errorf("%s: age %v, %v; want %v", name, age, err, c.want)
		}
		date, err := s.GetExpiryDateWith(args)
		if err != nil || !date.Equal(frozen.Add(time.Duration(c.want*1e9))) {
			t.Errorf("%s: date %v, %v", name, date, err)
		}
		args.Override = false
		if age, err := s.GetExpiryAgeWith(args); err != nil || age != 60 {
			t.Errorf("%s, not to be taken: age %v, %v", name, age, err)
		}
	}
	s.Set(djangosession.ExpiryName, "soon")
	if age, err := s.GetExpiryAge(); err == nil {
		t.Errorf("the session's own expiry is no date: age %v", age)
	}
	if date, err := s.GetExpiryDate(); err == nil {
		t.Errorf("the session's own expiry is no date: date %v", date)
	}
	for name, expiry := range map[string]any{"list": []int{1}, "channel": make(chan int), "text": "soon"} {
		args := djangosession.ExpiryArgs{Expiry: expiry, Override: true}
		_, ageErr := s.GetExpiryAgeWith(args)
		_, dateErr := s.GetExpiryDateWith(args)
		for _, err := range []error{ageErr, dateErr} {
			if wrong, ok := errors.AsType[*djangosession.ValueError](err); !ok || wrong.Name != djangosession.ExpiryName {
				t.Errorf("%s: error %v", name, err)
			}
		}
	}
}

// TestExpiriesEndWithTheCalendar has Python's first and last second: datetime.min and
// datetime.max.
func TestExpiriesEndWithTheCalendar(t *testing.T) {
	t.Parallel()
	m, _ := site(t, func(s *djangosession.Settings) { s.TimeZone = "UTC" })
	s := m.New()
	first, last := time.Date(1, 1, 1, 0, 0, 10, 0, time.UTC), time.Date(9999, 12, 31, 23, 59, 49, 0, time.UTC)
	for _, c := range []struct {
		from   time.Time
		expiry any
		want   time.Time // the zero value means an error, although it is in the year 1 too
		fails  bool
	}{
		{from: first, expiry: -10, want: time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)},
		{from: first, expiry: -11, fails: true},
		{from: last, expiry: 10, want: time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)},
		{from: last, expiry: 11, fails: true},
		{from: last, expiry: 10.999999, want: time.Date(9999, 12, 31, 23, 59, 59, 999999000, time.UTC)},
		{from: frozen, expiry: 1e300, fails: true},
		{from: frozen, expiry: math.NaN(), fails: true},
		{from: frozen, expiry: math.Inf(-1), fails: true},
	} {
		got, err := s.GetExpiryDateWith(djangosession.ExpiryArgs{Modification: c.from, Expiry: c.expiry, Override: true})
		if (err != nil) != c.fails || !c.fails && !got.Equal(c.want) {
			t.Errorf("%v after %v: %v, %v", c.expiry, c.from, got, err)
		}
	}
	for text, fails := range map[string]bool{
		"0001-01-01T00:00:00+00:00": false, "9999-12-31T23:59:59.999999+00:00": false,
		"0001-01-01T00:00:00+00:01": true, "9999-12-31T23:59:59.999999-00:01": true,
	} {
		s := m.New()
		s.Set(djangosession.ExpiryName, text)
		if err := s.Save(t.Context()); (err != nil) != fails {
			t.Errorf("%s: saved with error %v", text, err)
		}
	}
}

// TestExpiryOfZeroEndsWithTheBrowser has values that equal 0 in Python, and some that do
// not.
// TestDatesHaveMicroseconds has a clock with nanoseconds, as Go has and Python has not.
func TestDatesHaveMicroseconds(t *testing.T) {
	t.Parallel()
	m, _ := site(t, func(s *djangosession.Settings) {
		s.Now = func() time.Time { return time.Unix(1_700_000_000, 123_456_789) }
	})
	date, err := m.New().GetExpiryDate()
	if want := time.Unix(1_700_000_000, 123_456_000).Add(14 * 24 * time.Hour); err != nil || !date.Equal(want) {
		t.Errorf("%v, %v; want %v", date, err, want)
	}
}

func TestExpiryOfZeroEndsWithTheBrowser(t *testing.T) {
	t.Parallel()
	zero, err := py.ParseDecimal("0.00")
	must(err)
	nan, err := py.ParseDecimal("NaN")
	must(err)
	for _, c := range []struct {
		expiry any
		want   bool
	}{
		{0, true},
		{0.0, true},
		{false, true},
		{zero, true},
		{complex(0, 0), true},
		{1, false},
		{-1, false},
		{true, false},
		{nan, false},
		{complex(0, 1), false},
		{"", false},
		{"0", false},
		{[]int{}, false},
	} {
		m, _ := site(t, nil)
		s := m.New()
		s.Set(djangosession.ExpiryName, c.expiry)
		if got := s.GetExpireAtBrowserClose(); got != c.want {
			t.Errorf("%v: %v", c.expiry, got)
		}
	}
	for _, byDefault := range []bool{false, true} {
		m, _ := site(t, func(s *djangosession.Settings) { s.SessionExpireAtBrowserClose = byDefault })
		s := m.New()
		if s.GetExpireAtBrowserClose() != byDefault {
			t.Errorf("by default not %v", byDefault)
		}
		s.SetExpiry(1)
		s.SetExpiryDefault()
		if s.GetExpireAtBrowserClose() != byDefault {
			t.Errorf("by default again not %v", byDefault)
		}
	}
}

// TestExpiriesThatPythonTakesForFalseAreNone has values that only a pickle can contain.
// Django decides with "if not expiry".
func TestExpiriesThatPythonTakesForFalseAreNone(t *testing.T) {
	t.Parallel()
	full := py.NewDict(1)
	full.Set("a", int64(1))
	for name, c := range map[string]struct{ empty, full any }{
		"str of Python 2": {py.Str2(""), py.Str2("x")},
		"bytes":           {py.Bytes(""), py.Bytes("x")},
		"timedelta":       {py.TimeDelta{}, py.TimeDelta{Days: 1}},
		"list":            {py.NewList(), py.NewList(int64(1))},
		"tuple":           {py.NewTuple(), py.NewTuple(int64(1))},
		"bytearray":       {&py.ByteArray{}, &py.ByteArray{Bytes: []byte("x")}},
		"dict":            {py.NewDict(0), full},
		"set":             {py.NewSet(), py.NewSet(int64(1))},
		"text":            {"", "x"},
	} {
		m, _ := site(t, nil)
		s := m.New()
		age, err := s.GetExpiryAgeWith(djangosession.ExpiryArgs{Expiry: c.empty, Override: true})
		if err != nil || age != 1209600 {
			t.Errorf("empty %s: %v, %v", name, age, err)
		}
		if age, err := s.GetExpiryAgeWith(djangosession.ExpiryArgs{Expiry: c.full, Override: true}); err == nil {
			t.Errorf("%s: %v", name, age)
		}
	}
}

func TestDatesPastTheCalendarAreRefused(t *testing.T) {
	t.Parallel()
	for _, expiry := range []string{"9999-12-31T23:59:59.999999-05:00", "0001-01-01T00:00:00+05:00", "9999-12-31T23:59:59"} {
		m, _ := site(t, nil) // TIME_ZONE is Chicago, where the last date is in the year 10000 of UTC
		s := m.New()
		s.Set(djangosession.ExpiryName, expiry)
		if err := s.Save(t.Context()); err == nil {
			t.Errorf("%s is saved", expiry)
		} else if _, ok := errors.AsType[*djangosession.ValueError](err); !ok {
			t.Errorf("%s: error %v", expiry, err)
		}
	}
}

// The results are those of Django 5.2: without time zones, a timedelta is added to what
// the clocks show, and they change on March 10.
func TestExpiryDurationsAcrossAChangeOfTheClocks(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		useTZ bool
		want  string
	}{
		{useTZ: false, want: "2024-03-10T12:00:00"},
		{useTZ: true, want: "2024-03-10T18:00:00+00:00"},
	} {
		m, _ := site(t, func(s *djangosession.Settings) {
			s.UseTZ, s.TimeZone = c.useTZ, "America/Chicago"
			s.Now = func() time.Time { return time.Date(2024, 3, 9, 18, 0, 0, 0, time.UTC) }
		})
		s := m.New()
		s.SetExpiryDuration(24 * time.Hour)
		if got, _ := s.Get(djangosession.ExpiryName); got != c.want {
			t.Errorf("USE_TZ = %v: %v, want %s", c.useTZ, got, c.want)
		}
		if age, err := s.GetExpiryAge(); err != nil || age != 86400 {
			t.Errorf("USE_TZ = %v: age %v, %v", c.useTZ, age, err)
		}
	}
}
