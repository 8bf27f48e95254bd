package forwardauth

import (
	"fmt"
	"net/http"
	"net/netip"
	"strings"
)

// proxy is where a proxy puts the parts of the request that it asks about. An empty name
// means the same part of its own request.
type proxy struct {
	method, target, host, client string // names of headers
	// answers401 is set for a proxy that cannot pass on a redirect. It gets status 401 with
	// the header Location.
	answers401 bool
	// absolute is set for a proxy that completes a Location without a host by its address
	// of this service.
	absolute bool
}

// prefix is the beginning of all paths that proxies use.
const prefix = "/auth/"

// proxies returns the proxies by the name in the path.
func proxies() map[string]proxy {
	return map[string]proxy{
		"nginx": {method: "X-Original-Method", target: "X-Original-Uri", client: "X-Real-Ip", answers401: true},
		"traefik": {
			method: "X-Forwarded-Method", target: "X-Forwarded-Uri", host: "X-Forwarded-Host", client: "X-Forwarded-For", absolute: true,
		},
		"caddy": {method: "X-Forwarded-Method", target: "X-Forwarded-Uri", host: "X-Forwarded-Host", client: "X-Forwarded-For"},
		"envoy": {client: "X-Forwarded-For"}, // it appends the target to the path
	}
}

// question is what a proxy asks: may this request pass?
type question struct {
	proxy

	method, target, scheme, host string     // of the original request
	client                       netip.Addr // who sent it; invalid if unknown

	location Requirement // that of the proxy's configuration
}

// readQuestion reads the request of a proxy. It reports false if the path is that of no
// proxy. The error says what is wrong with the proxy's configuration, or with the request
// that it has passed on.
func (h *Handler) readQuestion(r *http.Request) (q question, found bool, err error) {
	path, found := strings.CutPrefix(r.RequestURI, prefix)
	name, path, _ := strings.Cut(path, "/")
	q.proxy, found = h.proxies[name], found && (h.proxies[name] != proxy{})
	if !found {
		return q, false, nil
	}
	inPath := q.proxy.target == ""
	end := strings.IndexAny(path, "/?")
	if end < 0 {
		end = len(path)
	}
	requirement, rest := path[:end], path[end:]
	if q.location, err = parseRequirement(requirement); err != nil {
		return q, true, fmt.Errorf("the path that the proxy uses: %w", err)
	}
	if !inPath && strings.HasPrefix(rest, "/") {
		return q, false, nil
	}
	q.method, q.target, q.host = r.Method, rest, r.Host
	if !inPath { // the query may be that of the client
		if q.method, err = only(r.Header, q.proxy.method); err == nil {
			q.target, err = only(r.Header, q.proxy.target)
		}
	}
	if err == nil && q.proxy.host != "" {
		q.host, err = only(r.Header, q.proxy.host)
	}
	if err == nil {
		q.scheme, err = only(r.Header, "X-Forwarded-Proto")
	}
	if err == nil && q.scheme != "http" && q.scheme != "https" {
		err = fmt.Errorf("%w: X-Forwarded-Proto is neither http nor https", errHeader)
	}
	q.client = clientOf(r.Header[q.proxy.client])
	return q, true, err
}

// only returns the value of a header that must occur once.
func only(h http.Header, name string) (string, error) {
	if values := h[name]; len(values) == 1 && values[0] != "" {
		return values[0], nil
	}
	return "", fmt.Errorf("%w: %s must occur once", errHeader, name)
}

// clientOf returns the address that the proxy nearest to this service has added. Clients
// choose the earlier ones.
func clientOf(lines []string) netip.Addr {
	if len(lines) == 0 {
		return netip.Addr{}
	}
	line := lines[len(lines)-1]
	text := strings.TrimSpace(line[strings.LastIndexByte(line, ',')+1:])
	address, err := netip.ParseAddr(text)
	if err != nil {
		if both, err := netip.ParseAddrPort(text); err == nil {
			address = both.Addr()
		}
	}
	return address.Unmap().WithZone("")
}
