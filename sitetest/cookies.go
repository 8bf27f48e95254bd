package sitetest

import (
	"net/http"
	"strings"
	"sync"
	"time"
)

// jar holds the cookies of a browser that visits one host. net/http/cookiejar cannot do
// it: its clock is that of the machine, and it drops values in the form of Python's
// cookies.
type jar struct {
	clock *Clock

	mu      sync.Mutex
	cookies []cookie
}

type cookie struct {
	name, path string
	value      string // as in the header
	secure     bool
	ends       time.Time // zero when the browser closes
}

// receive takes the cookies of a response to a request for path.
func (j *jar) receive(lines []string, path string) {
	for _, line := range lines {
		pair, attributes, _ := strings.Cut(line, ";")
		name, value, ok := strings.Cut(pair, "=")
		parsed, err := http.ParseSetCookie("x=x;" + attributes) // which refuses some of Python's values
		if !ok || err != nil {
			continue
		}
		c := cookie{name: strings.TrimSpace(name), value: strings.TrimSpace(value), path: parsed.Path, secure: parsed.Secure}
		if !strings.HasPrefix(c.path, "/") {
			c.path = defaultPath(path)
		}
		switch {
		case parsed.MaxAge != 0: // negative for 0 seconds
			c.ends = j.clock.Now().Add(time.Duration(parsed.MaxAge) * time.Second)
		case !parsed.Expires.IsZero():
			c.ends = parsed.Expires
		}
		j.put(c)
	}
}

// defaultPath returns the path of cookies that have none.
func defaultPath(of string) string {
	return of[:max(strings.LastIndexByte(of, '/'), 1)]
}

// put stores a cookie in place of the one with its name and path.
func (j *jar) put(c cookie) {
	j.mu.Lock()
	defer j.mu.Unlock()
	kept := j.cookies[:0:0]
	for _, old := range j.cookies {
		if old.name != c.name || old.path != c.path {
			kept = append(kept, old)
		}
	}
	if j.isValid(c) {
		kept = append(kept, c)
	}
	j.cookies = kept
}

func (j *jar) isValid(c cookie) bool { return c.ends.IsZero() || c.ends.After(j.clock.Now()) }

// add adds the cookies for a request to its header. Cookies that the header has remain.
func (j *jar) add(r *http.Request) {
	j.mu.Lock()
	defer j.mu.Unlock()
	pairs := r.Header["Cookie"]
	given := map[string]bool{}
	for pair := range strings.SplitSeq(strings.Join(pairs, ";"), ";") {
		name, _, _ := strings.Cut(pair, "=")
		given[strings.TrimSpace(name)] = true
	}
	for _, c := range j.cookies {
		if j.isValid(c) && !given[c.name] && matchesPath(r.URL.Path, c.path) && (!c.secure || r.TLS != nil) {
			pairs = append(pairs, c.name+"="+c.value)
		}
	}
	if len(pairs) > 0 {
		r.Header["Cookie"] = []string{strings.Join(pairs, "; ")}
	}
}

// all returns a header with all cookies, whatever their path is.
func (j *jar) all() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	var pairs []string
	for _, c := range j.cookies {
		if j.isValid(c) {
			pairs = append(pairs, c.name+"="+c.value)
		}
	}
	return strings.Join(pairs, "; ")
}

// matchesPath reports whether requests for path carry a cookie of another path.
func matchesPath(path, of string) bool {
	rest, ok := strings.CutPrefix(path, of)
	return ok && (rest == "" || strings.HasSuffix(of, "/") || rest[0] == '/')
}
