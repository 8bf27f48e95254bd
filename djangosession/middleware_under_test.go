package djangosession_test

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
)

// stubborn is a response that can be flushed by FlushError alone, and whose connection cannot be taken over.
// Nothing can be written to it.
type stubborn struct {
	header  http.Header
	flushed int
}

func (s *stubborn) Header() http.Header                        { return s.header }
func (*stubborn) Write([]byte) (int, error)                    { return 3, errBroken }
func (*stubborn) WriteHeader(int)                              {}
func (s *stubborn) FlushError() error                          { s.flushed++; return errBroken }
func (*stubborn) Hijack() (net.Conn, *bufio.ReadWriter, error) { return nil, nil, errBroken }

// TestErrorsOfTheResponseReachTheHandler holds that the middleware's response is as good as the one under it.
func TestErrorsOfTheResponseReachTheHandler(t *testing.T) {
	t.Parallel()
	s := newShop(t, "6.1", nil)
	under := &stubborn{header: http.Header{}}
	s.Middleware(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		c := http.NewResponseController(w)
		if err := c.Flush(); !errors.Is(err, errBroken) || under.flushed != 1 {
			t.Errorf("Flush: %v, flushed %d times", err, under.flushed)
		}
		if n, err := w.Write([]byte("text")); n != 3 || !errors.Is(err, errBroken) {
			t.Errorf("Write: %d, %v", n, err)
		}
		if n, err := io.WriteString(w, "text"); n != 3 || !errors.Is(err, errBroken) {
			t.Errorf("WriteString: %d, %v", n, err)
		}
		if n, err := io.Copy(w, bigFile()); n != 3 || !errors.Is(err, errBroken) {
			t.Errorf("ReadFrom: %d, %v", n, err)
		}
		if _, ok := w.(http.Flusher); !ok {
			t.Error("it cannot be flushed")
		}
		if conn, rw, err := c.Hijack(); !errors.Is(err, errBroken) || conn != nil || rw != nil {
			t.Errorf("Hijack: %v", err)
		}
		if err := c.SetReadDeadline(noon); !errors.Is(err, http.ErrNotSupported) {
			t.Errorf("SetReadDeadline: %v", err)
		}
	})).ServeHTTP(under, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody))

	plain := struct{ http.ResponseWriter }{httptest.NewRecorder()} // which shows nothing of what is under it
	s.Middleware(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if _, ok := w.(http.Flusher); ok {
			t.Error("it can be flushed")
		}
		if _, _, err := http.NewResponseController(w).Hijack(); !errors.Is(err, http.ErrNotSupported) {
			t.Errorf("Hijack: %v", err)
		}
		if p, ok := w.(http.Pusher); !ok || !errors.Is(p.Push("/", nil), http.ErrNotSupported) {
			t.Error("Push")
		}
	})).ServeHTTP(plain, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody))
}
