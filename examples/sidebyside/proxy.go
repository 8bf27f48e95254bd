package main

import (
	"log/slog"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
)

// moved are the URLs that Go has taken over. Django serves all others.
var moved = []string{"/cart/", "/account/", "/go/"} //nolint:gochecknoglobals // a constant

// newProxy returns the server that browsers talk to: one host name in front of two
// backends.
func newProxy(django, service *url.URL) http.Handler {
	toDjango, toService := forward("Django", django), forward("Go", service)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, prefix := range moved {
			if strings.HasPrefix(r.URL.Path+"/", prefix) {
				toService.ServeHTTP(w, r)
				return
			}
		}
		toDjango.ServeHTTP(w, r)
	})
}

func forward(name string, to *url.URL) http.Handler {
	return &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(to)
			r.Out.Host = r.In.Host // both compare a form's origin with it
			r.SetXForwarded()      // replaces headers that the client may have sent
		},
		ErrorHandler: func(w http.ResponseWriter, r *http.Request, err error) {
			if r.Context().Err() == nil { // the client is still connected
				slog.ErrorContext(r.Context(), "proxy", "backend", name, "error", err)
			}
			http.Error(w, name+" does not answer", http.StatusBadGateway)
		},
	}
}
