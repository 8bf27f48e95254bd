package messages_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/messages"
)

var errDatabase = errors.New("the database is down")

// many returns texts for which a cookie has no room.
func many(n int) []string {
	texts := make([]string, 0, n)
	for i := range n {
		texts = append(texts, noise(i))
	}
	return texts
}

func TestLateMessagesAreRefused(t *testing.T) {
	t.Parallel()
	s := newSite(t, "6.1", nil, djangosession.Options{})
	s.add(http.StatusOK, "early")
	s.serve(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "<ul>")
		if err := messages.Info(r.Context(), "late"); !errors.Is(err, djangosession.ErrHeaderSent) {
			t.Errorf("add: %v", err)
		}
		if _, err := messages.Show(r.Context()); !errors.Is(err, djangosession.ErrHeaderSent) {
			t.Errorf("show: %v", err)
		}
	})
	s.wantShown("early")
	s.serve(func(w http.ResponseWriter, r *http.Request) {
		first, err := messages.Show(r.Context())
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(w, "<ul>")
		if again, err := messages.Show(r.Context()); err != nil || len(again) != len(first) {
			t.Errorf("shown again: %d messages, %v", len(again), err)
		}
	})
}

func TestMessagesSurviveAResponseThatIsReplaced(t *testing.T) {
	t.Parallel()
	for _, class := range []string{messages.FallbackStorage, messages.CookieStorage} {
		s := newSite(t, "6.1", storage(class), djangosession.Options{})
		s.add(http.StatusOK, "before")
		s.engine.save = errDatabase
		w := s.serve(func(_ http.ResponseWriter, r *http.Request) {
			list, err := messages.Show(r.Context())
			if err != nil || len(list) != 1 {
				t.Errorf("%d messages, %v", len(list), err)
			}
			if err := messages.Info(r.Context(), "added"); err != nil {
				t.Error(err)
			}
			session, err := djangosession.FromContext(r.Context())
			if err != nil {
				t.Fatal(err)
			}
			session.Set("a", 1)
		})
		if w.Code != http.StatusInternalServerError {
			t.Errorf("status %d", w.Code)
		}
		s.engine.save = nil
		s.wantShown("before", "added")
		s.wantShown()
		if len(s.errs) > 0 {
			t.Errorf("%s: %v", class, s.errs)
		}
	}
}

func TestLostMessagesAreReported(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		class string
		texts []string
		lost  func(n int) bool
	}{
		"in the session":     {messages.SessionStorage, []string{"an apple", "a pear"}, func(n int) bool { return n == 2 }},
		"more than a cookie": {messages.FallbackStorage, many(40), func(n int) bool { return 15 < n && n < 30 }},
	} {
		for _, replaced := range []bool{true, false} {
			s := newSite(t, "6.1", storage(c.class), djangosession.Options{})
			status := http.StatusServiceUnavailable
			if replaced {
				s.engine.save, status = errDatabase, http.StatusOK
			}
			s.add(status, c.texts...)
			s.engine.save = nil
			var lost *messages.LostError
			if len(s.errs) != 1 || !errors.As(s.errs[0], &lost) || !c.lost(len(lost.Messages)) {
				t.Errorf("%s, replaced %v: %v", name, replaced, s.errs)
				continue
			}
			if strings.Contains(s.log.String(), c.texts[0]) {
				t.Error("the log contains a message")
			}
			s.wantShown(c.texts[:len(c.texts)-len(lost.Messages)]...)
		}
	}
}

func TestAddFailsIfTheSessionCannotBeLoaded(t *testing.T) {
	t.Parallel()
	for _, class := range []string{messages.FallbackStorage, messages.SessionStorage} {
		s := newSite(t, "6.1", storage(class), djangosession.Options{})
		s.jar["sessionid"] = strings.Repeat("k", 32)
		s.engine.load = errDatabase
		s.serve(func(_ http.ResponseWriter, r *http.Request) {
			var failed error
			for _, text := range many(40) {
				if err := messages.Info(r.Context(), text); err != nil {
					failed = err
				}
			}
			if !errors.Is(failed, errDatabase) {
				t.Errorf("%s: %v", class, failed)
			}
		})
	}
}

// A message that was refused takes no room from others.
func TestShortMessagesAreAddedAfterALongOne(t *testing.T) {
	t.Parallel()
	s := newSite(t, "6.1", nil, djangosession.Options{})
	s.jar["sessionid"] = strings.Repeat("k", 32)
	s.engine.load = errDatabase
	s.serve(func(_ http.ResponseWriter, r *http.Request) {
		if err := messages.Info(r.Context(), strings.Join(many(40), "")); !errors.Is(err, errDatabase) {
			t.Errorf("long: %v", err)
		}
		if err := messages.Info(r.Context(), "short"); err != nil {
			t.Errorf("short: %v", err)
		}
	})
	s.engine.load = nil
	s.wantShown("short")
}

func TestReadOnlyServicesLeaveMessages(t *testing.T) {
	t.Parallel()
	s := newSite(t, "6.1", nil, djangosession.Options{})
	s.add(http.StatusOK, many(30)...)
	reader := newSite(t, "6.1", nil, djangosession.Options{ReadOnly: true})
	reader.engine.Engine, reader.jar = s.engine.Engine, s.jar
	for range 2 {
		w := reader.serve(func(_ http.ResponseWriter, r *http.Request) {
			if err := messages.Info(r.Context(), "new"); !errors.Is(err, djangosession.ErrReadOnly) {
				t.Errorf("add: %v", err)
			}
			if list, err := messages.Show(r.Context()); err != nil || len(list) != 30 {
				t.Errorf("%d messages, %v", len(list), err)
			}
		})
		if len(w.Header()["Set-Cookie"]) != 0 {
			t.Errorf("cookies %q", w.Header()["Set-Cookie"])
		}
	}
	s.wantShown(many(30)...)
}

// A page with messages of the visitor's cookie must not be shown to others by a cache.
func TestPagesWithMessagesAreNotForSharedCaches(t *testing.T) {
	t.Parallel()
	show := func(ctx context.Context, s *messages.Storage) error {
		_, err := s.Show(ctx)
		return err
	}
	for name, c := range map[string]struct {
		readOnly bool
		do       func(context.Context, *messages.Storage) error
		vary     string // no more than in Django if the response has a cookie or no message
	}{
		"unused":                       {do: func(context.Context, *messages.Storage) error { return nil }},
		"shown":                        {do: show},
		"shown by a read-only service": {readOnly: true, do: show, vary: "Cookie"},
		"kept": {vary: "Cookie", do: func(ctx context.Context, s *messages.Storage) error {
			_, err := s.Show(ctx)
			s.Keep()
			return err
		}},
		"peeked at": {vary: "Cookie", do: func(ctx context.Context, s *messages.Storage) error {
			_, err := s.Peek(ctx)
			return err
		}},
	} {
		for _, class := range []string{messages.FallbackStorage, messages.CookieStorage} {
			s := newSite(t, "6.1", storage(class), djangosession.Options{})
			s.add(http.StatusOK, "for this visitor")
			visited := newSite(t, "6.1", storage(class), djangosession.Options{ReadOnly: c.readOnly})
			visited.jar = s.jar
			w := visited.serve(func(_ http.ResponseWriter, r *http.Request) {
				store, err := messages.From(r.Context())
				if err == nil {
					err = c.do(r.Context(), store)
				}
				if err != nil {
					t.Errorf("%s: %v", name, err)
				}
			})
			if got := w.Header().Get("Vary"); got != c.vary {
				t.Errorf("%s, %s: Vary %q, want %q", name, class, got, c.vary)
			}
		}
	}
}

// A page that has begun can no longer have Vary: Cookie.
func TestLateMessagesAreNotRead(t *testing.T) {
	t.Parallel()
	for _, readOnly := range []bool{false, true} {
		s := newSite(t, "6.1", nil, djangosession.Options{})
		s.add(http.StatusOK, "early")
		visited := newSite(t, "6.1", nil, djangosession.Options{ReadOnly: readOnly})
		visited.jar = s.jar
		visited.serve(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, "<ul>")
			store, err := messages.From(r.Context())
			if err != nil {
				t.Fatal(err)
			}
			if list, err := store.Peek(r.Context()); !errors.Is(err, djangosession.ErrHeaderSent) || list != nil {
				t.Errorf("read-only %v: peek: %d messages, %v", readOnly, len(list), err)
			}
			if list, err := store.Show(r.Context()); !errors.Is(err, djangosession.ErrHeaderSent) || list != nil {
				t.Errorf("read-only %v: show: %d messages, %v", readOnly, len(list), err)
			}
		})
		s.wantShown("early")
	}
}

func TestSitesWithoutMessages(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*djangosession.Settings)
		want   string
	}{
		"another storage": {storage("shop.messages.Storage"), `"shop.messages.Storage"`},
		"no middleware":   {func(s *djangosession.Settings) { s.Middleware = []string{"django.middleware.common.CommonMiddleware"} }, "MIDDLEWARE"},
		"another signer":  {func(s *djangosession.Settings) { s.SigningBackend = "shop.Signer" }, `"shop.Signer"`},
	} {
		s := newSite(t, "6.1", c.change, djangosession.Options{})
		s.serve(func(_ http.ResponseWriter, r *http.Request) {
			_, shown := messages.Show(r.Context())
			for _, err := range []error{
				s.Check(), messages.Info(r.Context(), "a"), shown, messages.SetLevel(r.Context(), 10),
			} {
				if err == nil || !strings.Contains(err.Error(), c.want) {
					t.Errorf("%s: %v", name, err)
				}
			}
		})
	}
	if err := messages.Info(t.Context(), "a"); !errors.Is(err, messages.ErrNoMiddleware) {
		t.Errorf("without a middleware: %v", err)
	}
	set := settings(t, "6.1")
	set.MessageStorage, set.Middleware = "shop.messages.Storage", []string{"shop.messages.Middleware"}
	m, err := messages.New(set, messages.Options{Storage: messages.SessionStorage, Enabled: true})
	if err != nil || m.Check() != nil {
		t.Errorf("%v, %v", err, m.Check())
	}
	if _, err := messages.New(djangosession.Settings{}, messages.Options{}); !errors.Is(err, djangosession.ErrIncompleteSettings) {
		t.Errorf("without a site: %v", err)
	}
}

// A handler forwards a response of Django that has the cookie already.
func TestMessagesJoinAForwardedCookie(t *testing.T) {
	t.Parallel()
	s := newSite(t, "6.1", nil, djangosession.Options{})
	s.add(http.StatusOK, "first")
	forwarded, err := s.Codec().EncodeCookie(messages.List{
		{Level: messages.LevelInfo, Text: "first"}, {Level: messages.LevelInfo, Text: "of Django"},
	}, false)
	if err != nil {
		t.Fatal(err)
	}
	for _, show := range []bool{false, true} {
		s.jar["messages"], err = s.Codec().EncodeCookie(messages.List{{Level: messages.LevelInfo, Text: "first"}}, false)
		if err != nil {
			t.Fatal(err)
		}
		s.serve(func(w http.ResponseWriter, r *http.Request) {
			if show {
				if _, err := messages.Show(r.Context()); err != nil {
					t.Error(err)
				}
			}
			if err := messages.Info(r.Context(), "of Go"); err != nil {
				t.Error(err)
			}
			w.Header().Set("Set-Cookie", "messages="+forwarded+"; Path=/")
		})
		if show {
			s.wantShown("of Django", "of Go")
		} else {
			s.wantShown("first", "of Django", "of Go")
		}
	}
}

func TestFlushDropsTheMessagesOfTheSession(t *testing.T) {
	t.Parallel()
	s := newSite(t, "6.1", nil, djangosession.Options{})
	texts := many(40)
	s.add(http.StatusOK, texts...)
	s.serve(func(_ http.ResponseWriter, r *http.Request) {
		session, err := djangosession.FromContext(r.Context())
		if err == nil {
			err = session.Flush(r.Context())
		}
		if err != nil {
			t.Fatal(err)
		}
	})
	got := s.show()
	if len(got) == 0 || len(got) > 20 || fmt.Sprint(got) != fmt.Sprint(texts[:len(got)]) {
		t.Errorf("%d messages of %d", len(got), len(texts))
	}
}

func TestMessagesAreSafeForConcurrentUse(t *testing.T) {
	t.Parallel()
	s := newSite(t, "6.1", nil, djangosession.Options{})
	const routines, each = 8, 10
	s.serve(func(_ http.ResponseWriter, r *http.Request) {
		ctx := r.Context()
		var wait sync.WaitGroup
		for i := range routines {
			wait.Go(func() {
				for n := range each {
					if err := messages.Info(ctx, noise(i*each+n)); err != nil {
						t.Error(err)
					}
					if store, err := messages.From(ctx); err == nil {
						_, _ = store.Peek(ctx)
						store.SetLevel(store.Level())
					}
				}
			})
		}
		wait.Wait()
	})
	if got := len(s.show()); got != routines*each {
		t.Errorf("%d messages, want %d", got, routines*each)
	}
}
