package main

import (
	"bytes"
	"embed"
	"html/template"
	"maps"
	"net/http"
	"path"
	"strings"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/auth"
	"github.com/djangobridge/djangobridge/djangosession/csrf"
	"github.com/djangobridge/djangobridge/djangosession/messages"
)

//go:embed pages/*.html
var pageFiles embed.FS

// pages are the templates by name, each combined with base.html.
type pages map[string]*template.Template

func parsePages() (pages, error) {
	names, err := pageFiles.ReadDir("pages")
	if err != nil {
		return nil, err
	}
	p := pages{}
	for _, file := range names {
		name := strings.TrimSuffix(file.Name(), ".html")
		if name == "base" {
			continue
		}
		if p[name], err = template.ParseFS(pageFiles, "pages/base.html", path.Join("pages", file.Name())); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// show answers with a page. In addition to values, all pages show the logged-in user, the
// number of packets in the cart, and the messages that Django or Go has added.
func (p pages) show(w http.ResponseWriter, r *http.Request, name string, values map[string]any) error {
	session, err := djangosession.FromContext(r.Context())
	if err != nil {
		return err
	}
	cart, err := quantities(session)
	if err != nil {
		return err
	}
	count := 0
	for _, n := range cart {
		count += n
	}
	user, err := auth.UserFrom(r.Context())
	if err != nil {
		return err
	}
	token, err := csrf.TemplateField(r.Context())
	if err != nil {
		return err
	}
	shown, err := messages.Show(r.Context())
	if err != nil {
		return err
	}
	all := map[string]any{"Path": r.URL.Path, "Count": count, "User": user, "Token": token, "Messages": shown}
	maps.Copy(all, values)
	var text bytes.Buffer // the whole page or nothing is sent
	if err := p[name].Execute(&text, all); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = text.WriteTo(w) // the browser may have disconnected
	return nil
}
