package messages_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/messages"
)

// An error page neither loses the messages that are waiting nor shows them twice later.
func TestErrorPagesKeepWhatTheSessionHas(t *testing.T) {
	t.Parallel()
	texts := many(40)
	for _, release := range []string{"4.1", "6.1"} {
		s := newSite(t, release, nil, djangosession.Options{})
		s.add(http.StatusOK, texts...)
		s.add(http.StatusInternalServerError, noise(50))
		s.wantShown(texts...) // the cookie was full
		var lost *messages.LostError
		if len(s.errs) != 1 || !errors.As(s.errs[0], &lost) || len(lost.Messages) != 1 {
			t.Errorf("%s: %v", release, s.errs)
		}
		s.wantShown()
	}
	s := newSite(t, "6.1", nil, djangosession.Options{})
	s.add(http.StatusInternalServerError, "an error page")
	s.wantShown("an error page")
}

// An error page that shows messages removes them, although the session is not saved.
func TestErrorPagesShowMessagesOnce(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		class string
		text  string
		again int
	}{
		"in the cookie":        {class: messages.FallbackStorage, text: "short"},
		"in the session alone": {class: messages.FallbackStorage, text: strings.Join(many(40), "")},
		"as in Django":         {class: messages.SessionStorage, text: "short", again: 1},
	} {
		s := newSite(t, "6.1", storage(c.class), djangosession.Options{})
		s.add(http.StatusOK, c.text)
		s.serve(func(w http.ResponseWriter, r *http.Request) {
			if list, err := messages.Show(r.Context()); err != nil || len(list) != 1 {
				t.Errorf("%s: %d messages, %v", name, len(list), err)
			}
			w.WriteHeader(http.StatusInternalServerError)
		})
		if again := s.show(); len(again) != c.again {
			t.Errorf("%s: shown again: %d messages", name, len(again))
		}
	}
}

// Each try compresses the messages, so there must be few.
func TestErrorPagesWithManyMessagesAreFast(t *testing.T) {
	t.Parallel()
	s := newSite(t, "6.1", nil, djangosession.Options{})
	list := make(messages.List, 0, 2000)
	for _, text := range many(cap(list)) {
		list = append(list, messages.Message{Level: messages.LevelInfo, Text: text})
	}
	began := time.Now()
	if _, err := s.Codec().EncodeCookie(list, false); err != nil {
		t.Fatal(err)
	}
	once := time.Since(began)
	began = time.Now()
	s.serve(func(w http.ResponseWriter, r *http.Request) {
		for _, m := range list {
			if err := messages.Add(r.Context(), m); err != nil {
				t.Fatal(err)
			}
		}
		w.WriteHeader(http.StatusInternalServerError)
	})
	if took := time.Since(began); took > 300*once { // about 1,000 times if all lengths are tried
		t.Errorf("took %s, and compressing once %s", took, once)
	}
	var lost *messages.LostError
	if len(s.errs) != 1 || !errors.As(s.errs[0], &lost) {
		t.Fatalf("%v", s.errs)
	}
	if n := len(list) - len(lost.Messages); n < 10 || n > 30 {
		t.Errorf("%d messages in the cookie", n)
	}
}
