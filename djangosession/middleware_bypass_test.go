package djangosession_test

import (
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/internal/httpmw"
)

// bare is a response that knows that it was written, but not its status.
type bare struct{ http.ResponseWriter }

func (b bare) Unwrap() http.ResponseWriter { return b.ResponseWriter }
func (bare) Written() bool                 { return true }

func TestResponsePastTheMiddlewareLosesOnlyWhatWasDue(t *testing.T) {
	everyRequest := func(s *djangosession.Settings) { s.SessionSaveEveryRequest = true }
	for _, c := range []struct {
		name     string
		visitor  bool // with a session
		cookie   string
		settings func(*djangosession.Settings)
		readOnly bool
		handle   func(w http.ResponseWriter, r *http.Request, s *djangosession.Session) // nil: the session is not used
		bare     bool
		status   int
		want     []string // parts of the reports
	}{
		{name: "an error where every request saves", visitor: true, settings: everyRequest, status: 500},
		{
			name: "a change where every request saves", visitor: true, settings: everyRequest, want: []string{"without Vary: Cookie"},
			handle: func(_ http.ResponseWriter, _ *http.Request, s *djangosession.Session) { s.Set("n", "go") },
		},
		{name: "no status, where every request saves", visitor: true, settings: everyRequest, bare: true, want: []string{"the session is not saved"}},
		{
			name: "read, with Vary", visitor: true,
			handle: func(w http.ResponseWriter, _ *http.Request, s *djangosession.Session) {
				s.Get("n")
				w.Header().Set("Vary", "Accept, COOKIE")
			},
		},
		{
			name: "read, with Vary for everything", visitor: true,
			handle: func(w http.ResponseWriter, _ *http.Request, s *djangosession.Session) {
				s.Get("n")
				w.Header().Set("Vary", "*")
			},
		},
		{
			name: "read, with two lines of Vary", visitor: true,
			handle: func(w http.ResponseWriter, _ *http.Request, s *djangosession.Session) {
				s.Get("n")
				w.Header()["Vary"] = []string{"Cookie", "Accept"}
			},
		},
		{
			name: "read, with another Vary", visitor: true, want: []string{"without Vary: Cookie"},
			handle: func(w http.ResponseWriter, _ *http.Request, s *djangosession.Session) {
				s.Get("n")
				w.Header().Set("Vary", "Accept")
			},
		},
		{
			name: "a cookie of a middleware inside", visitor: true, want: []string{"past the middleware, without a cookie"},
			handle: func(_ http.ResponseWriter, r *http.Request, s *djangosession.Session) {
				s.SetAccessed(false)
				httpmw.From(r.Context()).BeforeHeader(func(status int, h http.Header) {
					if status == http.StatusOK {
						h.Add("Set-Cookie", "csrftoken=x")
					}
				})
			},
		},
		{
			name: "a flush", visitor: true, want: []string{"without the deletion of the session cookie"},
			handle: func(w http.ResponseWriter, r *http.Request, s *djangosession.Session) {
				w.Header().Set("Vary", "Cookie")
				if err := s.Flush(r.Context()); err != nil {
					t.Error(err)
				}
			},
		},
		{name: "a cookie of no session", cookie: "sessionid=x", want: []string{"without the deletion of the session cookie"}},
		{name: "read-only, a cookie of no session", cookie: "sessionid=x", readOnly: true},
		{name: "read-only, where every request saves", visitor: true, settings: everyRequest, readOnly: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newShop(t, "6.1", c.settings)
			r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody)
			if c.cookie != "" {
				r.Header.Set("Cookie", c.cookie)
			}
			if c.visitor {
				r.Header.Set("Cookie", "sessionid="+s.visitor(map[string]any{"n": "old"}))
			}
			s.use(func(o *djangosession.Options) { o.ReadOnly = c.readOnly })
			recorder := outer{httptest.NewRecorder()}
			var w http.ResponseWriter = recorder
			if c.bare {
				w = bare{recorder.ResponseRecorder}
			}
			s.Middleware(http.HandlerFunc(func(inner http.ResponseWriter, r *http.Request) {
				if c.handle != nil {
					c.handle(inner, r, s.session(r))
				}
				recorder.WriteHeader(max(c.status, http.StatusOK))
				_, _ = recorder.WriteString("page")
			})).ServeHTTP(w, r)
			errs, _ := s.told()
			if len(errs) != len(c.want) {
				t.Fatalf("%d reports, want %d: %v", len(errs), len(c.want), errs)
			}
			for i, err := range errs {
				if !errors.Is(err, djangosession.ErrHeaderSent) || !strings.Contains(err.Error(), c.want[i]) {
					t.Errorf("reported %v, want %q", err, c.want[i])
				}
			}
		})
	}
}

// headless is a response without a header.
type headless struct{ outer }

func (headless) Header() http.Header { return nil }

func TestResponsePastTheMiddlewareMayHaveNoHeader(t *testing.T) {
	s := newShop(t, "6.1", nil)
	recorder := headless{outer{httptest.NewRecorder()}}
	s.Middleware(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		httpmw.From(r.Context()).BeforeHeader(func(_ int, h http.Header) { h.Add("Set-Cookie", "csrftoken=x") })
		_, _ = recorder.WriteString("page")
	})).ServeHTTP(recorder, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody))
	errs, _ := s.told()
	if len(errs) != 1 || !strings.Contains(errs[0].Error(), "without a cookie") {
		t.Errorf("reported %v", errs)
	}
}

// TestResponsePastTheMiddlewareIsTheOnlyOne writes to the handler's own writer after the
// handler has returned. The status of the response was 500, with which nothing is saved.
func TestResponsePastTheMiddlewareIsTheOnlyOne(t *testing.T) {
	s := newShop(t, "6.1", nil)
	key := s.visitor(map[string]any{"n": "old"})
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody)
	r.Header.Set("Cookie", "sessionid="+key)
	recorder := outer{httptest.NewRecorder()}
	var kept http.ResponseWriter
	hooks := 0
	s.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		kept = w
		httpmw.From(r.Context()).BeforeHeader(func(int, http.Header) { hooks++ })
		s.session(r).Set("n", "new")
		recorder.WriteHeader(http.StatusInternalServerError)
		_, _ = recorder.WriteString("page")
	})).ServeHTTP(recorder, r)
	if _, err := kept.Write([]byte("more")); err != nil {
		t.Error(err)
	}
	if got := s.stored(key); hooks != 1 || got != "old" {
		t.Errorf("the header was prepared %d times, stored %v", hooks, got)
	}
}

// headers counts the headers that are written.
type headers struct {
	*httptest.ResponseRecorder
	n int
}

func (h *headers) WriteHeader(status int) { h.n++; h.ResponseRecorder.WriteHeader(status) }

func TestHeaderIsWrittenOnce(t *testing.T) {
	s := newShop(t, "6.1", nil)
	w := &headers{ResponseRecorder: httptest.NewRecorder()}
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody)
	s.Middleware(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for range 3 {
			if _, err := w.Write([]byte("page")); err != nil {
				t.Error(err)
			}
		}
	})).ServeHTTP(w, r)
	if w.n != 1 || w.Body.String() != "pagepagepage" {
		t.Errorf("%d headers, body %q", w.n, w.Body)
	}
}

// TestValuesAtLoadAreNotAccesses has an inner middleware that reads the session when it
// is loaded.
func TestValuesAtLoadAreNotAccesses(t *testing.T) {
	s := newShop(t, "6.1", nil)
	r := s.visit("sessionid="+s.visitor(map[string]any{"n": "old"}), func(_ http.ResponseWriter, r *http.Request) {
		var n, nothing any = nil, "not asked"
		httpmw.From(r.Context()).AtLoad(func(get func(name string) any) { n, nothing = get("n"), get("x") })
		session := s.session(r)
		if n != "old" || nothing != nil {
			t.Errorf("values %v and %v", n, nothing)
		}
		if session.Accessed() {
			t.Error("the session counts as accessed")
		}
	})
	if vary := r.Header.Get("Vary"); vary != "" {
		t.Errorf("Vary: %q", vary)
	}
}

// TestSessionThatCannotBeDiscardedIsReported loses the answer to a new session, which may
// then be stored under a key that no browser has.
func TestSessionThatCannotBeDiscardedIsReported(t *testing.T) {
	s := newShop(t, "6.1", nil)
	s.visit("", func(w http.ResponseWriter, r *http.Request) {
		session := s.session(r)
		session.Set("n", "new")
		s.engine.lose.Store(true)
		if err := session.Create(r.Context()); !errors.Is(err, errBroken) {
			t.Error(err)
		}
		s.engine.deleteErr = errBroken
		w.WriteHeader(http.StatusInternalServerError)
	})
	if errs, _ := s.told(); len(errs) != 1 || !errors.Is(errs[0], errBroken) || !strings.Contains(errs[0].Error(), "may remain stored") {
		t.Errorf("reported %v", errs)
	}
}

// TestConnectionTakenOver has a hijacked connection whose cookie is due, and one without.
func TestConnectionTakenOver(t *testing.T) {
	for _, due := range []bool{false, true} {
		s := newShop(t, "6.1", nil)
		done := make(chan struct{})
		server := s.serve(func(w http.ResponseWriter, r *http.Request) {
			if due {
				s.session(r).Set("n", "new")
			}
			defer close(done)
			conn, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			defer func() {
				if err := conn.Close(); err != nil {
					t.Error(err)
				}
				if err := conn.SetDeadline(time.Time{}); !errors.Is(err, net.ErrClosed) {
					t.Errorf("a cookie is due %v: after Close, the connection is not closed: %v", due, err)
				}
			}()
			tcp, own := conn.(*net.TCPConn)
			if own == due {
				t.Errorf("a cookie is due %v, and the connection is a %T", due, conn)
			}
			if wrapped, ok := conn.(interface{ NetConn() net.Conn }); ok {
				tcp, _ = wrapped.NetConn().(*net.TCPConn)
			}
			if tcp == nil {
				t.Error("the connection below is not found")
			}
			line := w.Header().Get("Set-Cookie")
			if line != "" {
				line = "Set-Cookie: " + line + "\r\n"
			}
			if _, err := conn.Write([]byte("HTTP/1.1 200 OK\r\n" + line + "\r\n")); err != nil {
				t.Error(err)
			}
			if half, ok := conn.(interface{ CloseWrite() error }); !ok || half.CloseWrite() != nil {
				t.Error("its writing side cannot be closed")
			}
			if _, err := conn.Write([]byte("x")); err == nil {
				t.Error("its writing side is open")
			}
		}, nil)
		response, err := http.Get(server.URL) //nolint:noctx // a test
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		<-done
		if errs, _ := s.told(); errs != nil {
			t.Errorf("a cookie is due %v: reported %v", due, errs)
		}
	}
}

// TestMiddlewareInsideIsToldThatTheSiteIsReadOnly checks what CSRF protection looks at.
func TestMiddlewareInsideIsToldThatTheSiteIsReadOnly(t *testing.T) {
	for _, readOnly := range []bool{false, true} {
		s := newShop(t, "6.1", nil)
		s.use(func(o *djangosession.Options) { o.ReadOnly = readOnly })
		s.visit("", func(_ http.ResponseWriter, r *http.Request) {
			if got := httpmw.From(r.Context()).ReadOnly; got != readOnly {
				t.Errorf("read-only: %v, want %v", got, readOnly)
			}
		})
	}
}

// TestChangesAfterALostCookieAreLost has a handler that takes over the connection and
// writes a header without the cookie of the new session.
func TestChangesAfterALostCookieAreLost(t *testing.T) {
	s := newShop(t, "6.1", nil)
	done := make(chan struct{})
	server := s.serve(func(w http.ResponseWriter, r *http.Request) {
		session := s.session(r)
		session.Set("n", "new")
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		for _, part := range []string{"HTTP/1.1 200 OK\r\n", "Content-Length: 1\r\n\r\n", "x"} {
			if n, err := conn.Write([]byte(part)); n != len(part) || err != nil {
				t.Errorf("wrote %d of %d: %v", n, len(part), err)
			}
		}
		session.Set("n", "newer")
		_ = conn.Close()
	}, func(server *httptest.Server) {
		site := server.Config.Handler
		server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			defer close(done)
			site.ServeHTTP(w, r)
		})
	})
	response, err := http.Get(server.URL) //nolint:noctx // a test
	must(err)
	_ = response.Body.Close()
	<-done
	errs, _ := s.told()
	if len(errs) != 2 || !strings.Contains(errs[0].Error(), "taken over") || !strings.Contains(errs[1].Error(), "cookie of a new session") {
		t.Errorf("told of %v", errs)
	}
}

// TestConnectionTakenOverAfterTheHeader has handlers that change or first use the session
// around it.
func TestConnectionTakenOverAfterTheHeader(t *testing.T) {
	for _, test := range []struct {
		name string
		do   func(t *testing.T, s *shop, w http.ResponseWriter, r *http.Request)
		want string // part of the only error; empty if none
	}{
		{
			name: "a change in between is late",
			do: func(t *testing.T, s *shop, w http.ResponseWriter, r *http.Request) {
				t.Helper()
				w.WriteHeader(http.StatusOK)
				s.session(r).Set("n", 1)
				takeOver(t, w)
			},
			want: "cookie of a new session",
		},
		{
			name: "a first use after it needs no Vary",
			do: func(t *testing.T, s *shop, w http.ResponseWriter, r *http.Request) {
				t.Helper()
				takeOver(t, w)
				s.session(r).Get("n")
			},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newShop(t, "6.1", nil)
			done := make(chan struct{})
			server := s.serve(func(w http.ResponseWriter, r *http.Request) { test.do(t, s, w, r) }, func(server *httptest.Server) {
				site := server.Config.Handler
				server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					defer close(done)
					site.ServeHTTP(w, r)
				})
			})
			if response, err := http.Get(server.URL); err == nil { //nolint:noctx // a test
				_ = response.Body.Close()
			}
			<-done
			errs, _ := s.told()
			if len(errs) > 1 || (len(errs) == 1) != (test.want != "") || test.want != "" && !strings.Contains(errs[0].Error(), test.want) {
				t.Errorf("told of %v", errs)
			}
			if n := s.engine.creates.Load(); n != 0 {
				t.Errorf("stored %d sessions", n)
			}
		})
	}
}

// takeOver takes over the connection of a response and closes it.
func takeOver(t *testing.T, w http.ResponseWriter) {
	t.Helper()
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		t.Error(err)
		return
	}
	_ = conn.Close()
}
