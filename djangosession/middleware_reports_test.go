package djangosession_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/internal/httpmw"
)

// TestReportsHaveLevelsAndWords holds what a log says of each kind of failure.
func TestReportsHaveLevelsAndWords(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fail  error
		late  bool
		words string
	}{
		"engine":  {fail: errBroken, words: `level=ERROR msg="session not saved"`},
		"deleted": {fail: djangosession.ErrSessionGone, words: `level=WARN msg="session not saved"`},
		"none":    {words: `level=DEBUG msg="session saved" reason=modified status=200 created=true`},
		"late":    {late: true, words: `level=ERROR msg="session used after the header of the response"`},
	} {
		s := newShop(t, "6.1", nil)
		s.engine.saveErr = c.fail
		s.visit("", func(w http.ResponseWriter, r *http.Request) {
			if c.late {
				w.WriteHeader(http.StatusOK)
			}
			s.session(r).Set("n", "1")
		})
		if text := s.log.String(); !strings.Contains(text, c.words) {
			t.Errorf("%s: log: %s", name, text)
		}
	}
}

// TestHooksRunOnceBeforeTheHeader lets handlers answer, return and panic.
func TestHooksRunOnceBeforeTheHeader(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		handler func(w http.ResponseWriter)
		status  int
	}{
		"answers": {handler: func(w http.ResponseWriter) { w.WriteHeader(http.StatusTeapot) }, status: http.StatusTeapot},
		"returns": {handler: func(http.ResponseWriter) {}, status: http.StatusOK},
		"panics":  {handler: func(http.ResponseWriter) { panic("broken") }, status: http.StatusInternalServerError},
		"answers and panics": {
			handler: func(w http.ResponseWriter) { w.WriteHeader(http.StatusTeapot); panic("broken") }, status: http.StatusTeapot,
		},
	} {
		s := newShop(t, "6.1", nil)
		var statuses []int
		w := httptest.NewRecorder()
		func() {
			defer func() { _ = recover() }()
			s.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				httpmw.From(r.Context()).BeforeHeader(func(status int, header http.Header) {
					statuses = append(statuses, status)
					header.Set("X-Hook", "ran")
				})
				c.handler(w)
			})).ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody))
		}()
		if len(statuses) != 1 || statuses[0] != c.status || w.Header().Get("X-Hook") != "ran" {
			t.Errorf("%s: hook called with %v, header %v", name, statuses, w.Header())
		}
	}
}

// TestDamagedSessionsAreReportedWithTheReason has text of another key, and invalid text.
func TestDamagedSessionsAreReportedWithTheReason(t *testing.T) {
	t.Parallel()
	for text, reason := range map[string]string{"garbage": "reason=malformed", "e30:1r31eq:x": "reason=bad_signature"} {
		s := newShop(t, "6.1", nil)
		s.engine.SetRow(someKey, text, noon.Add(time.Hour))
		if _, err := s.Manager.Load(t.Context(), someKey); err != nil {
			t.Fatal(err)
		}
		if log := s.log.String(); !strings.Contains(log, reason) || strings.Contains(log, someKey) {
			t.Errorf("%s: log: %s", text, log)
		}
	}
}
