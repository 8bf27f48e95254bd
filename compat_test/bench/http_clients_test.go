package main

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

func TestClientsCheckEveryPage(t *testing.T) {
	t.Parallel()
	wrong := make(chan bool, 1)
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		cookie, err := r.Cookie("sessionid")
		if err != nil {
			t.Error(err)
			return
		}
		if cookie.Value == "b" {
			w.Header().Set("Connection", "close")
		}
		select {
		case <-wrong:
			_, _ = fmt.Fprint(w, "an error")
		default:
			_, _ = fmt.Fprint(w, "page ", cookie.Value)
		}
	}))
	t.Cleanup(site.Close)
	w := &server{url: site.URL}
	p := plan{clients: 3}
	pages := []page{{Key: "a", Shows: "page a"}, {Key: "b", Shows: "page b"}}
	// A busy machine may serve no page in a short time.
	most := func() (perSecond float64, p99 time.Duration, err error) {
		for range 10 {
			perSecond, p99, err = w.most(t.Context(), p, pages, 100*time.Millisecond)
			if !errors.Is(err, errNoPage) {
				break
			}
		}
		return perSecond, p99, err
	}
	if perSecond, p99, err := most(); err != nil || perSecond <= 0 || p99 <= 0 {
		t.Errorf("%g pages a second, p99 %v, %v", perSecond, p99, err)
	}
	wrong <- true
	if _, _, err := most(); err == nil || errors.Is(err, errNoPage) {
		t.Errorf("a wrong page is not an error: %v", err)
	}
}
