package djangosession_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/py"
	"github.com/djangobridge/djangobridge/py/pickle"
	"github.com/djangobridge/djangobridge/py/pyjson"
)

// inTime fails the test if do takes more than a few seconds.
func inTime(t *testing.T, what string, do func()) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		do()
	}()
	select {
	case <-done:
	case <-time.After(30 * time.Second):
		t.Fatalf("%s takes too long", what)
	}
}

// throughPickle returns v after writing and reading it.
func throughPickle(t *testing.T, v *py.Dict) *py.Dict {
	t.Helper()
	data, err := pickle.Dumps(v, 4)
	must(err)
	d, err := djangosession.TransitionalSerializer{}.Loads(data)
	must(err)
	return d
}

func orderedDict(pairs ...py.Pair) *py.Object {
	return &py.Object{
		Callable: &py.Global{Module: "collections", Name: "OrderedDict"},
		Args:     py.NewTuple(), Extra: &py.Extra{Pairs: pairs},
	}
}

// TestSmallPicklesThatWouldBeEndlessAsJSON has values that are shared many times, and
// values that contain themselves through an object.
func TestSmallPicklesThatWouldBeEndlessAsJSON(t *testing.T) {
	t.Parallel()
	lists, dicts := any(py.NewList()), any(py.NewDict(0))
	for range 40 {
		lists = py.NewList(lists, lists)
		dicts = orderedDict(py.Pair{Key: "a", Value: dicts}, py.Pair{Key: "b", Value: dicts})
	}
	loop := orderedDict()
	loop.Extra.Pairs = []py.Pair{{Key: "loop", Value: loop}}
	numbers := &py.List{}
	for range 20_000 {
		numbers.Items = append(numbers.Items, int64(1))
	}
	everywhere := py.NewDict(0)
	for i := range 20_000 {
		everywhere.Set(strings.Repeat("a", 1+i%100)+strings.Repeat("b", i/100), numbers)
	}
	for name, c := range map[string]struct {
		session *py.Dict
		want    string
	}{
		"lists":            {dictWith("a", lists), pyjson.TooMuchExpansion},
		"OrderedDicts":     {dictWith("a", dicts), pyjson.TooMuchExpansion},
		"contains itself":  {dictWith("a", loop), "contains itself"},
		"under many names": {everywhere, pyjson.TooMuchExpansion},
	} {
		d := throughPickle(t, c.session)
		inTime(t, name, func() {
			_, err := djangosession.TransitionalSerializer{}.Dumps(d)
			if refused, ok := errors.AsType[*pyjson.UnsupportedError](err); !ok || !strings.Contains(refused.Problem, c.want) {
				t.Errorf("%s: error %v, want %q", name, err, c.want)
			}
			// One more value that JSON cannot represent, so that all are converted.
			d.Set("price", py.NewSet())
			if _, err := (djangosession.TransitionalSerializer{}).Dumps(d); err == nil {
				t.Errorf("%s with a set is written", name)
			}
			if _, err := (djangosession.JSONSerializer{}).Dumps(d); err == nil {
				t.Errorf("%s with a set is written", name)
			}
		})
	}
}

// TestItemsOfAPickleCopyOnceWhatStandsUnderManyNames has a value under many names. A copy
// for each name would be too large.
func TestItemsOfAPickleCopyOnceWhatStandsUnderManyNames(t *testing.T) {
	t.Parallel()
	m, _ := site(t, pickleSite("4.2.30"))
	s := m.New()
	list := py.NewList(int64(1))
	d := py.NewDict(2)
	d.Set("a", list)
	d.Set("b", list)
	must(s.Update(d))
	values := s.Values()
	if len(values) != 2 || values[0] != values[1] {
		t.Errorf("got %v", values)
	}
	if first, ok := values[0].(*py.List); !ok {
		t.Errorf("got %v", values[0])
	} else {
		first.Items = nil
	}
	if got, _ := s.Get("a"); !py.Equal(got, list) {
		t.Error("a change to the returned values has changed the session")
	}
}

// TestTransitionalSerializerAsksForWhatIsInAnAnswer checks that results of Convert are
// converted too, like results of default in json.dumps.
func TestTransitionalSerializerAsksForWhatIsInAnAnswer(t *testing.T) {
	t.Parallel()
	price, err := py.ParseDecimal("19.90")
	must(err)
	serializer := djangosession.TransitionalSerializer{Convert: func(_ string, v any) (any, error) {
		switch v := v.(type) {
		case *py.Set:
			l := &py.List{}
			for item := range v.All() {
				l.Items = append(l.Items, item)
			}
			return l, nil
		case py.Decimal:
			return v.String(), nil
		}
		return py.NewList(v, v), nil // never ends
	}}
	if got, err := serializer.Dumps(dictWith("a", py.NewSet(price))); err != nil || string(got) != `{"a":["19.90"]}` {
		t.Errorf("wrote %s, %v", got, err)
	}
	_, err = serializer.Dumps(dictWith("a", py.Bytes("b")))
	if wrong, ok := errors.AsType[*djangosession.ValueError](err); !ok || wrong.Name != "a" || !strings.Contains(err.Error(), "nested") {
		t.Errorf("answers without an end: %v", err)
	}
}

// TestTransitionalSerializerMakesKeysText has keys of the several types of str in Python
// 2 and Django.
func TestTransitionalSerializerMakesKeysText(t *testing.T) {
	t.Parallel()
	safe := &py.Object{
		Construction: py.ConstructNew, Callable: &py.Global{Module: "django.utils.safestring", Name: "SafeString"}, Args: py.NewTuple("b"),
	}
	inner := dictWith(py.Str2("a"), int64(1))
	inner.Set(safe, int64(2))
	got, err := djangosession.TransitionalSerializer{}.Dumps(dictWith("a", inner))
	if want := `{"a":{"a":1,"b":2}}`; err != nil || string(got) != want {
		t.Errorf("wrote %s, %v; want %s", got, err, want)
	}
}
