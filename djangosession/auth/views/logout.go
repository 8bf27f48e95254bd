package views

import (
	"net/http"

	"github.com/djangobridge/djangobridge/internal/pyurl"
)

// Logout ends the login, then redirects to the value of "next", to
// [Options].LogoutNextPage, or shows a page. It takes POST requests, and before Django
// 5.0 also GET requests, which any site can send for its visitors. Matches LogoutView.
func (v *Views) Logout(w http.ResponseWriter, r *http.Request) {
	if !v.checked(w, r) {
		return
	}
	v.neverCache(w)
	allowed, methods := r.Method == http.MethodPost, postMethods
	switch {
	case v.rules.logoutAtOnce:
		allowed, methods = true, pageMethods
	case v.rules.logoutByGet:
		allowed, methods = allowed || isRead(r.Method), logoutMethods
	}
	if !allowed {
		answerMethod(w, r, methods)
		return
	}
	if err := v.site.Login.Logout(r.Context()); err != nil {
		v.fail(w, r, err)
		return
	}
	to, shows := v.afterLogout(r)
	switch {
	case !shows:
		redirect(w, to)
	case isRead(r.Method), r.Method == http.MethodPost:
		v.render(w, r, Page{Template: LoggedOutTemplate})
	default: // before 4.1, the user is logged out nevertheless
		answerMethod(w, r, methods)
	}
}

// afterLogout returns where a logout leads, or reports that a page is shown.
func (v *Views) afterLogout(r *http.Request) (to string, shows bool) {
	path, next := ownPath(r), v.options.LogoutNextPage
	if v.rules.logoutAtOnce {
		if v.site.Login.HasNext(r) { // an address that is not allowed leads here again
			return v.site.Login.Next(r, path), false
		}
		return next, next == ""
	}
	if next == "" {
		next = path
	}
	to = v.site.Login.Next(r, next)
	return to, to == pyurl.FullPath(r)
}
