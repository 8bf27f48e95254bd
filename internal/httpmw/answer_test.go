package httpmw_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/djangobridge/djangobridge/internal/httpmw"
)

func TestAnswerHasItsStatus(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		handler func(http.ResponseWriter)
		status  int
		body    string
	}{
		"nothing":         {func(http.ResponseWriter) {}, http.StatusInternalServerError, ""},
		"a page alone":    {func(w http.ResponseWriter) { _, _ = io.WriteString(w, "sorry") }, http.StatusInternalServerError, "sorry"},
		"another status":  {func(w http.ResponseWriter) { w.WriteHeader(http.StatusConflict); _, _ = io.WriteString(w, "sorry") }, http.StatusConflict, "sorry"},
		"flushed":         {func(w http.ResponseWriter) { _ = http.NewResponseController(w).Flush() }, http.StatusInternalServerError, ""},
		"one hint before": {func(w http.ResponseWriter) { w.WriteHeader(http.StatusEarlyHints); _, _ = io.WriteString(w, "sorry") }, http.StatusInternalServerError, "sorry"},
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			httpmw.Answer(w, http.StatusInternalServerError, c.handler)
		}))
		response, err := server.Client().Get(server.URL) //nolint:noctx // used only in a test
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(response.Body)
		_ = response.Body.Close()
		server.Close()
		if response.StatusCode != c.status || string(body) != c.body {
			t.Errorf("%s: status %d, %q", name, response.StatusCode, body)
		}
	}
}
