package djangosession

import (
	"fmt"
	"net/http"
)

// written returns the status of a response that was sent past the middleware, through the
// http.ResponseWriter around it; 0 if nothing was sent, or if that writer cannot say.
// Gin's writer and those of many packages can.
func written(w http.ResponseWriter) int {
	if out, ok := find[interface{ Written() bool }](w); !ok || !out.Written() {
		return 0
	}
	if out, ok := find[interface{ Status() int }](w); ok {
		return max(out.Status(), http.StatusOK)
	}
	return http.StatusOK
}

// bypassed handles such a response. Its header can no longer be changed.
func (x *exchange) bypassed(status int) {
	x.answered = true
	header := x.under.Header().Clone()
	if header == nil {
		header = http.Header{}
	}
	before := header["Set-Cookie"]
	x.shared.RunBeforeHeader(status, header)
	lose := func(what string) {
		x.manager.reportError(x, fmt.Errorf(
			"%w past the middleware, %s: the handler must write to its own ResponseWriter", ErrHeaderSent, what))
	}
	if len(dueCookies(header, before)) > 0 {
		lose("without a cookie")
	}
	x.told, x.saves = x.key, x.manager.settings.release.SavesWith(status)
	x.varied = variesOnCookie(header)
	s, _ := x.loaded()
	empty := !isKey(x.key)
	if s != nil {
		empty = s.IsEmpty()
	}
	switch modified := s != nil && s.Modified(); {
	case x.manager.options.ReadOnly:
	case x.present && empty:
		lose("without the deletion of the session cookie")
	case x.saves && !empty && !modified && x.reason(s, false) != "":
		lose("without the session cookie, and the session is not saved")
	}
	if s != nil && x.saves {
		x.late(s)
	}
}
