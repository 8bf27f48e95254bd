package djangosession_test

import (
	"net/http"
	"testing"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/memory"
)

// discard is a response that is not read.
type discard struct{ header http.Header }

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) WriteHeader(int)             {}
func (d *discard) Write(p []byte) (int, error) { return len(p), nil }

func untouched(tb testing.TB) (w http.ResponseWriter, r *http.Request, bare, wrapped http.Handler) {
	tb.Helper()
	s := djangosession.NewSettings("secret")
	engine, err := memory.New(s)
	if err != nil {
		tb.Fatal(err)
	}
	m, err := djangosession.NewManager(engine, s, djangosession.Options{})
	if err != nil {
		tb.Fatal(err)
	}
	page := []byte("a page without a session")
	bare = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(page) })
	w = &discard{header: http.Header{"X-Frame-Options": {"DENY"}, "Referrer-Policy": {"same-origin"}}}
	r, err = http.NewRequestWithContext(tb.Context(), http.MethodGet, "/", http.NoBody)
	if err != nil {
		tb.Fatal(err)
	}
	r.Header.Set("Cookie", "_ga=GA1.1.1234567890.1234567890; theme=dark; csrftoken=x0abcdefghijklmnopqrstuvwxyz0123; sessionid="+
		djangosession.NewKey())
	return w, r, bare, m.Middleware(bare)
}

func TestUntouchedRequestCostsThreeAllocations(t *testing.T) {
	w, r, bare, wrapped := untouched(t)
	without := testing.AllocsPerRun(1000, func() { bare.ServeHTTP(w, r) })
	with := testing.AllocsPerRun(1000, func() { wrapped.ServeHTTP(w, r) })
	if with-without > 3 {
		t.Errorf("%v allocations, without the middleware %v", with, without)
	}
	if len(w.Header()) != 2 {
		t.Errorf("the header has become %v", w.Header())
	}
}

func BenchmarkMiddleware(b *testing.B) {
	w, r, bare, wrapped := untouched(b)
	b.Run("without", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			bare.ServeHTTP(w, r)
		}
	})
	b.Run("untouched", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			wrapped.ServeHTTP(w, r)
		}
	})
}
