package csrf_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"html/template"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/csrf"
	"github.com/djangobridge/djangobridge/djangosession/memory"
)

// A form that is protected against forged requests.
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

// A webhook is called by a program, which has no cookie and proves itself with a
// signature. Do not exempt a handler that trusts the session's login.
func ExampleExempt() {
	settings := djangosession.NewSettings("the site's SECRET_KEY") // in a service: ReadSettingsFile
	engine, err := memory.New(settings)                            // in a service: tables.New
	if err != nil {
		fmt.Println(err)
		return
	}
	sessions, err := djangosession.NewManager(engine, settings, djangosession.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	protection, err := csrf.New(settings, csrf.Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		fmt.Println(err)
		return
	}

	sign := func(message []byte) []byte {
		mac := hmac.New(sha256.New, []byte("the secret shared with the payment provider"))
		_, _ = mac.Write(message)
		return mac.Sum(nil)
	}
	payment := func(w http.ResponseWriter, r *http.Request) {
		message, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
		if err != nil {
			http.Error(w, "cannot read the message", http.StatusBadRequest)
			return
		}
		signature, err := hex.DecodeString(r.Header.Get("X-Signature"))
		if err != nil || !hmac.Equal(signature, sign(message)) {
			http.Error(w, "wrong signature", http.StatusUnauthorized)
			return
		}
		_, _ = io.WriteString(w, "thank you")
	}
	mux := http.NewServeMux()
	mux.Handle("POST /payment", csrf.Exempt(http.HandlerFunc(payment)))
	mux.HandleFunc("POST /order", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "ordered")
	})
	handler := sessions.Middleware(protection.Middleware(mux))

	message := "order 17 is paid"
	for _, c := range []struct{ path, signature string }{
		{path: "/payment", signature: hex.EncodeToString(sign([]byte(message)))},
		{path: "/payment", signature: "a guess"},
		{path: "/order"},
	} {
		r := httptest.NewRequestWithContext(context.Background(), http.MethodPost, c.path, strings.NewReader(message))
		r.Header.Set("X-Signature", c.signature)
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		fmt.Println(c.path, w.Code)
	}
	// Output:
	// /payment 200
	// /payment 401
	// /order 403
}

// An API that visitors and scripts without a login may call. Only requests of logged-in
// users need a token, as with SessionAuthentication of Django REST framework.
func ExampleSessionAuthentication() {
	settings := djangosession.NewSettings("the site's SECRET_KEY") // in a service: ReadSettingsFile
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
	protection, err := csrf.New(settings, csrf.Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		fmt.Println(err)
		return
	}

	search := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "found") })
	for _, loggedIn := range []bool{false, true} {
		// With package auth, the function asks whether auth.UserFrom returns a user.
		isLoggedIn := func(context.Context) (bool, error) { return loggedIn, nil }
		mux := http.NewServeMux()
		mux.Handle("/search", csrf.SessionAuthentication(search, isLoggedIn))
		w := httptest.NewRecorder()
		r := httptest.NewRequestWithContext(context.Background(), http.MethodPost, "http://example.com/search", http.NoBody)
		sessions.Middleware(protection.Middleware(mux)).ServeHTTP(w, r)
		fmt.Println(w.Code, w.Body)
	}
	// Output:
	// 200 found
	// 403 {"detail":"CSRF Failed: CSRF cookie not set."}
}
