package signedcookies_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/djangobridge/djangobridge/djangosession"
)

// late is the http.ResponseWriter of http.TimeoutHandler after the timeout.
type late struct{ http.ResponseWriter }

func (late) Header() http.Header       { return http.Header{} }
func (late) WriteHeader(int)           {}
func (late) Write([]byte) (int, error) { return 0, http.ErrHandlerTimeout }

// TestTimeoutsAroundTheMiddlewareAreReported checks responses whose cookie, which is the
// session, does not reach the browser.
func TestTimeoutsAroundTheMiddlewareAreReported(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		use  use
		want int
	}{
		"read":    {use: read},
		"set":     {use: set, want: 1},
		"flushed": {use: flush, want: 1},
	} {
		s := newShop(t, nil)
		ctx, cancel := context.WithCancel(t.Context())
		r := httptest.NewRequestWithContext(ctx, http.MethodGet, "/", http.NoBody)
		r.AddCookie(&http.Cookie{Name: "sessionid", Value: one})
		s.sessions.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			session, err := djangosession.FromContext(r.Context())
			must(t, errors.Join(err, c.use(r.Context(), session)))
			cancel()
			w.WriteHeader(http.StatusOK)
		})).ServeHTTP(late{}, r)
		if len(s.errs) != c.want || c.want == 1 && !errors.Is(s.errs[0], djangosession.ErrHeaderSent) {
			t.Errorf("%s: reported %v", name, s.errs)
		}
	}
}
