package csrf_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/csrf"
)

// soon fails the test if do does not return. Then it calls stop, which must let do
// return.
func soon(t *testing.T, what string, stop, do func()) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		do()
	}()
	select {
	case <-done:
	case <-time.After(time.Minute):
		t.Errorf("%s waits", what)
		stop()
		<-done
	}
}

// slowForm is a request with a form whose end has not arrived. The rest of its body is
// written to w.
func slowForm(t *testing.T, contentType, begin string) (r *http.Request, w *io.PipeWriter) {
	t.Helper()
	body, w := io.Pipe()
	r = httptest.NewRequestWithContext(t.Context(), http.MethodPost, "http://example.com/", io.MultiReader(strings.NewReader(begin), body))
	r.Header.Set("Content-Type", contentType)
	r.Header.Set("Cookie", "csrftoken="+secret)
	return r, w
}

// TestResponsesDoNotWaitForForms checks a form inside of http.TimeoutHandler. The form
// ends only after the response.
func TestResponsesDoNotWaitForForms(t *testing.T) {
	t.Parallel()
	large := upload("film", strings.Repeat("x", 6<<20)) // which goes to a file
	for name, c := range map[string]struct{ contentType, begin, end string }{
		"urlencoded":       {contentType: "application/x-www-form-urlencoded", begin: "a=", end: "&csrfmiddlewaretoken=" + token1},
		"multipart":        {contentType: "multipart/form-data; boundary=b", begin: field("csrfmiddlewaretoken", token1), end: large + lastBoundary},
		"begun with files": {contentType: "multipart/form-data; boundary=b", begin: large, end: field("csrfmiddlewaretoken", token1) + lastBoundary},
	} {
		s := newSite(t, "6.1", nil)
		r, rest := slowForm(t, c.contentType, c.begin)
		type result struct{ check, body error }
		checked := make(chan result, 1)
		var res *httptest.ResponseRecorder
		soon(t, name+": the response", func() { _ = rest.Close() }, func() {
			res = s.serve(r, csrf.Exempt(http.TimeoutHandler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				err := csrf.Check(r)
				_, bodyErr := io.Copy(io.Discard, r.Body)
				checked <- result{err, bodyErr}
			}), time.Millisecond, "")))
		})
		if res.Code != http.StatusServiceUnavailable {
			t.Errorf("%s: status %d", name, res.Code)
		}
		_, _ = io.WriteString(rest, c.end) // read to the end unless the test has failed
		_ = rest.Close()
		got := <-checked
		if got.check != nil {
			t.Errorf("%s: %v", name, got.check)
		}
		if stored := strings.HasPrefix(c.contentType, "multipart"); (got.body != nil) != stored {
			t.Errorf("%s: the body after the response: %v", name, got.body)
		}
	}
}

// TestChecksWaitNoLongerThanTheirContext checks a request twice at the same time. The
// second check does not read the form that the first one reads.
func TestChecksWaitNoLongerThanTheirContext(t *testing.T) {
	t.Parallel()
	s := newSite(t, "6.1", nil)
	r, rest := slowForm(t, "application/x-www-form-urlencoded", "csrfmiddlewaretoken="+token1)
	s.serve(r, csrf.Exempt(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		ctx := r.Context()
		short, cancel := context.WithTimeout(ctx, time.Millisecond)
		defer cancel()
		second, first := r.WithContext(short), make(chan error, 1)
		go func() { first <- csrf.Check(r) }()
		_, _ = io.WriteString(rest, "&a=") // read by the first check
		stop := func() { _ = rest.Close() }
		soon(t, "a second check", stop, func() {
			if err := csrf.Check(second); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("a second check: %v", err)
			}
		})
		soon(t, "a token", stop, func() {
			if _, err := csrf.Token(ctx); err != nil {
				t.Errorf("a token: %v", err)
			}
		})
		stop()
		if err := <-first; err != nil {
			t.Errorf("the first check: %v", err)
		}
		if err := csrf.Check(r); err != nil {
			t.Errorf("a check after it: %v", err)
		}
	})))
}

// slow is an engine whose Load ends with its context, or with the test.
type slow struct {
	djangosession.Engine
	begun, end chan struct{}
}

func (s slow) Load(ctx context.Context, _ string) (*djangosession.Record, error) {
	select {
	case s.begun <- struct{}{}:
	default:
	}
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-s.end:
		return nil, errDatabase
	}
}

// TestTokensWaitNoLongerThanTheirContext has a secret in a session that is loaded slowly:
// for the caller alone, and for another caller too.
func TestTokensWaitNoLongerThanTheirContext(t *testing.T) {
	t.Parallel()
	for name, ask := range map[string]func(ctx context.Context) error{
		"Token":         func(ctx context.Context) error { _, err := csrf.Token(ctx); return err },
		"TemplateField": func(ctx context.Context) error { _, err := csrf.TemplateField(ctx); return err },
		"Rotate":        csrf.Rotate,
		"Check": func(ctx context.Context) error {
			return csrf.Check(httptest.NewRequestWithContext(ctx, http.MethodPost, "/", http.NoBody))
		},
	} {
		for _, others := range []bool{false, true} {
			s := newSite(t, "6.1", func(set *djangosession.Settings) { set.CSRFUseSessions = true })
			engine := slow{begun: make(chan struct{}, 1), end: make(chan struct{})}
			manager, err := djangosession.NewManager(engine, s.manager.Settings(), djangosession.Options{})
			if err != nil {
				t.Fatal(err)
			}
			s.manager = manager
			s.serve(page(t, lostSession), http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				ctx, other := r.Context(), make(chan error, 1)
				if others {
					go func() { _, err := csrf.Token(ctx); other <- err }()
					<-engine.begun
				} else {
					other <- errDatabase
				}
				short, cancel := context.WithTimeout(ctx, time.Millisecond)
				defer cancel()
				end := sync.OnceFunc(func() { close(engine.end) })
				soon(t, name, end, func() {
					if err := ask(short); !errors.Is(err, context.DeadlineExceeded) {
						t.Errorf("%s, with another caller: %v: %v", name, others, err)
					}
				})
				end()
				if err := <-other; !errors.Is(err, errDatabase) {
					t.Errorf("another caller: %v", err)
				}
			}))
		}
	}
}
