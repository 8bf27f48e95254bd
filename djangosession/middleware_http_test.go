package djangosession_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/textproto"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
)

// serve starts a real server with the handler inside the middleware.
func (s *shop) serve(handler http.HandlerFunc, change func(*httptest.Server)) *httptest.Server {
	s.t.Helper()
	server := httptest.NewUnstartedServer(s.Middleware(handler))
	if change != nil {
		change(server)
	}
	if server.EnableHTTP2 {
		server.StartTLS()
	} else {
		server.Start()
	}
	s.t.Cleanup(server.Close)
	return server
}

func http2(s *httptest.Server) { s.EnableHTTP2 = true }

// get sends a request without a cookie to a server.
func get(t *testing.T, server *httptest.Server, method string) *answer {
	t.Helper()
	return read(t, do(t, server, method, "")) //nolint:bodyclose // read closes it
}

// do sends a request to a server and returns the response unread.
func do(t *testing.T, server *httptest.Server, method, cookie string) *http.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, server.URL, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	if cookie != "" {
		r.Header.Set("Cookie", cookie)
	}
	response, err := server.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	return response
}

// TestCookieGoesOutHoweverTheHandlerBegins sets a session value and then starts the
// response in every possible way.
func TestCookieGoesOutHoweverTheHandlerBegins(t *testing.T) {
	file := filepath.Join(t.TempDir(), "page.txt")
	if err := os.WriteFile(file, bytes.Repeat([]byte("page "), 1000), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		method string
		begin  func(w http.ResponseWriter, r *http.Request)
		status int
		body   string
	}{
		{name: "not at all", begin: func(http.ResponseWriter, *http.Request) {}},
		{name: "Write", begin: func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("x")) }, body: "x"},
		{name: "WriteString", begin: func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "x") }, body: "x"},
		{name: "WriteHeader", begin: func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusAccepted) }, status: 202},
		{name: "redirect", begin: func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "#", http.StatusSeeOther) }, status: 303},
		{name: "204", begin: func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }, status: 204},
		{name: "304", begin: func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotModified) }, status: 304},
		{name: "HEAD", method: http.MethodHead, begin: func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("x")) }},
		{name: "Flush", begin: func(w http.ResponseWriter, _ *http.Request) { w.(http.Flusher).Flush(); _, _ = w.Write([]byte("x")) }, body: "x"},
		{name: "ResponseController", begin: func(w http.ResponseWriter, _ *http.Request) {
			c := http.NewResponseController(w)
			deadline := time.Now().Add(time.Minute)
			if err := errors.Join(c.SetWriteDeadline(deadline), c.SetReadDeadline(deadline), c.Flush()); err != nil {
				t.Error(err)
			}
			_, _ = w.Write([]byte("x"))
		}, body: "x"},
		{name: "io.Copy", begin: func(w http.ResponseWriter, _ *http.Request) { _, _ = io.Copy(w, strings.NewReader("x")) }, body: "x"},
		{name: "io.Copy of nothing", begin: func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.Copy(w, struct{ io.Reader }{strings.NewReader("")})
		}},
		{name: "ReadFrom", begin: func(w http.ResponseWriter, _ *http.Request) {
			if _, err := w.(io.ReaderFrom).ReadFrom(strings.NewReader("x")); err != nil {
				t.Error(err)
			}
		}, body: "x"},
		{name: "ServeFile", begin: func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, file) }, body: strings.Repeat("page ", 1000)},
		{name: "Early Hints first", begin: func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Link", "</style.css>; rel=preload")
			w.WriteHeader(http.StatusEarlyHints)
			w.WriteHeader(http.StatusCreated)
		}, status: 201},
		{name: "TimeoutHandler inside", begin: func(w http.ResponseWriter, r *http.Request) {
			http.TimeoutHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("x")) }), time.Minute, "").ServeHTTP(w, r)
		}, body: "x"},
	} {
		for protocol, change := range map[string]func(*httptest.Server){"HTTP/1": nil, "HTTP/2": http2} {
			t.Run(c.name+" over "+protocol, func(t *testing.T) {
				s := newShop(t, "6.1", nil)
				server := s.serve(func(w http.ResponseWriter, r *http.Request) {
					s.session(r).Set("n", "new")
					c.begin(w, r)
				}, change)
				server.Client().CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
				method, status := c.method, c.status
				if method == "" {
					method = http.MethodGet
				}
				if status == 0 {
					status = http.StatusOK
				}
				r := get(t, server, method)
				text, key := setCookie(t, r.Header)
				if text != fresh || s.stored(key) != "new" || r.Header.Get("Vary") != "Cookie" {
					t.Errorf("Set-Cookie %q, Vary %q, stored %q", text, r.Header.Get("Vary"), s.stored(key))
				}
				if got := r.Body; r.StatusCode != status || c.body != "" && got != c.body {
					t.Errorf("status %d, %d bytes", r.StatusCode, len(got))
				}
				if errs, events := s.told(); errs != nil || len(events) != 1 || events[0].Status != status && status != 303 {
					t.Errorf("told of %v, %v", errs, events)
				}
				if n := s.engine.creates.Load(); n != 1 {
					t.Errorf("saved %d times", n)
				}
			})
		}
	}
}

// TestEarlyHintsHaveNoCookie checks that only the final response matters. Its status may
// be one with which nothing is saved.
func TestEarlyHintsHaveNoCookie(t *testing.T) {
	s := newShop(t, "6.1", nil)
	server := s.serve(func(w http.ResponseWriter, r *http.Request) {
		session := s.session(r)
		session.Set("n", 1)
		w.WriteHeader(http.StatusEarlyHints)
		session.Set("n", "later")
		w.WriteHeader(http.StatusOK)
	}, nil)
	hints := 0
	ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{Got1xxResponse: func(code int, h textproto.MIMEHeader) error {
		hints++
		if code != http.StatusEarlyHints || h.Get("Set-Cookie") != "" {
			t.Errorf("status %d has the cookie", code)
		}
		return nil
	}})
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	response, err := server.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close() //nolint:errcheck // nothing in it
	if _, key := setCookie(t, response.Header); hints != 1 || s.stored(key) != "later" {
		t.Errorf("%d hints; stored %q", hints, s.stored(key))
	}
}

// TestServerSentEvents checks that the header is sent at once, and each event when it is
// written.
func TestServerSentEvents(t *testing.T) {
	s := newShop(t, "6.1", nil)
	more := make(chan bool)
	server := s.serve(func(w http.ResponseWriter, r *http.Request) {
		s.session(r).Set("n", "new")
		w.Header().Set("Content-Type", "text/event-stream")
		flusher, ok := w.(http.Flusher)
		if !ok {
			t.Error("it cannot be flushed")
			return
		}
		flusher.Flush()
		for range 2 {
			<-more
			_, _ = io.WriteString(w, "data: x\n\n")
			flusher.Flush()
		}
	}, nil)
	r := do(t, server, http.MethodGet, "")
	defer r.Body.Close() //nolint:errcheck // read as far as it is wanted
	if _, key := setCookie(t, r.Header); s.stored(key) != "new" {
		t.Error("the session is not saved when the stream begins")
	}
	events := bufio.NewScanner(r.Body)
	for range 2 {
		more <- true
		if !events.Scan() || events.Text() != "data: x" || !events.Scan() {
			t.Errorf("event %q, %v", events.Text(), events.Err())
		}
	}
}

// TestResponseThatCannotBeFlushedDoesNotLookAsIf is for handlers that check for
// http.Flusher before they stream.
func TestResponseThatCannotBeFlushedDoesNotLookAsIf(t *testing.T) {
	s := newShop(t, "6.1", nil)
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody)
	s.Middleware(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if _, ok := w.(http.Flusher); ok {
			t.Error("it has Flush")
		}
		if err := http.NewResponseController(w).Flush(); !errors.Is(err, http.ErrNotSupported) {
			t.Errorf("ResponseController.Flush: %v", err)
		}
		if _, _, err := w.(http.Hijacker).Hijack(); !errors.Is(err, http.ErrNotSupported) {
			t.Errorf("Hijack: %v", err)
		}
		if err := w.(http.Pusher).Push("/", nil); !errors.Is(err, http.ErrNotSupported) {
			t.Errorf("Push: %v", err)
		}
	})).ServeHTTP(&discard{header: http.Header{}}, r)
}

// TestWebSocketUpgrade takes the connection over. The session is saved before, and its
// cookie is in the header.
func TestWebSocketUpgrade(t *testing.T) {
	s := newShop(t, "6.1", nil)
	done := make(chan bool, 1) // the server does not wait for hijacked connections
	s.use(func(o *djangosession.Options) {
		record := o.OnSave
		o.OnSave = func(ctx context.Context, e djangosession.SaveEvent) {
			record(ctx, e)
			if e.Reason == djangosession.SaveLate {
				done <- true
			}
		}
	})
	server := s.serve(func(w http.ResponseWriter, r *http.Request) {
		session := s.session(r)
		session.Set("n", "before")
		conn, rw, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close() //nolint:errcheck // the client looks
		_, _ = rw.WriteString("HTTP/1.1 101 Switching Protocols\r\nUpgrade: test\r\nConnection: Upgrade\r\n")
		_ = w.Header().Write(rw)
		_, _ = rw.WriteString("\r\nhello")
		_ = rw.Flush()
		session.Set("n", "after")
	}, nil)
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close() //nolint:errcheck // read to its end
	_, _ = fmt.Fprintf(conn, "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: test\r\n\r\n")
	reader := bufio.NewReader(conn)
	r, err := http.ReadResponse(reader, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close() //nolint:errcheck // none
	_, key := setCookie(t, r.Header)
	rest, err := io.ReadAll(reader)
	if err != nil || string(rest) != "hello" || r.StatusCode != http.StatusSwitchingProtocols {
		t.Errorf("%d, %q, %v", r.StatusCode, rest, err)
	}
	select {
	case <-done:
	case <-time.After(10 * time.Second):
		t.Error("no late save")
	}
	if n := s.stored(key); n != "after" {
		t.Errorf("stored is %q", n)
	}
	if errs, events := s.told(); errs != nil || len(events) != 2 || events[0].Status != 101 || events[1].Reason != djangosession.SaveLate {
		t.Errorf("told of %v, %v", errs, events)
	}
}

// TestFailedHijackLeavesTheResponse has an HTTP/2 server, which has no connections to
// take over.
func TestFailedHijackLeavesTheResponse(t *testing.T) {
	s := newShop(t, "6.1", nil)
	server := s.serve(func(w http.ResponseWriter, r *http.Request) {
		s.session(r).Set("n", 1)
		if _, _, err := w.(http.Hijacker).Hijack(); err == nil {
			t.Error("it was taken over")
		}
		http.Error(w, "no upgrade", http.StatusInternalServerError)
	}, http2)
	if r := get(t, server, http.MethodGet); r.StatusCode != http.StatusInternalServerError || r.Header.Get("Set-Cookie") != "" {
		t.Errorf("status %d, %q", r.StatusCode, r.Header)
	}
}

// pusher is a response that supports push.
type pusher struct {
	*httptest.ResponseRecorder
	pushed string
}

func (p *pusher) Push(target string, _ *http.PushOptions) error {
	p.pushed = target
	return nil
}

func TestPushIsPassedOn(t *testing.T) {
	s := newShop(t, "6.1", nil)
	w := &pusher{ResponseRecorder: httptest.NewRecorder()}
	s.Middleware(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if err := w.(http.Pusher).Push("/style.css", nil); err != nil {
			t.Error(err)
		}
	})).ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody))
	if w.pushed != "/style.css" {
		t.Errorf("pushed %q", w.pushed)
	}
}

// readerFrom is a response that sends files in its own way.
type readerFrom struct {
	*httptest.ResponseRecorder
	called bool
}

func (w *readerFrom) ReadFrom(r io.Reader) (int64, error) {
	w.called = true
	return io.Copy(w.ResponseRecorder, r)
}

func TestFilesAreSentByTheSystem(t *testing.T) {
	s := newShop(t, "6.1", nil)
	file := strings.Repeat("file", 1000) // net/http does not send a short one as a file either
	w := &readerFrom{ResponseRecorder: httptest.NewRecorder()}
	s.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.session(r).Set("n", 1)
		if _, err := io.Copy(w, struct{ io.Reader }{strings.NewReader(file)}); err != nil {
			t.Error(err)
		}
	})).ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody))
	if !w.called || w.Body.String() != file || w.Header().Get("Set-Cookie") == "" {
		t.Errorf("called %v, %q, %v", w.called, w.Body, w.Header())
	}
}

// wrapped is a response wrapped by another middleware.
type wrapped struct{ http.ResponseWriter }

func (w wrapped) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func TestLooksThroughOtherMiddleware(t *testing.T) {
	s := newShop(t, "6.1", nil)
	inner := s.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.session(r).Set("n", 1)
		if err := http.NewResponseController(w).Flush(); err != nil {
			t.Error(err)
		}
		if _, ok := w.(http.Flusher); !ok {
			t.Error("it does not look as if it could be flushed")
		}
	}))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { inner.ServeHTTP(wrapped{w}, r) }))
	defer server.Close()
	if text, _ := setCookie(t, get(t, server, http.MethodGet).Header); text != fresh {
		t.Errorf("Set-Cookie %q", text)
	}
}
