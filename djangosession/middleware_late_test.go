package djangosession_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
)

// TestHeaderOfAHijackedConnectionNeedsTheCookie checks the header that a handler writes
// itself.
func TestHeaderOfAHijackedConnectionNeedsTheCookie(t *testing.T) {
	const upgrade = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: test\r\nConnection: Upgrade\r\n"
	for _, c := range []struct {
		name  string
		known bool // the session is unchanged, so no cookie is due
		write func(w http.ResponseWriter, conn net.Conn, rw *bufio.ReadWriter)
		lost  bool
	}{
		{name: "to the connection", lost: true, write: func(_ http.ResponseWriter, conn net.Conn, _ *bufio.ReadWriter) {
			_, _ = io.WriteString(conn, upgrade+"\r\n")
		}},
		{name: "to the buffer", lost: true, write: func(_ http.ResponseWriter, _ net.Conn, rw *bufio.ReadWriter) {
			_, _ = rw.WriteString(upgrade + "\r\n")
			_ = rw.Flush()
		}},
		{name: "with the cookie", write: func(w http.ResponseWriter, conn net.Conn, _ *bufio.ReadWriter) {
			for _, line := range w.Header()["Set-Cookie"] {
				_, _ = fmt.Fprintf(conn, "%sset-cookie:  %s \r\n\r\n", upgrade, line)
			}
		}},
		{name: "with the cookie, byte by byte", write: func(w http.ResponseWriter, conn net.Conn, _ *bufio.ReadWriter) {
			for _, b := range []byte(upgrade + "Set-Cookie: " + w.Header().Get("Set-Cookie") + "\r\n\r\n") {
				_, _ = conn.Write([]byte{b})
			}
		}},
		{name: "another cookie", lost: true, write: func(_ http.ResponseWriter, conn net.Conn, _ *bufio.ReadWriter) {
			_, _ = io.WriteString(conn, upgrade+"Set-Cookie: sessionid=x\r\n\r\n")
		}},
		{name: "the cookie after the header", lost: true, write: func(w http.ResponseWriter, conn net.Conn, _ *bufio.ReadWriter) {
			_, _ = io.WriteString(conn, upgrade+"\r\nSet-Cookie: "+w.Header().Get("Set-Cookie")+"\r\n\r\n")
		}},
		{name: "no end of a header", lost: true, write: func(_ http.ResponseWriter, conn net.Conn, _ *bufio.ReadWriter) {
			_, _ = io.WriteString(conn, strings.Repeat("x", 100_000))
		}},
		{name: "nothing", lost: true, write: func(http.ResponseWriter, net.Conn, *bufio.ReadWriter) {}},
		{name: "no cookie is due", known: true, write: func(_ http.ResponseWriter, conn net.Conn, _ *bufio.ReadWriter) {
			_, _ = io.WriteString(conn, upgrade+"\r\n")
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newShop(t, "6.1", nil)
			done := make(chan bool)
			server := s.serve(func(w http.ResponseWriter, r *http.Request) {
				defer close(done)
				if session := s.session(r); !c.known {
					session.Set("n", "new")
				}
				conn, rw, err := http.NewResponseController(w).Hijack()
				if err != nil {
					t.Error(err)
					return
				}
				c.write(w, conn, rw)
				_ = conn.Close()
			}, nil)
			conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", server.Listener.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close() //nolint:errcheck // read to its end
			_, _ = fmt.Fprintf(conn, "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: test\r\n\r\n")
			_, _ = io.Copy(io.Discard, conn)
			select {
			case <-done:
			case <-time.After(10 * time.Second):
				t.Fatal("the handler does not return")
			}
			errs, _ := s.told()
			if lost := len(errs) == 1 && errors.Is(errs[0], djangosession.ErrHeaderSent); lost != c.lost || !c.lost && errs != nil {
				t.Errorf("reported %v", errs)
			}
		})
	}
}

// outer is a response that knows what was written, like that of a framework.
type outer struct{ *httptest.ResponseRecorder }

func (o outer) Written() bool { return o.Body.Len() > 0 }
func (o outer) Status() int   { return o.Code }

// TestResponseThatGoesPastTheMiddlewareIsReported checks that a report is made only if
// the browser misses something.
func TestResponseThatGoesPastTheMiddlewareIsReported(t *testing.T) {
	for _, c := range []struct {
		name, cookie string // "live" is replaced with the key of a session
		settings     func(*djangosession.Settings)
		use          func(s *djangosession.Session)
		status       int
		stored       string
		reports      int
	}{
		{name: "unused", cookie: "live", stored: "old"},
		{name: "read", cookie: "live", use: func(s *djangosession.Session) { s.Get("n") }, stored: "old", reports: 1},
		{name: "changed", cookie: "live", use: func(s *djangosession.Session) { s.Set("n", "go") }, stored: "go", reports: 1},
		{name: "new", use: func(s *djangosession.Session) { s.Set("n", "go") }, reports: 2},
		{name: "error", cookie: "live", use: func(s *djangosession.Session) { s.Set("n", "go") }, status: 500, stored: "old"},
		{name: "no session of that cookie", cookie: "sessionid=x", reports: 1},
		{name: "saved at every request", cookie: "live", settings: func(s *djangosession.Settings) { s.SessionSaveEveryRequest = true }, stored: "old", reports: 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newShop(t, "6.1", c.settings)
			key, cookie := "", c.cookie
			if cookie == "live" {
				key = s.visitor(map[string]any{"n": "old"})
				cookie = "sessionid=" + key
			}
			r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody)
			r.Header.Set("Cookie", cookie)
			w := outer{httptest.NewRecorder()}
			s.Middleware(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				if c.use != nil {
					c.use(s.session(r))
				}
				w.WriteHeader(max(c.status, http.StatusOK))
				_, _ = w.WriteString("page")
			})).ServeHTTP(w, r)
			if n := s.stored(key); n != c.stored {
				t.Errorf("stored is %q, want %q", n, c.stored)
			}
			errs, _ := s.told()
			for _, err := range errs {
				if !errors.Is(err, djangosession.ErrHeaderSent) {
					t.Error(err)
				}
			}
			if len(errs) != c.reports {
				t.Errorf("%d reports, want %d: %v", len(errs), c.reports, errs)
			}
		})
	}
}

// TestSessionThatIsUsedAfterItsMiddlewareIsReported is for adapters that call the next
// handler after the middleware has returned.
func TestSessionThatIsUsedAfterItsMiddlewareIsReported(t *testing.T) {
	s := newShop(t, "6.1", nil)
	var later *http.Request
	s.visit("", func(_ http.ResponseWriter, r *http.Request) { later = r })
	session, err := djangosession.FromContext(later.Context())
	if err != nil {
		t.Fatal(err)
	}
	session.Set("n", "lost")
	if errs, _ := s.told(); len(errs) != 1 || !errors.Is(errs[0], djangosession.ErrHeaderSent) {
		t.Errorf("reported %v", errs)
	}
}

// TestSavingLooksAtTheSessionForNobody checks that a session that no handler has used is
// not reported.
func TestSavingLooksAtTheSessionForNobody(t *testing.T) {
	s := newShop(t, "4.2.30", func(s *djangosession.Settings) { s.SessionSaveEveryRequest = true })
	r := s.visit("sessionid="+s.visitor(map[string]any{"n": "old"}), func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "page")
	})
	if errs, _ := s.told(); errs != nil || r.Header.Get("Vary") != "" || r.Header.Get("Set-Cookie") == "" {
		t.Errorf("reported %v, header %v", errs, r.Header)
	}
}

func TestTakenOverConnectionsCloseTheirWritingSideAlone(t *testing.T) {
	t.Parallel()
	s := newShop(t, "6.1", nil)
	read := make(chan string, 1)
	server := s.serve(func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\n\r\nthat's all")
		half := conn.(interface{ CloseWrite() error })
		if err := half.CloseWrite(); err != nil {
			t.Error(err)
		}
		rest, _ := io.ReadAll(conn)
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
		if err := half.CloseWrite(); err == nil {
			t.Error("half of a closed connection was closed")
		}
		read <- string(rest)
	}, nil)
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close() //nolint:errcheck // both sides are done
	must(conn.SetDeadline(time.Now().Add(10 * time.Second)))
	_, _ = fmt.Fprintf(conn, "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: test\r\n\r\n")
	if all, err := io.ReadAll(conn); err != nil || !strings.HasSuffix(string(all), "that's all") {
		t.Fatalf("the client reads %q, %v", all, err)
	}
	_, _ = io.WriteString(conn, "bye")
	must(conn.(*net.TCPConn).CloseWrite())
	if got := <-read; got != "bye" {
		t.Errorf("the handler reads %q after it has closed its side", got)
	}
}

// TestSessionMadeByTheSaveIsSavedOnce covers SESSION_SAVE_EVERY_REQUEST with a cookie
// whose session does not exist, and a handler that does not use the session.
func TestSessionMadeByTheSaveIsSavedOnce(t *testing.T) {
	s := newShop(t, "6.1", func(settings *djangosession.Settings) { settings.SessionSaveEveryRequest = true })
	s.visit("sessionid=unknownunknownunknown", func(http.ResponseWriter, *http.Request) {})
	s.visit("sessionid=unknownunknownunknown", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "page") })
	if creates, saves := s.engine.creates.Load(), s.engine.saves.Load(); creates != 2 || saves != 0 {
		t.Errorf("%d sessions created and %d saves in 2 requests", creates, saves)
	}
}

// TestLateUseWithVaryOfOthersIsNotReported reads the session after the header, which has
// Vary: Cookie from the handler, or from a middleware inside such as that of package csrf.
func TestLateUseWithVaryOfOthersIsNotReported(t *testing.T) {
	t.Parallel()
	for vary, want := range map[string]int{"": 1, "Accept": 1, "accept, cookie": 0, "*": 0} {
		s := newShop(t, "6.1", nil)
		key := s.visitor(map[string]any{"n": "old"})
		s.visit("sessionid="+key, func(w http.ResponseWriter, r *http.Request) {
			if vary != "" {
				w.Header().Set("Vary", vary)
			}
			w.WriteHeader(http.StatusOK)
			s.session(r).Get("n")
		})
		if errs, _ := s.told(); len(errs) != want {
			t.Errorf("Vary %q: told of %v", vary, errs)
		}
	}
}

// TestReportsOfLateLoadsMayAskForTheSession uses the session first when the middleware's
// handler has returned. A logger may ask for it, and must not wait for itself.
func TestReportsOfLateLoadsMayAskForTheSession(t *testing.T) {
	t.Parallel()
	s := newShop(t, "6.1", nil)
	key := s.visitor(map[string]any{"n": "old"})
	asked := false
	s.use(func(o *djangosession.Options) {
		o.OnError = func(ctx context.Context, _ error) {
			asked = true
			if _, err := djangosession.FromContext(ctx); err == nil {
				t.Error("a session that is still being loaded")
			}
		}
	})
	requests := make(chan *http.Request, 1)
	s.visit("sessionid="+key, func(_ http.ResponseWriter, r *http.Request) { requests <- r })
	done := make(chan error, 1)
	go func() {
		_, err := djangosession.FromContext(context.WithoutCancel((<-requests).Context()))
		done <- err
	}()
	select {
	case err := <-done:
		if err != nil || !asked {
			t.Errorf("error %v, reported %v", err, asked)
		}
	case <-time.After(time.Minute):
		t.Fatal("the report waits for itself")
	}
}
