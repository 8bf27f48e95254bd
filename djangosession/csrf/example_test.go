package csrf_test

import (
	"context"
	"fmt"
	"html/template"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/csrf"
	"github.com/djangobridge/djangobridge/djangosession/memory"
)

func Example() {
	settings := djangosession.NewSettings("the site's SECRET_KEY")
	settings.AllowedHosts = []string{"example.com"}
	engine, err := memory.New(settings) // in a service: tables.New
	if err != nil {
		fmt.Println(err)
		return
	}
	sessions, err := djangosession.NewManager(engine, settings, djangosession.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	protection, err := csrf.New(settings, csrf.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}

	form := template.Must(template.New("").Parse(`<form method="post">{{.}}<button>Buy</button></form>`))
	mux := http.NewServeMux()
	mux.HandleFunc("GET /buy", func(w http.ResponseWriter, r *http.Request) {
		field, err := csrf.TemplateField(r.Context())
		if err != nil {
			http.Error(w, "no token", http.StatusInternalServerError)
			return
		}
		_ = form.Execute(w, field)
	})
	mux.HandleFunc("POST /buy", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "bought")
	})
	handler := sessions.Middleware(protection.Middleware(mux))

	page := httptest.NewRecorder()
	handler.ServeHTTP(page, httptest.NewRequestWithContext(context.Background(), http.MethodGet, "http://example.com/buy", http.NoBody))
	_, token, _ := strings.Cut(page.Body.String(), `value="`)
	token, _, _ = strings.Cut(token, `"`)

	for _, token := range []string{token, "a guess"} {
		body := strings.NewReader(url.Values{"csrfmiddlewaretoken": {token}}.Encode())
		sent := httptest.NewRequestWithContext(context.Background(), http.MethodPost, "http://example.com/buy", body)
		sent.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		sent.Header.Set("Cookie", page.Header().Get("Set-Cookie"))
		answer := httptest.NewRecorder()
		handler.ServeHTTP(answer, sent)
		fmt.Println(answer.Code)
	}
	// Output:
	// 200
	// 403
}
