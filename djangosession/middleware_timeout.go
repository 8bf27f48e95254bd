package djangosession

import (
	"errors"
	"fmt"
	"net/http"
)

// timedOut reports whether an [http.TimeoutHandler] around the middleware has sent its own
// response, although the browser has to learn a new key or value of the cookie from the
// handler's. It then reports ErrHeaderSent, and removes the session, which no browser can
// reach. A timeout that ends while the handler returns may go unnoticed.
func (x *exchange) timedOut() bool {
	isDue := x.told != x.key && (x.told != "" || x.manager.stateless) // a key that was deleted is worthless
	if !isDue || x.Err() == nil {
		return false
	}
	if _, err := x.under.Write(nil); !errors.Is(err, http.ErrHandlerTimeout) {
		return false
	}
	x.manager.reportError(x, fmt.Errorf("%w by http.TimeoutHandler, without the session cookie: "+
		"put that handler inside the middleware", ErrHeaderSent))
	x.told = x.key
	x.discard(x)
	return true
}
