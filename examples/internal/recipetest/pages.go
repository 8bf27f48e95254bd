package recipetest

import (
	"io"
	"net/http"
)

// Pages returns the pages of a [Recipe] besides the cart, for frameworks whose handlers
// are those of net/http. Others use them for /late and /flush.
func (s *Site) Pages() map[string]http.HandlerFunc {
	responds := func(status int) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			s.Set(r.Context(), 2)
			w.WriteHeader(status)
		}
	}
	return map[string]http.HandlerFunc{
		"/fails":   responds(http.StatusInternalServerError),
		"/missing": responds(http.StatusNotFound),
		"/nothing": responds(http.StatusNoContent),
		"/panic": func(_ http.ResponseWriter, r *http.Request) {
			s.Set(r.Context(), 2)
			panic("a bug")
		},
		"/late": func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, "page")
			s.Set(r.Context(), 2)
		},
		"/flush": func(w http.ResponseWriter, r *http.Request) {
			s.Set(r.Context(), 2)
			_, _ = io.WriteString(w, "first")
			if err := http.NewResponseController(w).Flush(); err != nil {
				s.t.Error(err)
			}
			s.Wait()
			s.Set(r.Context(), 3)
			_, _ = io.WriteString(w, "second")
		},
	}
}
