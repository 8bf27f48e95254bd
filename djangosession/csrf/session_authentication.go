package csrf

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
)

// SessionAuthentication returns h with the rule of Django REST framework for APIs that
// scripts of the site and other programs call: only requests of logged-in users are
// checked, because only they act with rights that the browser adds by itself. The others
// pass. A refused request receives status 403 and {"detail": "CSRF Failed: ..."}; other
// errors are answered as everywhere, and so are the errors of isLoggedIn, which reports
// whether the request has a user.
//
// Like [Exempt], it marks the handler, with the same limits: wrap the handler in it,
// not a middleware around the router. h must not log users in, because a request from
// another site could then log a visitor in as another user.
//
// Matches SessionAuthentication of rest_framework, which treats logged-in users who are
// not active as anonymous. Here, their requests are checked.
func SessionAuthentication(h http.Handler, isLoggedIn func(ctx context.Context) (bool, error)) http.Handler {
	return Exempt(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s, err := stateFrom(r.Context())
		if err != nil { // without a Protection there is no ErrorHandler
			http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
			return
		}
		check := false
		if !isSafe(r.Method) {
			check, err = isLoggedIn(r.Context())
		}
		if check && err == nil {
			err = s.check(r)
		}
		if refused, ok := errors.AsType[*Error](err); ok {
			s.log(r, err)
			writeDetail(w, "CSRF Failed: "+refused.Text)
			return
		}
		if err != nil {
			s.refuse(w, r, err)
			return
		}
		h.ServeHTTP(w, r)
	}))
}

// writeDetail responds with status 403 and JSON as JSONRenderer of rest_framework
// writes it.
func writeDetail(w http.ResponseWriter, detail string) {
	var body bytes.Buffer
	encoder := json.NewEncoder(&body)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(map[string]string{"detail": detail}) //nolint:errchkjson // text cannot fail
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusForbidden)
	_, _ = w.Write(bytes.TrimSuffix(body.Bytes(), []byte("\n"))) // an error is the client's
}
