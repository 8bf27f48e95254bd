package inspect

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"strconv"
)

//go:embed templates
var files embed.FS

// door is the page that strangers see.
const door = "door"

// parsePages parses the templates, each with the layout.
func parsePages() (map[string]*template.Template, error) {
	pages := map[string]*template.Template{}
	for _, name := range []string{"overview", "sessions", "session", "users", "user", "job", "confirm", "problem", door} {
		shared := []string{"templates/layout.html", "templates/parts.html", "templates/" + name + ".html"}
		if name == door { // which strangers see
			shared = shared[2:]
		}
		t, err := template.New(name).Funcs(template.FuncMap{"estimated": estimated}).ParseFS(files, shared...)
		if err != nil {
			return nil, fmt.Errorf("inspect: %w", err)
		}
		pages[name] = t
	}
	return pages, nil
}

// estimated reports whether columns have estimates.
func estimated(columns []column) bool { return len(columns) > 0 && columns[0].About != "" }

// view is what every page gets.
type view struct {
	Title, Base, CSRF string
	Page              string // the name of the template
	Write, Listable   bool
	Store             string
	Body              any
}

// show writes a page.
func (h *Handler) show(w http.ResponseWriter, _ *http.Request, name, title string, body any) error {
	return h.write(w, name, http.StatusOK, &view{
		Title: title, Base: h.base, CSRF: h.csrf, Page: name,
		Write: h.site.Clear != nil, Listable: h.site.Unlistable == "", Store: h.site.Store, Body: body,
	})
}

// write executes a template into memory first, so that an error gets a page of its own.
func (h *Handler) write(w http.ResponseWriter, name string, status int, v *view) error {
	var b bytes.Buffer
	start := "layout"
	if name == door {
		start = door
	}
	if err := h.pages[name].ExecuteTemplate(&b, start, v); err != nil {
		return fmt.Errorf("inspect: %w", err)
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(b.Len()))
	w.WriteHeader(status)
	_, err := w.Write(b.Bytes())
	_ = err // the browser has gone
	return nil
}

// refuse answers a request that guard does not let through. Strangers learn nothing.
func (h *Handler) refuse(w http.ResponseWriter, r *http.Request, p *refusal) {
	v := &view{Title: "djangosession inspect", Body: p.text}
	if p.status == http.StatusAccepted {
		v.Base, p.status = h.base, http.StatusOK
	}
	name := door
	if p.status == http.StatusNotFound {
		name, v.Base, v.CSRF, v.Title = "problem", h.base, h.csrf, "Not found"
	}
	if err := h.write(w, name, p.status, v); err != nil {
		http.Error(w, "internal error", http.StatusInternalServerError)
	}
	_ = r
}

// fail answers a request that was served and failed.
func (h *Handler) fail(w http.ResponseWriter, _ *http.Request, err error) {
	status, text := http.StatusInternalServerError, visible(plain(err))
	if p, ok := errors.AsType[*refusal](err); ok {
		status, text = p.status, p.text
	}
	if isTimeout(err) {
		status, text = http.StatusServiceUnavailable, "The store took longer than "+lasting(maxPage)+" to answer."
	}
	v := &view{
		Title: "This did not work", Base: h.base, CSRF: h.csrf, Page: "problem",
		Write: h.site.Clear != nil, Listable: h.site.Unlistable == "", Store: h.site.Store, Body: text,
	}
	if err := h.write(w, "problem", status, v); err != nil {
		http.Error(w, "internal error", http.StatusInternalServerError)
	}
}

// style serves the style sheet.
func (*Handler) style(w http.ResponseWriter, _ *http.Request, _ string) error {
	css, err := files.ReadFile("templates/style.css")
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/css; charset=utf-8")
	_, _ = w.Write(css) // the browser has gone
	return nil
}
