package tables_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/fixtures"
	"github.com/djangobridge/djangobridge/py"
	"github.com/djangobridge/djangobridge/py/tagged"
	"github.com/djangobridge/djangobridge/tables"
)

// vector is a case of sqlite.json.
type vector struct {
	Name           string
	Op             string
	Expect         string
	Time           float64
	Settings       map[string]json.RawMessage
	Session        json.RawMessage
	SessionKey     string          `json:"session_key"`
	SessionData    json.RawMessage `json:"session_data"`
	ExpireDate     json.RawMessage `json:"expire_date"`
	ExpireDateType string          `json:"expire_date_type"`
	Clocks         []float64
	Found          []bool
	Deleted        json.RawMessage // of save: at each clock; of odd_row: at the time
	Load           struct {
		Found   bool
		Session json.RawMessage
		Raises  string
	}
	Read struct {
		Value  json.RawMessage
		Raises string
	}
}

func at(seconds float64) time.Time {
	sec, fraction := math.Modf(seconds)
	return time.Unix(int64(sec), int64(math.Round(fraction*1e6))*1000).UTC()
}

// site makes a database with the table as the migration of a release made it, and a
// manager with the case's settings and a clock that can be set.
func (v *vector) site(t *testing.T, django string, ddl []string) (*testSite, *time.Time) {
	t.Helper()
	now := at(v.Time)
	all := map[string]any{"DJANGO_VERSION": django}
	for name, value := range v.Settings {
		all[name] = value
	}
	text, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	s, err := djangosession.ReadSettings(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	s.Now = func() time.Time { return now }
	return newTestSite(t, s, tables.Options{}, ddl), &now
}

func forEachRow(t *testing.T, op string, run func(t *testing.T, django string, ddl []string, v *vector)) {
	t.Helper()
	count := 0
	for _, folder := range fixtures.Releases() {
		file, err := fixtures.Read[vector](folder + "/sqlite.json")
		if err != nil {
			t.Fatal(err)
		}
		for i := range file.Cases {
			v := &file.Cases[i]
			if v.Op != op {
				continue
			}
			count++
			t.Run(folder+"/"+v.Name, func(t *testing.T) {
				t.Parallel()
				run(t, file.Django, file.DDL, v)
			})
		}
	}
	if count < 100 {
		t.Fatalf("only %d cases", count)
	}
}

func TestRowsAreWrittenAsDjangoWritesThem(t *testing.T) {
	t.Parallel()
	forEachRow(t, "save", func(t *testing.T, django string, ddl []string, v *vector) {
		s, now := v.site(t, django, ddl)
		p, err := tagged.Loads(v.Session)
		if err != nil {
			t.Fatal(err)
		}
		key := v.SessionKey
		if key == "" {
			key = "keyofarowthatisrefused0000000000"
		}
		session := s.sessions.Open(key)
		if err := session.Update(p); err != nil {
			t.Fatal(err)
		}
		err = session.SaveMustCreate(t.Context())
		if v.Expect != "ok" {
			var refused *djangosession.ValueError
			if text, _ := session.Get(djangosession.ExpiryName); err == nil && django < "4.1" && isISO(text) {
				return // those releases cannot use text, but this package always reads it
			}
			if !errors.As(err, &refused) || s.count(t) != 0 {
				t.Errorf("error %v, %d rows; Django refuses", err, s.count(t))
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		data, want := cellOf(t, v.SessionData), cellOf(t, v.ExpireDate)
		r := s.row(t, v.SessionKey)
		if r.data != data && r.data[0] != '.' || r.expire != want || r.kind != v.ExpireDateType {
			t.Errorf("wrote %s, %s (%s)\nwant  %s, %s (%s)", r.data, r.expire, r.kind, data, want, v.ExpireDateType)
		}
		v.checkClocks(t, s, now)
	})
}

// cellOf is what the driver is given for a cell in a vector.
func cellOf(t *testing.T, text json.RawMessage) any {
	t.Helper()
	v, err := tagged.Loads(text)
	if err != nil {
		t.Fatal(err)
	}
	if b, ok := v.(py.Bytes); ok {
		return []byte(b)
	}
	return v
}

func isISO(v any) bool {
	text, ok := v.(string)
	_, err := py.ParseISOFormat(text)
	return ok && err == nil
}

// checkClocks asks at each of the case's clocks whether the row is found and would be
// cleared.
func (v *vector) checkClocks(t *testing.T, s *testSite, now *time.Time) {
	t.Helper()
	var deleted []bool
	if err := json.Unmarshal(v.Deleted, &deleted); err != nil {
		t.Fatal(err)
	}
	for i, clock := range v.Clocks {
		*now = at(clock)
		_, err := s.engine.Load(t.Context(), v.SessionKey)
		if found := err == nil; found != v.Found[i] || !found && !errors.Is(err, djangosession.ErrNoSession) {
			t.Errorf("at %v: error %v, want found %v", *now, err, v.Found[i])
		}
		n, err := s.engine.ClearExpired(t.Context(), djangosession.ClearOptions{DryRun: true})
		if err != nil || (n == 1) != deleted[i] {
			t.Errorf("at %v: %d to be cleared, %v; want %v", *now, n, err, deleted[i])
		}
	}
}

func TestRowsOfOtherProgramsAreReadAsDjangoReadsThem(t *testing.T) {
	t.Parallel()
	forEachRow(t, "odd_row", func(t *testing.T, django string, ddl []string, v *vector) {
		s, _ := v.site(t, django, ddl)
		s.insert(t, v.SessionKey, cellOf(t, v.SessionData), cellOf(t, v.ExpireDate))
		record, err := s.engine.Load(t.Context(), v.SessionKey)
		var corrupt *djangosession.DecodeError
		switch {
		case v.Load.Raises != "" || !v.Load.Found:
			if v.Load.Raises == "" && !errors.Is(err, djangosession.ErrNoSession) {
				t.Errorf("error %v, want ErrNoSession", err)
			}
		case errors.As(err, &corrupt):
			if string(v.Load.Session) != "{}" { // Django's result for data that does not decode
				t.Errorf("not decoded: %v; want %s", err, v.Load.Session)
			}
		case err != nil:
			t.Errorf("not loaded: %v", err)
		default:
			v.checkDate(t, django, record)
		}
		n, err := s.engine.ClearExpired(t.Context(), djangosession.ClearOptions{})
		if want := string(v.Deleted) == "true"; err != nil || (n == 1) != want || (s.count(t) == 0) != want {
			t.Errorf("cleared %d, %v; want %s", n, err, v.Deleted)
		}
	})
}

// checkDate compares the date of a record with what Django reads in the row.
func (v *vector) checkDate(t *testing.T, django string, r *djangosession.Record) {
	t.Helper()
	if v.Read.Raises != "" {
		return
	}
	want, err := tagged.Loads(v.Read.Value)
	if err != nil {
		t.Fatal(err)
	}
	date, ok := want.(py.DateTime)
	if !ok { // None: not a date for Django
		if django >= "4.0" && !r.ExpireDate.Time.IsZero() { // newer releases read more
			t.Errorf("date %s; Django reads none", r.ExpireDate.ISOFormat())
		}
		return
	}
	if got := r.ExpireDate; got.Naive != date.Naive || !got.Time.Equal(date.Time) {
		t.Errorf("date %s, want %s", got.ISOFormat(), date.ISOFormat())
	}
}
