package messages_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/memory"
	"github.com/djangobridge/djangobridge/djangosession/messages"
)

// site is a site with messages, and a browser.
type site struct {
	*messages.Messages
	t       *testing.T
	manager *djangosession.Manager
	engine  *faulty
	jar     map[string]string
	log     strings.Builder
	errs    []error
}

// faulty is an engine that fails if it is told to.
type faulty struct {
	djangosession.Engine
	load, save error
	loads      int
}

func (f *faulty) Load(ctx context.Context, key string) (*djangosession.Record, error) {
	f.loads++
	if f.load != nil {
		return nil, f.load
	}
	return f.Engine.Load(ctx, key)
}

func (f *faulty) Save(ctx context.Context, r *djangosession.Record) error {
	if f.save != nil {
		return f.save
	}
	return f.Engine.Save(ctx, r)
}

func (f *faulty) Create(ctx context.Context, r *djangosession.Record) error {
	if f.save != nil {
		return f.save
	}
	return f.Engine.Create(ctx, r)
}

func newSite(t *testing.T, release string, change func(*djangosession.Settings), sessions djangosession.Options) *site {
	t.Helper()
	set := settings(t, release)
	if change != nil {
		change(&set)
	}
	engine, err := memory.New(set)
	if err != nil {
		t.Fatal(err)
	}
	s := &site{t: t, engine: &faulty{Engine: engine}, jar: map[string]string{}}
	logger := slog.New(slog.NewTextHandler(&s.log, nil))
	sessions.Logger = logger
	if s.manager, err = djangosession.NewManager(s.engine, set, sessions); err != nil {
		t.Fatal(err)
	}
	o := messages.Options{Logger: logger, OnError: func(_ context.Context, err error) { s.errs = append(s.errs, err) }}
	if s.Messages, err = messages.New(set, o); err != nil {
		t.Fatal(err)
	}
	return s
}

// serve sends a request with the browser's cookies through all middlewares, and keeps the
// cookies of the response.
func (s *site) serve(handler http.HandlerFunc) *httptest.ResponseRecorder {
	s.t.Helper()
	r := httptest.NewRequestWithContext(s.t.Context(), http.MethodGet, "http://example.com/", http.NoBody)
	jar := make([]string, 0, len(s.jar))
	for name, value := range s.jar {
		jar = append(jar, name+"="+value)
	}
	r.Header.Set("Cookie", strings.Join(jar, "; "))
	w := httptest.NewRecorder()
	s.manager.Middleware(s.Middleware(handler)).ServeHTTP(w, r)
	for _, line := range w.Header()["Set-Cookie"] {
		pair, _, _ := strings.Cut(line, "; ")
		name, value, _ := strings.Cut(pair, "=")
		s.jar[name] = value
		if strings.Contains(line, "Max-Age=0") {
			delete(s.jar, name)
		}
	}
	return w
}

// add serves a request that adds messages with these texts, and responds with the status.
func (s *site) add(status int, texts ...string) {
	s.t.Helper()
	s.serve(func(w http.ResponseWriter, r *http.Request) {
		for _, text := range texts {
			if err := messages.Info(r.Context(), text); err != nil {
				s.t.Errorf("add: %v", err)
			}
		}
		w.WriteHeader(status)
	})
}

// show serves a page with the messages and returns their texts.
func (s *site) show() []string {
	s.t.Helper()
	var texts []string
	s.serve(func(_ http.ResponseWriter, r *http.Request) {
		list, err := messages.Show(r.Context())
		if err != nil {
			s.t.Errorf("show: %v", err)
		}
		for _, m := range list {
			texts = append(texts, m.Text)
		}
	})
	return texts
}

func (s *site) wantShown(texts ...string) {
	s.t.Helper()
	if got := s.show(); fmt.Sprint(got) != fmt.Sprint(texts) {
		s.t.Errorf("shown %d messages, want %d: %.200q", len(got), len(texts), got)
	}
}

// noise returns 100 characters that do not compress well.
func noise(i int) string {
	var b strings.Builder
	for part := range 3 {
		sum := sha256.Sum256(fmt.Append(nil, i, part))
		b.WriteString(base64.StdEncoding.EncodeToString(sum[:]))
	}
	return b.String()[:100]
}

func storage(class string) func(*djangosession.Settings) {
	return func(s *djangosession.Settings) { s.MessageStorage = class }
}

func TestMessagesAreShownOnce(t *testing.T) {
	t.Parallel()
	for _, class := range []string{"", messages.FallbackStorage, messages.CookieStorage, messages.SessionStorage} {
		for _, release := range []string{"2.2", "3.1", "3.2", "4.2", "6.1"} {
			s := newSite(t, release, storage(class), djangosession.Options{})
			s.wantShown()
			s.add(http.StatusOK, "one", "two")
			s.add(http.StatusFound, "three")
			s.wantShown("one", "two", "three")
			s.wantShown()
			if s.log.Len() > 0 {
				t.Error(s.log.String())
			}
		}
	}
}

func TestSurplusIsInTheSession(t *testing.T) {
	t.Parallel()
	for _, release := range []string{"2.2", "3.1", "3.2", "4.2", "6.1"} {
		s := newSite(t, release, nil, djangosession.Options{})
		texts := many(60)
		s.add(http.StatusOK, texts[:50]...)
		if s.jar["sessionid"] == "" || len(s.jar["messages"]) > 2048 {
			t.Errorf("%s: cookies %q", release, s.jar)
		}
		s.add(http.StatusOK, texts[50:]...)
		s.wantShown(texts...)
		s.wantShown()
	}
}

func TestAddReportsWhatCannotBeStored(t *testing.T) {
	t.Parallel()
	s := newSite(t, "6.1", storage(messages.CookieStorage), djangosession.Options{})
	s.serve(func(_ http.ResponseWriter, r *http.Request) {
		var long strings.Builder
		for i := range 40 {
			long.WriteString(noise(i))
		}
		if err := messages.Info(r.Context(), long.String()); !errors.Is(err, messages.ErrTooLarge) {
			t.Errorf("too large: %v", err)
		}
		if err := messages.Info(r.Context(), "\xff"); !errors.Is(err, messages.ErrText) {
			t.Errorf("not UTF-8: %v", err)
		}
		if err := messages.Info(r.Context(), "fits"); err != nil {
			t.Error(err)
		}
	})
	s.wantShown("fits")
}
