package auth_test

import (
	"bytes"
	"context"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"

	"github.com/djangobridge/djangobridge/djangosession/csrf"
)

// The server removes the temporary files of its own request, but handlers parse a copy of
// the request.
func TestFilesOfUploadsAreRemoved(t *testing.T) { //nolint:paralleltest // the folder is the process's
	site := newSite(t, "6.1", nil)
	protection, err := csrf.New(site.manager.Settings(), csrf.Options{})
	if err != nil {
		t.Fatal(err)
	}
	session, login, exempt := site.manager.Middleware, site.auth.Middleware, func(h http.Handler) http.Handler {
		return protection.Middleware(csrf.Exempt(h))
	}
	parse := func(next http.Handler) http.Handler { // needs the server's own request
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if err := r.ParseMultipartForm(1); err != nil {
				t.Error(err)
			}
			next.ServeHTTP(w, r)
			if f, err := r.MultipartForm.File["file"][0].Open(); err != nil {
				t.Errorf("the file is gone before its parser has finished: %v", err)
			} else {
				_ = f.Close()
			}
		})
	}
	for name, around := range map[string]func(http.Handler) http.Handler{
		"session":       session,
		"login":         func(h http.Handler) http.Handler { return session(login(h)) },
		"csrf":          func(h http.Handler) http.Handler { return session(exempt(h)) },
		"all":           func(h http.Handler) http.Handler { return session(login(exempt(h))) },
		"parsed before": func(h http.Handler) http.Handler { return parse(session(login(exempt(h)))) },
	} {
		folder := t.TempDir()
		t.Setenv("TMPDIR", folder)
		seen := 0
		server := httptest.NewServer(around(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			if err := r.ParseMultipartForm(1); err != nil {
				t.Error(err)
			}
			entries, _ := os.ReadDir(folder)
			seen = len(entries)
		})))
		var body bytes.Buffer
		form := multipart.NewWriter(&body)
		part, _ := form.CreateFormFile("file", "large")
		_, _ = part.Write(make([]byte, 11<<20))
		_ = form.Close()
		r, _ := http.NewRequestWithContext(context.Background(), http.MethodPost, server.URL, &body)
		r.Header.Set("Content-Type", form.FormDataContentType())
		response, err := server.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, response.Body)
		_ = response.Body.Close()
		server.Close() // waits for the handler to return
		if entries, _ := os.ReadDir(folder); seen != 1 || len(entries) != 0 || response.StatusCode != http.StatusOK {
			t.Errorf("%s: status %d, %d files, %d left", name, response.StatusCode, seen, len(entries))
		}
	}
}
