package compat_test

import (
	"bytes"
	"cmp"
	"crypto/tls"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/csrf"
	"github.com/djangobridge/djangobridge/djangosession/memory"
)

// csrfCase is a request, the settings in force, and what the handler does. Text that goes
// over the wire has a character for each byte.
type csrfCase struct {
	Test      string         `json:"test"`
	Settings  map[string]any `json:"settings"`
	Method    string         `json:"method"`
	Secure    bool           `json:"secure"`
	Port      string         `json:"port"`
	Headers   [][2]string    `json:"headers"`
	Body      string         `json:"body"`
	Broken    bool           `json:"broken"`  // reading more than Body fails
	Session   *string        `json:"session"` // the secret in it
	NoSession bool           `json:"no_session"`
	Exempt    bool           `json:"exempt"`
	Calls     []string       `json:"calls"` // get_token, rotate_token, flush

	Outcome csrfOutcome `json:"outcome,omitzero"` // Django's, if the case comes with one
}

// csrfOutcome is the answer.
type csrfOutcome struct {
	Status     int      `json:"status"`
	Reason     string   `json:"reason"`
	SetCookie  string   `json:"set_cookie"`
	Vary       string   `json:"vary"`
	Session    *string  `json:"session"`
	Tokens     []string `json:"tokens"`
	JudgedOnly bool     `json:"judged_only"` // no response was made: only status and reason count
}

// csrfNow is the time in these tests, here and in Django.
const csrfNow = 1700000000

func wire(t *testing.T, s string) string {
	t.Helper()
	b := make([]byte, 0, len(s))
	for _, r := range s {
		if r > 0xff {
			t.Fatalf("%q cannot go over the wire", s)
		}
		b = append(b, byte(r))
	}
	return string(b)
}

func (c *csrfCase) settings(t *testing.T, release string) djangosession.Settings {
	t.Helper()
	settings := map[string]any{"SECRET_KEY": "k", "DJANGO_VERSION": release, "TIME_ZONE": "UTC"}
	maps.Copy(settings, c.Settings)
	data, err := json.Marshal(settings)
	if err != nil {
		t.Fatal(err)
	}
	s, err := djangosession.ReadSettings(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	s.Now = func() time.Time { return time.Unix(csrfNow, 0) }
	return s
}

func (c *csrfCase) request(t *testing.T) *http.Request {
	t.Helper()
	var body io.Reader = strings.NewReader(wire(t, c.Body))
	length := int64(len(wire(t, c.Body)))
	if c.Broken {
		body, length = io.MultiReader(body, brokenReader{}), length+1
	}
	r := httptest.NewRequestWithContext(t.Context(), cmp.Or(c.Method, http.MethodGet), "/", http.NoBody)
	r.Body, r.ContentLength, r.Host = io.NopCloser(body), length, ""
	if c.Secure {
		r.TLS = &tls.ConnectionState{}
	}
	for _, h := range c.Headers {
		if name := http.CanonicalHeaderKey(h[0]); name == "Host" {
			r.Host = wire(t, h[1])
		} else {
			r.Header.Add(name, wire(t, h[1]))
		}
	}
	return r
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, errors.New("connection reset") }

// serve has the Go side answer.
func (c *csrfCase) serve(t *testing.T, release string) csrfOutcome {
	t.Helper()
	settings := c.settings(t, release)
	engine, err := memory.New(settings)
	if err != nil {
		t.Fatal(err)
	}
	sessions, err := djangosession.NewManager(engine, settings, djangosession.Options{})
	if err != nil {
		t.Fatal(err)
	}
	r := c.request(t)
	key := ""
	if c.Session != nil {
		session := sessions.New()
		session.Set("_csrftoken", *c.Session)
		if err := session.Save(t.Context()); err != nil {
			t.Fatal(err)
		}
		key = session.Key()
		r.Header["Cookie"] = append(r.Header["Cookie"], "sessionid="+key)
	}
	var out csrfOutcome
	protection, err := csrf.New(settings, csrf.Options{
		ServerPort: c.Port,
		Logger:     slog.New(slog.DiscardHandler),
		Exempts:    func(*http.Request) bool { return c.Exempt },
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, err error) {
			status := http.StatusInternalServerError
			if refused, ok := errors.AsType[*csrf.Error](err); ok {
				status, out.Reason = http.StatusForbidden, refused.Text
			} else if _, ok := errors.AsType[*csrf.FormError](err); ok {
				status = http.StatusBadRequest
			}
			w.WriteHeader(status)
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	handler := protection.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, call := range c.Calls {
			if call == "flush" {
				if session, err := djangosession.FromContext(r.Context()); err != nil {
					t.Error(err)
				} else if err := session.Flush(r.Context()); err != nil {
					t.Error(err)
				}
				continue
			}
			if call == "rotate_token" {
				if err := csrf.Rotate(r.Context()); err != nil {
					t.Error(err)
				}
				continue
			}
			token, err := csrf.Token(r.Context())
			if err != nil {
				w.WriteHeader(http.StatusInternalServerError)
				return
			}
			out.Tokens = append(out.Tokens, token)
		}
	}))
	if !c.NoSession || !settings.CSRFUseSessions {
		handler = sessions.Middleware(handler)
	}
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	out.Status = w.Code
	for _, line := range w.Result().Header["Set-Cookie"] {
		if strings.HasPrefix(line, settings.CSRFCookieName+"=") {
			out.SetCookie = line
		} else if rest, ok := strings.CutPrefix(line, "sessionid="); ok {
			key, _, _ = strings.Cut(rest, ";")
		}
	}
	out.Vary = w.Header().Get("Vary")
	session, err := sessions.Load(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	if text, ok := get(session, "_csrftoken").(string); ok {
		out.Session = &text
	}
	return out
}

func get(s *djangosession.Session, name string) any {
	v, _ := s.Get(name)
	return v
}

// csrfMasked is the alphabet of tokens.
const csrfMasked = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

// plain returns the secret in a token of 64 characters, and every other text unchanged.
func plain(token string) string {
	if len(token) != 64 {
		return token
	}
	var b strings.Builder
	for i := range 32 {
		d := strings.IndexByte(csrfMasked, token[32+i]) - strings.IndexByte(csrfMasked, token[i])
		b.WriteByte(csrfMasked[(d+62)%62])
	}
	return b.String()
}

// describe returns an outcome with names instead of secrets: those of the request, and
// numbers for new ones.
func (c *csrfCase) describe(o csrfOutcome) string {
	if o.JudgedOnly {
		o = csrfOutcome{Status: o.Status, Reason: o.Reason}
	}
	var names []string
	name := func(text string) string {
		form := "secret"
		if len(text) == 64 {
			form = "masked"
		}
		text = plain(text)
		if c.brings(text) {
			return form + " brought"
		}
		for i, known := range names {
			if known == text {
				return form + " new " + string(rune('1'+i))
			}
		}
		names = append(names, text)
		return form + " new " + string(rune('0'+len(names)))
	}
	if o.Status == http.StatusInternalServerError || o.Status == http.StatusBadRequest {
		o = csrfOutcome{Status: o.Status} // what else is there is not the middleware's
	}
	var b strings.Builder
	b.WriteString(http.StatusText(o.Status) + " " + o.Reason)
	for _, token := range o.Tokens {
		b.WriteString("\ntoken " + name(token))
	}
	if o.SetCookie != "" {
		cookie, value, _ := strings.Cut(o.SetCookie, "=")
		value, attributes, _ := strings.Cut(value, ";")
		b.WriteString("\ncookie " + cookie + " " + name(value) + attributes)
	}
	if use, _ := c.Settings["CSRF_USE_SESSIONS"].(bool); use {
		if o.Session != nil {
			b.WriteString("\nsession " + name(*o.Session))
		}
	} else if o.Vary != "" { // in the session, a secret that nobody asks for is not looked up here: no Vary
		b.WriteString("\nvary " + o.Vary)
	}
	return b.String()
}

// brings reports whether the request contains this secret.
func (c *csrfCase) brings(secret string) bool {
	if c.Session != nil && plain(*c.Session) == secret {
		return true
	}
	for _, h := range c.Headers {
		if !strings.EqualFold(h[0], "cookie") {
			continue
		}
		for chunk := range strings.SplitSeq(h[1], ";") {
			if _, value, _ := strings.Cut(chunk, "="); plain(strings.Trim(value, ` "`)) == secret {
				return true
			}
		}
	}
	return false
}
