package djangosession_test

import (
	"errors"
	"testing"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/fixtures"
	"github.com/djangobridge/djangobridge/py"
	"github.com/djangobridge/djangobridge/py/pickle"
)

// FuzzPickledSession checks that no bytes make a session panic, and that accepted
// sessions survive writing and reading, whichever values were used before.
func FuzzPickledSession(f *testing.F) {
	file, err := fixtures.Read[vector]("django-4.2/pickle.json")
	if err != nil {
		f.Fatal(err)
	}
	for _, v := range file.Cases {
		if v.Payload != nil {
			f.Add([]byte(*v.Payload))
		}
	}
	s := fuzzSettings(f)
	s.Serializer = djangosession.PickleSerializer{Options: pickle.Options{MaxDepth: 1000}}
	m, err := djangosession.NewManager(noEngine{}, s, djangosession.Options{})
	if err != nil {
		f.Fatal(err)
	}
	serializer := djangosession.PickleSerializer{Options: pickle.Options{MaxDepth: 1000}}
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := serializer.Loads(data)
		if err != nil {
			return
		}
		session := m.New()
		if err := session.Update(d); err != nil {
			return // nested too deeply for a copy
		}
		budget := 100_000
		if !spend(&budget, d, 0) {
			return // a short pickle can be very long after expansion
		}
		for name := range session.Items() {
			var v any
			_ = session.Scan(name, &v) // many do not fit
		}
		_, _ = session.GetExpiryAge()
		_, _ = session.GetExpiryDate()
		session.GetExpireAtBrowserClose()
		_, _ = djangosession.TransitionalSerializer{}.Dumps(d)

		again, err := serializer.Dumps(d)
		if err != nil {
			if _, ok := errors.AsType[*pickle.UnsupportedError](err); !ok {
				t.Fatalf("error %v", err)
			}
			return
		}
		back, err := serializer.Loads(again)
		if err != nil || !py.Equal(back, d) {
			t.Fatalf("written as %q, which is read otherwise, %v", again, err)
		}
	})
}

// spend subtracts the number of values in v from the budget, shared values once for each
// place, and reports whether the budget sufficed.
func spend(budget *int, v any, depth int) bool {
	if *budget--; *budget < 0 || depth > 1000 {
		return false
	}
	var parts []any
	switch v := v.(type) {
	case *py.List:
		parts = v.Items
	case *py.Tuple:
		parts = v.Items
	case *py.Dict:
		for k, item := range v.All() {
			parts = append(parts, k, item)
		}
	case *py.Object:
		extra := v.Extras()
		parts = append([]any{v.Args, extra.State}, extra.Items...)
		if extra.Kwargs != nil {
			parts = append(parts, extra.Kwargs)
		}
		for _, p := range extra.Pairs {
			parts = append(parts, p.Key, p.Value)
		}
	}
	for _, part := range parts {
		if !spend(budget, part, depth+1) {
			return false
		}
	}
	return true
}

// noEngine stores no sessions.
type noEngine struct{ djangosession.Engine }
