package messages_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"net/http/httptest"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/memory"
	"github.com/djangobridge/djangobridge/djangosession/messages"
)

// newHandler returns a router with sessions and messages. Services that use package
// djangobridge wrap the router in Site.Middleware instead.
func newHandler(router http.Handler) http.Handler {
	settings := djangosession.NewSettings("the site's SECRET_KEY") // in a service: ReadSettingsFile
	engine, err := memory.New(settings)                            // in a service: tables.New
	if err != nil {
		panic(err)
	}
	sessions, err := djangosession.NewManager(engine, settings, djangosession.Options{})
	if err != nil {
		panic(err)
	}
	m, err := messages.New(settings, messages.Options{})
	if err != nil {
		panic(err)
	}
	return sessions.Middleware(m.Middleware(router))
}

// visit requests a page with the cookies of an earlier response.
func visit(handler http.Handler, path string, before *httptest.ResponseRecorder) *httptest.ResponseRecorder {
	r := httptest.NewRequestWithContext(context.Background(), http.MethodGet, path, http.NoBody)
	if before != nil {
		for _, cookie := range before.Result().Cookies() {
			r.AddCookie(cookie)
		}
	}
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	return w
}

// A form handler adds a message and redirects; the next page shows it.
func Example() {
	page := template.Must(template.New("").Parse(
		`<ul>{{range .Messages}}<li class="{{.Tags}}">{{.Message}}</li>{{end}}</ul>`))
	mux := http.NewServeMux()
	mux.HandleFunc("/save", func(w http.ResponseWriter, r *http.Request) {
		if err := messages.Success(r.Context(), "Saved <you>."); err != nil {
			http.Error(w, "cannot add a message", http.StatusInternalServerError)
			return
		}
		http.Redirect(w, r, "/", http.StatusSeeOther)
	})
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		list, err := messages.Show(r.Context()) // before anything is written
		if err != nil {
			http.Error(w, "cannot read messages", http.StatusInternalServerError)
			return
		}
		_ = page.Execute(w, map[string]any{"Messages": list})
	})
	handler := newHandler(mux)

	saved := visit(handler, "/save", nil)
	first := visit(handler, "/", saved)
	second := visit(handler, "/", first)
	fmt.Println(first.Body)
	fmt.Println(second.Body)
	// Output:
	// <ul><li class="success">Saved &lt;you&gt;.</li></ul>
	// <ul></ul>
}

// With the template function, only a template that shows messages removes them.
func ExampleFuncMap() {
	base := template.Must(template.New("").Funcs(messages.FuncMap(context.Background())).Parse(
		`{{range messages}}<p class="{{.Tags}}">{{.Message}}</p>{{end}}`))
	handler := newHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := messages.Info(r.Context(), "Welcome back."); err != nil {
			http.Error(w, "cannot add a message", http.StatusInternalServerError)
			return
		}
		page, err := base.Clone()
		if err != nil {
			http.Error(w, "cannot show the page", http.StatusInternalServerError)
			return
		}
		var body bytes.Buffer // the header must wait for the messages
		if err := page.Funcs(messages.FuncMap(r.Context())).Execute(&body, nil); err != nil {
			http.Error(w, "cannot show the page", http.StatusInternalServerError)
			return
		}
		_, _ = body.WriteTo(w)
	}))
	fmt.Println(visit(handler, "/", nil).Body)
	// Output: <p class="info">Welcome back.</p>
}

// Messages as JSON, for a page that shows them with a script. The text of a message that
// is not safe has to be escaped there.
func ExampleShow() {
	handler := newHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := messages.Warning(r.Context(), "Only 2 left."); err != nil {
			http.Error(w, "cannot add a message", http.StatusInternalServerError)
			return
		}
		list, err := messages.Show(r.Context())
		if err != nil {
			http.Error(w, "cannot read messages", http.StatusInternalServerError)
			return
		}
		encoder := json.NewEncoder(w)
		encoder.SetIndent("", "  ")
		_ = encoder.Encode(list)
	}))
	fmt.Println(visit(handler, "/", nil).Body)
	// Output:
	// [
	//   {
	//     "level": 30,
	//     "level_tag": "warning",
	//     "tags": "warning",
	//     "extra_tags": "",
	//     "message": "Only 2 left.",
	//     "safe": false
	//   }
	// ]
}

// A message with a link, and with a tag for the page's style sheet. Only text without
// parts that visitors wrote may be safe.
func ExampleAdd() {
	page := template.Must(template.New("").Parse(`{{range .}}<p class="{{.Tags}}">{{.Message}}</p>{{end}}`))
	handler := newHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		err := messages.Add(r.Context(), messages.Message{
			Level: messages.LevelSuccess, Text: `Order placed. <a href="/orders/">Orders</a>`, Safe: true, ExtraTags: "toast",
		})
		if err != nil {
			http.Error(w, "cannot add a message", http.StatusInternalServerError)
			return
		}
		list, err := messages.Show(r.Context())
		if err != nil {
			http.Error(w, "cannot read messages", http.StatusInternalServerError)
			return
		}
		_ = page.Execute(w, list)
	}))
	fmt.Println(visit(handler, "/", nil).Body)
	// Output: <p class="toast success">Order placed. <a href="/orders/">Orders</a></p>
}

// A Codec says what a cookie contains.
func ExampleCodec() {
	codec, err := messages.NewCodec(djangosession.NewSettings("the site's SECRET_KEY"))
	if err != nil {
		fmt.Println(err)
		return
	}
	value, err := codec.EncodeCookie([]messages.Message{{Level: messages.LevelInfo, Text: "Hello"}}, false)
	if err != nil {
		fmt.Println(err)
		return
	}
	list, more, ok, err := codec.DecodeCookie(value)
	fmt.Println(list, more, ok, err)
	// Output: [Hello] false true <nil>
}
