package csrf

import "net/http"

// exempt marks a handler.
type exempt struct{ http.Handler }

// Exempt returns the handler marked so that requests for it are not checked, for those who have no browser or prove in
// another way who they are. The middleware sees the mark if the handler is the next one, or if a [http.ServeMux], or another
// router with its method Handler, comes next and leads to it; see [Options].Exempts for the rest. Matches csrf_exempt.
func Exempt(h http.Handler) http.Handler { return exempt{h} }

// router is a [http.ServeMux].
type router interface {
	Handler(r *http.Request) (h http.Handler, pattern string)
}

func (p *Protection) exempts(next http.Handler, r *http.Request) bool {
	if p.options.Exempts != nil && p.options.Exempts(r) {
		return true
	}
	for range 8 { // routers in routers
		mux, ok := next.(router)
		if !ok {
			break
		}
		next, _ = mux.Handler(r)
	}
	_, ok := next.(exempt)
	return ok
}
