package main

import (
	"bytes"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
)

// TestPanicsAreLoggedWithoutCookies panics in the mode in which gin logs most.
func TestPanicsAreLoggedWithoutCookies(t *testing.T) {
	const key = "0123456789abcdefghijklmnopqrstuv"
	var logged bytes.Buffer
	mode, out, errs, logger := gin.Mode(), gin.DefaultWriter, gin.DefaultErrorWriter, log.Writer()
	t.Cleanup(func() {
		gin.SetMode(mode)
		gin.DefaultWriter, gin.DefaultErrorWriter = out, errs
		log.SetOutput(logger)
	})
	gin.SetMode(gin.DebugMode)
	gin.DefaultWriter, gin.DefaultErrorWriter = io.Discard, &logged
	log.SetOutput(&logged)

	r := routes(func(next http.Handler) http.Handler { return next })
	panics := map[string]any{"/bug": "a bug", "/aborts": http.ErrAbortHandler}
	for path, value := range panics {
		r.GET(path, func(*gin.Context) { panic(value) })
		request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, http.NoBody)
		request.AddCookie(&http.Cookie{Name: "sessionid", Value: key})
		r.ServeHTTP(httptest.NewRecorder(), request)
	}
	if text := logged.String(); strings.Contains(text, key) || !strings.Contains(text, "a bug") {
		t.Errorf("logged: %s", text)
	}
}
