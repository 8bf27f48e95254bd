package inspect

import (
	"crypto/subtle"
	"net/http"
	"strings"
)

// A refusal is a response to a request that is not served.
type refusal struct {
	status int
	text   string
}

func (r *refusal) Error() string { return r.text }

const cookieName = "djangosession-inspect"

// maxForm is the maximum size of a form in bytes. Cookies of the engine signed_cookies
// are its longest values.
const maxForm = 16 << 10

// harden sets the headers of every response. The referrer stays within the page: with
// "no-referrer", browsers would hide the origin of forms, which guard checks.
func harden(h http.Header) {
	h.Set("Content-Security-Policy",
		"default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("X-Robots-Tag", "noindex")
}

// guard decides whether a request may be served. The request for the path "/", which has
// no cookie yet, is answered here; errAnswered says so.
func (h *Handler) guard(w http.ResponseWriter, r *http.Request) *refusal {
	if r.Host != h.options.Host { // a name that an attacker lets resolve to this machine (DNS rebinding)
		return &refusal{http.StatusMisdirectedRequest, "This is not the address of this page."}
	}
	if r.Method != http.MethodGet && r.Method != http.MethodPost {
		w.Header().Set("Allow", "GET, POST")
		return &refusal{http.StatusMethodNotAllowed, "Only GET and POST are possible."}
	}
	if r.Method == http.MethodPost {
		if problem := h.guardForm(w, r); problem != nil {
			return problem
		}
	}
	if r.URL.Path == "/" {
		return h.enter(w, r)
	}
	if !h.isBelowBase(r.URL.Path) || !h.hasCookie(r) {
		return &refusal{http.StatusForbidden, "This page needs the token that the program printed when it started."}
	}
	// Requests that another page starts get no page, even if the browser sends the cookie
	// with them. Other ports of this machine are the same site for cookies.
	if from := r.Header.Get("Sec-Fetch-Site"); from != "" && from != "same-origin" && from != "none" {
		return &refusal{http.StatusForbidden, "Another page has asked for this one."}
	}
	if r.Method == http.MethodPost && !isSame(r.PostForm.Get("csrf"), h.csrf) {
		return &refusal{http.StatusForbidden, "The form has no valid CSRF token. Reload the page with the form."}
	}
	return nil
}

// guardForm checks that a form comes from this page, and reads it.
func (h *Handler) guardForm(w http.ResponseWriter, r *http.Request) *refusal {
	if r.Header.Get("Origin") != "http://"+h.options.Host {
		return &refusal{http.StatusForbidden, "The form comes from another page."}
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		return &refusal{http.StatusBadRequest, "The form cannot be read, or is too large."}
	}
	return nil
}

// enter lets the first visitor in who has the token, which comes from the printed address
// or from the form of this page. Browsers would not send a strict cookie after a redirect
// that another program started, so the response is a page that leads on.
func (h *Handler) enter(w http.ResponseWriter, r *http.Request) *refusal {
	token := r.URL.Query().Get("token")
	if r.Method == http.MethodPost {
		token = strings.TrimSpace(r.PostForm.Get("token"))
	}
	switch {
	case token == "":
		return &refusal{status: http.StatusOK}
	case !isSame(token, h.token):
		return &refusal{http.StatusForbidden, "This is not the token."}
	}
	again := h.used.Swap(true)
	if h.options.OnToken != nil {
		h.options.OnToken(again)
	}
	if again {
		return &refusal{http.StatusForbidden, "The token was used before. If that was not you, somebody else has access: " +
			"end the program now, and start it again. Otherwise, continue in the tab where you used it."}
	}
	http.SetCookie(w, &http.Cookie{ //nolint:gosec // this page has no TLS, and is on this machine
		Name: cookieName, Value: h.cookie, Path: h.base, HttpOnly: true, SameSite: http.SameSiteStrictMode,
	})
	w.Header().Set("Refresh", "0; url="+h.base)
	return &refusal{status: http.StatusAccepted}
}

// hasCookie reports whether a request comes from the visitor who had the token.
func (h *Handler) hasCookie(r *http.Request) bool {
	for _, c := range r.CookiesNamed(cookieName) {
		if isSame(c.Value, h.cookie) && h.used.Load() {
			return true
		}
	}
	return false
}

// isSame compares in constant time.
func isSame(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// isBelowBase reports whether a path starts with the secret one and its last slash. How
// long that takes tells nothing about the secret.
func (h *Handler) isBelowBase(path string) bool {
	return strings.HasPrefix(path, "/") && isSame(firstPart(path), h.base) && strings.HasPrefix(path, h.base)
}

// firstPart returns the first part of a path with the slashes around it.
func firstPart(path string) string {
	first, _, _ := strings.Cut(path[1:], "/")
	return "/" + first + "/"
}

// split splits the path of a page into its name and the rest.
func split(path string) (name, rest string) {
	name, rest, _ = strings.Cut(path, "/")
	return name, rest
}
