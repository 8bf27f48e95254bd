package compat_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/py"
)

// numbersService is the pages of apps/switching/urls.py in Go.
type numbersService struct {
	*httptest.Server

	pages atomic.Pointer[http.Handler]
}

func startNumbers(t *testing.T, sessions *djangosession.Manager) *numbersService {
	t.Helper()
	n := &numbersService{}
	n.use(sessions)
	n.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { (*n.pages.Load()).ServeHTTP(w, r) }))
	t.Cleanup(n.Close)
	return n
}

// use has further requests handled with these sessions.
func (n *numbersService) use(sessions *djangosession.Manager) {
	pages := sessions.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := numbersPage(w, r); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	}))
	n.pages.Store(&pages)
}

func numbersPage(w http.ResponseWriter, r *http.Request) error {
	s, err := djangosession.FromContext(r.Context())
	if err != nil {
		return err
	}
	name := r.PostFormValue("name")
	switch r.URL.Path {
	case "/add/":
		number := 0
		if s.Contains(name) {
			if number, err = djangosession.Value[int](s, name); err != nil {
				return err
			}
		}
		s.Set(name, number+1)
	case "/drop/":
		s.PopDefault(name, nil)
	case "/cycle/":
		err = s.CycleKey(r.Context())
	case "/logout/":
		err = s.Flush(r.Context())
	case "/show/":
	default:
		err = errors.New("no such page")
	}
	if err != nil {
		return err
	}
	numbers := map[string]int{}
	for key, value := range s.Items() {
		if n, ok := py.Resolve(value).(int64); ok && !strings.HasPrefix(key, "_") {
			numbers[key] = int(n)
		}
	}
	user, _ := s.Get("_auth_user_id")
	text, _ := user.(string)
	return json.NewEncoder(w).Encode(map[string]any{"user": text, "numbers": numbers})
}
