package djangosession_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/py"
)

// constant is an engine whose session is always the same. It encodes nothing, because the
// encoders use pools, which the race detector empties at random.
type constant struct{ djangosession.Engine }

func (constant) Load(_ context.Context, key string) (*djangosession.Record, error) {
	d := py.NewDict(1)
	d.Set("n", "1")
	return &djangosession.Record{Key: key, Data: d}, nil
}

func (constant) Save(context.Context, *djangosession.Record) error { return nil }

// pages returns a page that reads its session and one that changes it, with a request.
func pages(tb testing.TB, o djangosession.Options) (read, change http.Handler, r *http.Request) {
	tb.Helper()
	m, err := djangosession.NewManager(constant{}, djangosession.NewSettings("secret"), o)
	if err != nil {
		tb.Fatal(err)
	}
	page := func(use func(s *djangosession.Session)) http.Handler {
		return m.Middleware(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			s, err := djangosession.FromContext(r.Context())
			if err != nil {
				tb.Fatal(err)
			}
			use(s)
		}))
	}
	read = page(func(s *djangosession.Session) { s.Get("n") })
	change = page(func(s *djangosession.Session) { s.Set("n", "2") })
	r, err = http.NewRequestWithContext(tb.Context(), http.MethodGet, "/", http.NoBody)
	if err != nil {
		tb.Fatal(err)
	}
	r.Header.Set("Cookie", "sessionid="+djangosession.NewKey())
	return read, change, r
}

func observedOptions() djangosession.Options {
	return djangosession.Options{
		OnLoad:  func(context.Context, djangosession.LoadEvent) {},
		OnStore: func(context.Context, djangosession.StoreEvent) {},
	}
}

// TestHooksOfTheEngineCostNoAllocations holds the number of allocations of a page to what
// it was before the hooks existed, and one more for the context of a save, in which the
// hooks get no session. With hooks that do nothing it is the same.
func TestHooksOfTheEngineCostNoAllocations(t *testing.T) {
	for name, o := range map[string]djangosession.Options{"unset": {}, "set": observedOptions()} {
		read, change, r := pages(t, o)
		for _, c := range []struct {
			name string
			page http.Handler
			most float64
		}{{name: "read", page: read, most: 16}, {name: "change", page: change, most: 39}} {
			n := testing.AllocsPerRun(1000, func() { c.page.ServeHTTP(&discard{header: http.Header{}}, r) })
			if n > c.most {
				t.Errorf("hooks %s: a page with a %s makes %v allocations, want %v", name, c.name, n, c.most)
			}
		}
	}
}

func BenchmarkHooks(b *testing.B) {
	for name, o := range map[string]djangosession.Options{"unset": {}, "set": observedOptions()} {
		read, change, r := pages(b, o)
		for page, handler := range map[string]http.Handler{"read": read, "change": change} {
			b.Run(page+"/"+name, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					handler.ServeHTTP(&discard{header: http.Header{}}, r)
				}
			})
		}
	}
}
