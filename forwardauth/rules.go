package forwardauth

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/djangobridge/djangobridge/internal/hosts"
)

// Rules are requirements by host, method and path. The first route that fits a request
// counts, and Default if no route fits.
type Rules struct {
	Routes  []Route     `json:"routes"`
	Default Requirement `json:"default"` // a login, if the file has none
}

// A Route is the requirement for some requests. An empty list fits all requests.
type Route struct {
	Requirement

	// Hosts are names without a port; ".example.com" is example.com and all hosts below
	// it.
	Hosts []string `json:"hosts,omitempty"`
	// Methods are HTTP methods. GET fits HEAD too.
	Methods []string `json:"methods,omitempty"`
	// Paths are decoded paths. "/reports/" fits /reports and everything below it, and
	// "/report" fits /report and /report/. A request that fits another route if upper and
	// lower case are the same is refused, because many services treat them as the same.
	Paths []string `json:"paths,omitempty"`
}

// maxRules is the maximum size of a file with rules, in bytes.
const maxRules = 1 << 20

// ReadRules reads rules in JSON, with the names in the tags of [Rules], [Route] and
// [Requirement]. It refuses unknown names, so that a typing error opens no door.
func ReadRules(r io.Reader) (*Rules, error) {
	limited := &io.LimitedReader{R: r, N: maxRules + 1}
	d := json.NewDecoder(limited)
	d.DisallowUnknownFields()
	var rules Rules
	err := d.Decode(&rules)
	switch {
	case limited.N == 0:
		return nil, fmt.Errorf("forwardauth: rules: more than %d bytes", maxRules)
	case err != nil:
		return nil, fmt.Errorf("forwardauth: rules: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("forwardauth: rules: there is more after the JSON object")
	}
	return &rules, rules.check()
}

func (r *Rules) check() error {
	if err := r.Default.check(); err != nil {
		return fmt.Errorf("forwardauth: rules: default: %w", err)
	}
	for i := range r.Routes {
		if err := r.Routes[i].check(); err != nil {
			return fmt.Errorf("forwardauth: rules: route %d: %w", i+1, err)
		}
	}
	return nil
}

func (r *Route) check() error {
	for _, path := range r.Paths {
		if !isRoutePath(path) {
			return fmt.Errorf("no request has the path %q: paths begin with a slash, are not encoded, and have no empty or dot segments",
				path)
		}
	}
	for _, host := range r.Hosts {
		if domain, ok := hosts.Domain(strings.TrimPrefix(host, ".")); !ok || domain != strings.TrimPrefix(host, ".") {
			return fmt.Errorf("%q is not the name of a host: write it in lower case and without a port", host)
		}
	}
	for _, method := range r.Methods {
		if method == "" || strings.ToUpper(method) != method || method == http.MethodHead {
			return fmt.Errorf("%q is not a method in capitals, or it is HEAD, which GET includes", method)
		}
	}
	return r.Requirement.check()
}

// isRoutePath reports whether [decodePath] can return a path.
func isRoutePath(path string) bool {
	for i := range len(path) {
		if _, encoded := decodeHex(path[i+1:]); path[i] == '%' && encoded || path[i] < ' ' || path[i] == 0x7f || path[i] == '\\' {
			return false
		}
	}
	return strings.HasPrefix(path, "/") && utf8.ValidString(path) && isClean(path)
}

// find returns the requirement for a request. It reports false if the case of the path
// makes a difference.
func (r *Rules) find(host, method, path string) (*Requirement, bool) {
	if r == nil {
		return &Requirement{Anonymous: true}, true // the requirement of the location decides
	}
	exact := r.first(host, method, path, func(s string) string { return s })
	folded := r.first(host, method, path, fold)
	switch {
	case exact != folded:
		return nil, false
	case exact < 0:
		return &r.Default, true
	}
	return &r.Routes[exact].Requirement, true
}

// namesMethods reports whether the method of a request matters.
func (r *Rules) namesMethods() bool {
	return r != nil && slices.ContainsFunc(r.Routes, func(x Route) bool { return len(x.Methods) > 0 })
}

// first returns the index of the first route that fits, or -1.
func (r *Rules) first(host, method, path string, form func(string) string) int {
	path = form(path)
	if method == http.MethodHead {
		method = http.MethodGet
	}
	return slices.IndexFunc(r.Routes, func(x Route) bool {
		return (len(x.Methods) == 0 || slices.Contains(x.Methods, method)) &&
			(len(x.Hosts) == 0 || hosts.Matches(host, x.Hosts)) &&
			(len(x.Paths) == 0 || slices.ContainsFunc(x.Paths, func(p string) bool { return isAt(path, form(p)) }))
	})
}

// isAt reports whether a path is that of a route, or below it.
func isAt(path, route string) bool {
	if below, isFolder := strings.CutSuffix(route, "/"); isFolder {
		return path == below || strings.HasPrefix(path, route)
	}
	return path == route || path == route+"/"
}

// fold makes texts equal that differ only in case.
func fold(s string) string { return strings.ToLower(strings.ToUpper(s)) }
