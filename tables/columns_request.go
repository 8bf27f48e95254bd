package tables

import (
	"context"
	"net"
	"net/netip"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/py"
)

// UserAgent returns a [Column] Value: the first characters of the request's User-Agent,
// "" without one, and NULL outside the middleware. It matches
// request.META.get("HTTP_USER_AGENT", "")[:characters], which packages such as
// django-user-sessions (200 characters) and django-qsessions (300) store.
func UserAgent(characters int) func(context.Context, *py.Dict) (any, error) {
	return func(ctx context.Context, _ *py.Dict) (any, error) {
		r, ok := djangosession.RequestFromContext(ctx)
		if !ok {
			return nil, nil
		}
		header := r.UserAgent()
		text := make([]rune, 0, min(len(header), characters))
		for i := 0; i < len(header) && i < characters; i++ {
			text = append(text, rune(header[i])) // WSGI decodes headers as Latin-1
		}
		return string(text), nil
	}
}

// RemoteAddr is a [Column] Value: the address that the request came from, without its
// port. It is NULL outside the middleware and for requests over a Unix socket. It matches
// request.META["REMOTE_ADDR"] in a GenericIPAddressField.
//
// Behind a proxy it is the proxy's address, as in Django. If the site replaces
// REMOTE_ADDR by a header that its proxy sets, replace http.Request.RemoteAddr in the
// same way, around the session middleware. Do so only where the proxy overwrites that
// header, because clients can send it too.
func RemoteAddr(ctx context.Context, _ *py.Dict) (any, error) {
	r, ok := djangosession.RequestFromContext(ctx)
	if !ok {
		return nil, nil
	}
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	addr, err := netip.ParseAddr(host)
	if err != nil {
		return nil, nil //nolint:nilerr // a Unix socket
	}
	return addr.WithZone("").String(), nil
}
