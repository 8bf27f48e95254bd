package djangosession_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/py"
)

func TestNamesOfPythonTwoAreFoundByTextAndStayStr(t *testing.T) {
	t.Parallel()
	// {'_auth_user_id': 1, 'name': 'h\xe9', '\xff': 2, 'testcookie': 'worked'} of Python
	// 2.7, at protocol 2.
	const python2 = "\x80\x02}q\x00(U\x0d_auth_user_idq\x01K\x01U\x04nameq\x02U\x02h\xe9q\x03U\x01\xffq\x04K\x02" +
		"U\x0atestcookieq\x05U\x06workedq\x06u."
	m, e := site(t, pickleSite("1.5.12"))
	e.SetRow("akeyof8characters", signedPayload(t, m.Settings(), python2), frozen.AddDate(1, 0, 0))
	s, err := m.Load(t.Context(), "akeyof8characters")
	must(err)
	if id, _ := s.Get("_auth_user_id"); id != int64(1) {
		t.Errorf("the user is %v", id)
	}
	if name, _ := s.Get("name"); name != py.Str2("h\xe9") {
		t.Errorf("name is %v", name)
	}
	if !s.TestCookieWorked() {
		t.Error("the test cookie of Python 2 is not known")
	}
	if names := s.Keys(); !slices.Equal(names, []string{"_auth_user_id", "name", "testcookie"}) {
		t.Errorf("the names are %q", names)
	}
	must(s.Save(t.Context()))
	text, _, _ := e.Row(s.Key())
	if got := payloadOf(t, m.Settings(), text); got != python2 {
		t.Errorf("stored %q\nwant   %q", got, python2)
	}
	// Setting a value keeps the type of its name: in {'_auth_user_id': 2L, ...} it is
	// still a str.
	s.Set("_auth_user_id", 2)
	must(s.Save(t.Context()))
	text, _, _ = e.Row(s.Key())
	if got, want := payloadOf(t, m.Settings(), text), strings.Replace(python2, "K\x01", "K\x02", 1); got != want {
		t.Errorf("stored %q\nwant   %q", got, want)
	}
}

// TestDatesBeforeISOTextArePickled checks that releases before 4.1 store a datetime
// object, and later ones text.
func TestDatesBeforeISOTextArePickled(t *testing.T) {
	t.Parallel()
	end := time.Date(2023, 12, 1, 10, 0, 0, 5000, time.UTC)
	for release, c := range map[string]struct {
		useTZ bool
		want  any
	}{
		"3.2.25": {true, py.DateTime{Time: end}},
		"4.0.10": {false, py.NaiveIn(end, time.FixedZone("", -6*3600))},
		"4.1":    {true, "2023-12-01T10:00:00.000005+00:00"},
		"4.2.30": {false, "2023-12-01T04:00:00.000005"},
	} {
		m, e := site(t, func(s *djangosession.Settings) {
			pickleSite(release)(s)
			s.UseTZ = c.useTZ
		})
		s := m.New()
		s.SetExpiryTime(end)
		must(s.Save(t.Context()))
		if _, expire, _ := e.Row(s.Key()); !expire.Equal(end) {
			t.Errorf("%s: the row ends at %v", release, expire)
		}
		s, err := m.Load(t.Context(), s.Key())
		must(err)
		if got, _ := s.Get(djangosession.ExpiryName); !py.Equal(got, c.want) {
			t.Errorf("%s: stored %v, want %v", release, got, c.want)
		}
		if date, err := s.GetExpiryDate(); err != nil || !date.Equal(end) {
			t.Errorf("%s: ends at %v, %v", release, date, err)
		}
		want := end.Sub(frozen).Truncate(time.Second).Seconds()
		if age, err := s.GetExpiryAge(); err != nil || age != want {
			t.Errorf("%s: age %v, %v; want %v", release, age, err, want)
		}
		if s.GetExpireAtBrowserClose() {
			t.Errorf("%s: it ends with the browser", release)
		}
	}
}

// Python 2 has no datetime.timezone, so a session that contains one would be lost there.
// Django 1.4, 1.6, 1.8 and 1.11 on Python 2.7 have loaded the pickles below.
func TestAwareDatesArePickledForPythonTwo(t *testing.T) {
	t.Parallel()
	moment := time.Date(2024, 2, 29, 12, 0, 0, 5000, time.UTC)
	for release, class := range map[string]string{
		"1.4.22": "cdjango.utils.tzinfo\nFixedOffset\n", "1.6.11": "cdjango.utils.tzinfo\nFixedOffset\n",
		"1.7": "cdjango.utils.timezone\nFixedOffset\n", "1.11.29": "cdjango.utils.timezone\nFixedOffset\n",
		"2.0": "\x8c\x08timezone\x94",
	} {
		m, e := site(t, pickleSite(release))
		s := m.New()
		for name, seconds := range map[string]int{"utc": 0, "east": 3600, "west": -5400, "odd": 3208} {
			s.Set(name, moment.In(time.FixedZone("", seconds)))
		}
		s.Set("again", []time.Time{moment, moment})
		must(s.Save(t.Context()))
		text, _, _ := e.Row(s.Key())
		data := payloadOf(t, m.Settings(), text)
		if !strings.Contains(data, class) || strings.Contains(data, "cdatetime\ntimezone\n") {
			t.Errorf("%s: %q", release, data)
		}
		for _, zone := range []string{"-0130", "+0100", "UTC"} { // as get_fixed_timezone names them
			if strings.Contains(data, zone) != strings.HasPrefix(class, "cdjango") {
				t.Errorf("%s: the zone %s in %q", release, zone, data)
			}
		}
		s, err := m.Load(t.Context(), s.Key())
		must(err)
		for _, name := range []string{"utc", "east", "west", "odd"} {
			if v, err := djangosession.Value[time.Time](s, name); err != nil || !v.Equal(moment) {
				t.Errorf("%s: %s is %v, %v", release, name, v, err)
			}
		}
	}
}

// Python 2 with MySQL has a long as the id of a user.
func TestLongsOfPythonTwoAreNumbersAndStayLong(t *testing.T) {
	t.Parallel()
	const python2 = "\x80\x02}q\x00(U\x0d_auth_user_idq\x01\x8a\x01\x07U\x04listq\x02]q\x03(\x8a\x01\x01K\x01eu."
	m, e := site(t, pickleSite("1.8.19"))
	e.SetRow("akeyof8characters", signedPayload(t, m.Settings(), python2), frozen.AddDate(1, 0, 0))
	s, err := m.Load(t.Context(), "akeyof8characters")
	must(err)
	if id, _ := s.Get("_auth_user_id"); id != int64(7) {
		t.Errorf("the user is %T %v", id, id)
	}
	if list, _ := s.Get("list"); !py.Equal(list, py.NewList(1, 1)) {
		t.Errorf("the list is %v", list)
	}
	must(s.Save(t.Context()))
	text, _, _ := e.Row(s.Key())
	if got := payloadOf(t, m.Settings(), text); got != python2 {
		t.Errorf("stored %q\nwant   %q", got, python2)
	}
}
