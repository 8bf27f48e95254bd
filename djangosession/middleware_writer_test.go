package djangosession_test

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/djangobridge/djangobridge/djangosession"
)

// bigFile returns more than the middleware reads before it sends the header. It is only a
// reader, like a file that io.Copy passes to the response.
func bigFile() io.Reader {
	return struct{ io.Reader }{strings.NewReader(strings.Repeat("file ", 1000))}
}

// TestNoFileFollowsAFailedSave checks that only the error page is sent, whatever the
// handler does.
func TestNoFileFollowsAFailedSave(t *testing.T) {
	t.Parallel()
	for name, write := range map[string]func(w http.ResponseWriter) (int64, error){
		"a file":  func(w http.ResponseWriter) (int64, error) { return io.Copy(w, bigFile()) },
		"a short": func(w http.ResponseWriter) (int64, error) { return io.Copy(w, strings.NewReader("file")) },
		"a file after the status": func(w http.ResponseWriter) (int64, error) {
			w.WriteHeader(http.StatusOK)
			return io.Copy(w, bigFile())
		},
		"a file after a text": func(w http.ResponseWriter) (int64, error) {
			if n, err := io.WriteString(w, "file"); n != 0 || !errors.Is(err, errBroken) {
				return int64(n), err
			}
			return io.Copy(w, bigFile())
		},
		"texts": func(w http.ResponseWriter) (int64, error) {
			n, err := io.WriteString(w, "file")
			if n == 0 {
				n, err = w.Write([]byte("file"))
			}
			return int64(n), err
		},
	} {
		s := newShop(t, "6.1", nil)
		s.engine.saveErr = errBroken
		r := s.visit("", func(w http.ResponseWriter, r *http.Request) {
			s.session(r).Set("n", "1")
			if n, err := write(w); n != 0 || !errors.Is(err, errBroken) {
				t.Errorf("%s: %d bytes written, error %v", name, n, err)
			}
		})
		if r.StatusCode != http.StatusInternalServerError || strings.Contains(r.Body, "file") {
			t.Errorf("%s: status %d, %q", name, r.StatusCode, r.Body)
		}
	}
}

// TestWritersCountBytes checks the counts that the handler gets, on a response that is an
// io.ReaderFrom and on one that is not.
func TestWritersCountBytes(t *testing.T) {
	t.Parallel()
	s := newShop(t, "6.1", nil)
	handler := func(w http.ResponseWriter, r *http.Request) {
		s.session(r).Set("n", "1")
		for name, write := range map[string]func() (int64, error){
			"4": func() (int64, error) { n, err := io.WriteString(w, "four"); return int64(n), err },
			"5": func() (int64, error) { n, err := w.Write([]byte("fives")); return int64(n), err },
			"3": func() (int64, error) { return io.Copy(w, strings.NewReader("two")) },
		} {
			if n, err := write(); n != int64(name[0]-'0') || err != nil {
				t.Errorf("%s bytes: %d, %v", name, n, err)
			}
		}
		if n, err := io.Copy(w, bigFile()); n != 5000 || err != nil {
			t.Errorf("a file: %d, %v", n, err)
		}
	}
	if r := s.visit("", handler); len(r.Body) != 5012 || r.Header.Get("Set-Cookie") == "" {
		t.Errorf("%d bytes, %v", len(r.Body), r.Header)
	}
	server := s.serve(handler, func(*httptest.Server) {})
	if r := get(t, server, http.MethodGet); len(r.Body) != 5012 || r.Header.Get("Set-Cookie") == "" {
		t.Errorf("%d bytes, %v", len(r.Body), r.Header)
	}
	first := func(w http.ResponseWriter, r *http.Request) { // the header is not sent when the file starts
		s.session(r).Set("n", "1")
		if n, err := io.Copy(w, bigFile()); n != 5000 || err != nil {
			t.Errorf("a file at first: %d, %v", n, err)
		}
	}
	if r := s.visit("", first); len(r.Body) != 5000 || r.Header.Get("Set-Cookie") == "" {
		t.Errorf("%d bytes, %v", len(r.Body), r.Header)
	}
}

// brokenFile fails after some text.
type brokenFile struct{ io.Reader }

func (f brokenFile) Read(p []byte) (int, error) {
	n, err := f.Reader.Read(p)
	if errors.Is(err, io.EOF) {
		err = errBroken
	}
	return n, err
}

// TestFilesThatCannotBeReadAreReported checks that the handler can still answer if
// nothing of the file could be read.
func TestFilesThatCannotBeReadAreReported(t *testing.T) {
	t.Parallel()
	for size, status := range map[int]int{0: http.StatusTeapot, 10: http.StatusOK, 600: http.StatusOK} {
		s := newShop(t, "6.1", nil)
		r := s.visit("", func(w http.ResponseWriter, _ *http.Request) {
			n, err := io.Copy(w, brokenFile{strings.NewReader(strings.Repeat("x", size))})
			if n != int64(size) || !errors.Is(err, errBroken) {
				t.Errorf("%d bytes: %d, %v", size, n, err)
			}
			w.WriteHeader(http.StatusTeapot)
		})
		if r.StatusCode != status || len(r.Body) != size {
			t.Errorf("%d bytes: status %d, %d bytes", size, r.StatusCode, len(r.Body))
		}
	}
}

// TestPanicsAfterTheHeaderSaveNothingMore checks that a session saved with the header is
// not saved again, where Django saves at every request and with every status.
func TestPanicsAfterTheHeaderSaveNothingMore(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		handler func(w http.ResponseWriter, session *djangosession.Session)
		saves   int64
	}{
		"after the header": {
			handler: func(w http.ResponseWriter, session *djangosession.Session) {
				session.Set("n", "1")
				w.WriteHeader(http.StatusOK)
			},
			saves: 1,
		},
		"before the header": {
			handler: func(_ http.ResponseWriter, session *djangosession.Session) { session.Set("n", "1") }, saves: 1,
		},
		"changed after the header": {
			handler: func(w http.ResponseWriter, session *djangosession.Session) {
				w.WriteHeader(http.StatusOK)
				session.Set("n", "1")
			},
		},
	} {
		s := newShop(t, "1.4", func(s *djangosession.Settings) { s.SessionSaveEveryRequest = true })
		w := httptest.NewRecorder()
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: the panic is gone", name)
				}
			}()
			r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody)
			s.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				c.handler(w, s.session(r))
				panic("broken")
			})).ServeHTTP(w, r)
		}()
		if n := s.engine.creates.Load() + s.engine.saves.Load(); n != c.saves {
			t.Errorf("%s: saved %d times", name, n)
		}
		if lines := w.Header()["Set-Cookie"]; int64(len(lines)) != c.saves {
			t.Errorf("%s: cookies %q", name, lines)
		}
	}
}

// TestDeletedCookiesOfOldReleasesAreNoError is about releases before 3.0. They set no
// Vary when they delete the cookie of a session that the page has used.
func TestDeletedCookiesOfOldReleasesAreNoError(t *testing.T) {
	t.Parallel()
	s := newShop(t, "2.2.28", nil)
	r := s.visit("sessionid="+someKey, func(w http.ResponseWriter, r *http.Request) {
		s.session(r).Get("n")
		w.WriteHeader(http.StatusOK)
	})
	if !strings.Contains(r.Header.Get("Set-Cookie"), "Max-Age=0") || r.Header.Get("Vary") != "" {
		t.Errorf("header %v", r.Header)
	}
	if errs, _ := s.told(); errs != nil {
		t.Errorf("told of %v", errs)
	}
}

// stubborn is a response that can be flushed only by FlushError and cannot be hijacked.
// Writing to it fails.
type stubborn struct {
	header  http.Header
	flushed int
}

func (s *stubborn) Header() http.Header { return s.header }

func (*stubborn) Write([]byte) (int, error) { return 3, errBroken }

func (*stubborn) WriteHeader(int) {}

func (s *stubborn) FlushError() error { s.flushed++; return errBroken }

func (*stubborn) Hijack() (net.Conn, *bufio.ReadWriter, error) { return nil, nil, errBroken }

// TestErrorsOfTheResponseReachTheHandler checks that the middleware's response can do
// what the one under it can.
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

	plain := struct{ http.ResponseWriter }{httptest.NewRecorder()} // hides the abilities of the response under it
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
