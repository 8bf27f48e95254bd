package tables

import (
	"context"
	"net"
	"net/netip"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/py"
)

// UserAgent returns a [Column] Value: the request's User-Agent, "" if it has none, and at
// most this many characters of it. Outside djangosession.Middleware it is NULL. Matches
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
			text = append(text, rune(header[i])) // WSGI takes each byte for a character of Latin-1
		}
		return string(text), nil
	}
}

// RemoteAddr is a [Column] Value: the address that the request came from, without its
// port, or NULL outside djangosession.Middleware and for requests over a Unix socket.
// Matches request.META["REMOTE_ADDR"] in a GenericIPAddressField.
//
// Behind a proxy that is the proxy's address, as in Django. If the site replaces
// REMOTE_ADDR by a header that its proxy sets, replace http.Request.RemoteAddr in the
// same way, around djangosession.Middleware; and only where the proxy overwrites that
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
