package csrf

import "net/http"

// exempt marks a handler.
type exempt struct{ http.Handler }

// Exempt returns h, marked so that its requests are not checked. Use it for endpoints
// whose clients are not browsers or authenticate without cookies, such as webhooks. The
// middleware finds the mark on the handler that it wraps, and behind a [http.ServeMux] or
// another router with the same Handler method. For other routers use [Options].Exempts.
// Matches csrf_exempt.
func Exempt(h http.Handler) http.Handler { return exempt{h} }

// router is implemented by [http.ServeMux].
type router interface {
	Handler(r *http.Request) (h http.Handler, pattern string)
}

func (p *Protection) exempts(next http.Handler, r *http.Request) bool {
	if p.options.Exempts != nil && p.options.Exempts(r) {
		return true
	}
	for range 8 { // nested routers
		mux, ok := next.(router)
		if !ok {
			break
		}
		next, _ = mux.Handler(r)
	}
	_, ok := next.(exempt)
	return ok
}
