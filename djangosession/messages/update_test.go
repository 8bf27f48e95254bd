package messages_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/messages"
)

// open returns the storage of a request with the browser's cookies and this session,
// outside the middleware.
func (s *site) open(m *messages.Messages, session *djangosession.Session) *messages.Storage {
	header := http.Header{}
	if cookie, ok := s.jar["messages"]; ok {
		header.Set("Cookie", "messages="+cookie)
	}
	return m.NewStorage(header, func(context.Context) (*djangosession.Session, error) { return session, nil })
}

func TestUpdateFollowsTheStatus(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		class   string
		status  int
		session bool // it is changed
		cookie  bool // the response has one
		lost    func(n int) bool
	}{
		{class: messages.FallbackStorage, status: http.StatusOK, session: true, cookie: true, lost: func(n int) bool { return n == 0 }},
		{class: messages.FallbackStorage, status: http.StatusInternalServerError, cookie: true, lost: func(n int) bool { return 15 < n && n < 30 }},
		{class: messages.SessionStorage, status: http.StatusOK, session: true, lost: func(n int) bool { return n == 0 }},
		{class: messages.SessionStorage, status: http.StatusInternalServerError, lost: func(n int) bool { return n == 40 }},
	} {
		s := newSite(t, "6.1", storage(c.class), djangosession.Options{})
		session := s.manager.New()
		store := s.open(s.Messages, session)
		for _, text := range many(40) {
			if err := store.Add(t.Context(), messages.Message{Level: messages.LevelInfo, Text: text}); err != nil {
				t.Fatal(err)
			}
		}
		header := http.Header{}
		lost, err := store.Update(t.Context(), c.status, header)
		if err != nil || !c.lost(len(lost)) || session.Modified() != c.session || (len(header["Set-Cookie"]) > 0) != c.cookie {
			t.Errorf("%s, status %d: %v, %d lost, session changed: %v, %d cookies",
				c.class, c.status, err, len(lost), session.Modified(), len(header["Set-Cookie"]))
		}
	}
}

func TestUpdateOfAReadOnlySiteStoresNothing(t *testing.T) {
	t.Parallel()
	s := newSite(t, "6.1", nil, djangosession.Options{})
	s.add(http.StatusOK, "waiting")
	reader, err := messages.New(settings(t, "6.1"), messages.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	store := s.open(reader, s.manager.New())
	if err := store.Add(t.Context(), messages.Message{Level: messages.LevelInfo, Text: "new"}); !errors.Is(err, djangosession.ErrReadOnly) {
		t.Errorf("add: %v", err)
	}
	if list, err := store.Show(t.Context()); err != nil || len(list) != 1 {
		t.Errorf("show: %d messages, %v", len(list), err)
	}
	header := http.Header{}
	lost, err := store.Update(t.Context(), http.StatusOK, header)
	if err != nil || lost != nil || header["Set-Cookie"] != nil || header.Get("Vary") != "Cookie" {
		t.Errorf("%d lost, %v, header %q", len(lost), err, header)
	}
	inside := reader.Middleware(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if err := messages.Info(r.Context(), "new"); !errors.Is(err, djangosession.ErrReadOnly) {
			t.Errorf("add inside the middleware: %v", err)
		}
	}))
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody)
	s.manager.Middleware(inside).ServeHTTP(httptest.NewRecorder(), r)
	s.wantShown("waiting")
}
