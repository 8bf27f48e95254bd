package compat_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// proxySequence makes random requests, most of which lead somewhere.
type proxySequence struct{ csrfRandom }

// next is one request.
func (r proxySequence) next() proxyRequest {
	q := r.request()
	if r.chance(25) {
		separator := "?"
		if strings.Contains(q.path, "?") {
			separator = "&"
		}
		q.path += separator + "look=1"
	}
	// Go deletes a cookie that cannot be a key, as Django does, unless the view put
	// something into the session. Go does not know about that if the response is an
	// error, because Django sets no cookie then.
	if r.chance(4) && !strings.Contains(q.path, "/boom/") {
		q.cookie = pick(r.csrfRandom, "short", "unknownunknownunknownunknown1234", `"quo\054ted"`)
	}
	return q
}

func (r proxySequence) request() proxyRequest {
	get := func(paths ...string) proxyRequest {
		return proxyRequest{method: "GET", path: pick(r.csrfRandom, paths...)}
	}
	switch r.IntN(12) {
	case 0, 1:
		return get("/page/", "/page/", "/cart/", "/bare/", "/admin/", "/admin/login/", "/admin/proxy_shop/note/add/", "/nowhere/", "/page")
	case 2:
		return get("/session/flush/", "/session/cycle/", "/session/rotate/", "/session/close/", "/session/hour/", "/session/clear/", "/session/boom/",
			"/session/missing/", "/session/teapot/")
	case 3, 4:
		return r.form("/login/", map[string]string{"username": pick(r.csrfRandom, "ada", "ada", "bob", "eve"), "password": pick(r.csrfRandom, "pw", "pw", "pw", "wrong")})
	case 5:
		return r.form("/logout/", pick(r.csrfRandom, nil, map[string]string{"page": "1"}))
	case 6, 7:
		return r.form("/cart/", map[string]string{"item": pick(r.csrfRandom, "tea", "caf\u00e9", "", strings.Repeat("x", 300))})
	case 8:
		return r.form("/password/", pick(r.csrfRandom, map[string]string{"new": "pw"}, map[string]string{"new": "pw", "keep": "1"}))
	case 9:
		return r.upload("/upload/", "file")
	case 10:
		q := r.upload("/admin/proxy_shop/note/add/", "file")
		return q
	default:
		q := proxyRequest{method: pick(r.csrfRandom, "PUT", "DELETE", "PATCH", "POST"), path: "/upload/", body: "{}", contentType: "application/json", header: "TOKEN"}
		if q.method == "POST" {
			q.path, q.header = "/hook/", ""
		}
		return q
	}
}

// form is a form of either kind, with its token in one of the places, or without.
func (r proxySequence) form(path string, fields map[string]string) proxyRequest {
	q := proxyRequest{method: "POST", path: path, contentType: "application/x-www-form-urlencoded"}
	token := pick(r.csrfRandom, "TOKEN", "TOKEN", "TOKEN", "TOKEN", "TOKEN", "TOKEN", "wrong", "", "header")
	if token == "header" {
		token, q.header = "", pick(r.csrfRandom, "TOKEN", "TOKEN", "wrong")
	}
	if r.chance(30) {
		return r.parts(q, token, fields, "", 0)
	}
	pairs := []string{}
	if token != "" {
		pairs = append(pairs, "csrfmiddlewaretoken="+token)
	}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		pairs = append(pairs, name+"="+url.QueryEscape(fields[name]))
	}
	if r.chance(5) {
		pairs = append(pairs, strings.Repeat("a=b&", 40))
	}
	q.body = strings.Join(pairs, "&")
	return q
}

// upload is a form with a file, of the admin or our own.
func (r proxySequence) upload(path, name string) proxyRequest {
	q := proxyRequest{method: "POST", path: path}
	fields := map[string]string{"title": pick(r.csrfRandom, "one", "two", "", strings.Repeat("t", 50))}
	size := pick(r.csrfRandom, 0, 1, 100, 1000, 70_000)
	if r.chance(5) {
		size = 3 << 20 // more than is kept in memory
	}
	return r.parts(q, pick(r.csrfRandom, "TOKEN", "TOKEN", "TOKEN", "TOKEN", "TOKEN", "", "wrong"), fields, name, size)
}

func (r proxySequence) parts(q proxyRequest, token string, fields map[string]string, file string, size int) proxyRequest {
	const boundary = "----WebKitFormBoundary7MA4YWxk"
	q.contentType = "multipart/form-data; boundary=" + boundary
	var list []string
	part := func(header, value string) {
		list = append(list, "--"+boundary+"\r\nContent-Disposition: form-data; "+header+"\r\n\r\n"+value+"\r\n")
	}
	if token != "" {
		part(`name="csrfmiddlewaretoken"`, token)
	}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		part(`name="`+name+`"`, fields[name])
	}
	if file != "" {
		part(`name="`+file+`"; filename="a.txt"`, strings.Repeat("0123456789", size/10)+"end")
	}
	if r.chance(5) {
		for range 40 {
			part(`name="more"`, "1")
		}
	}
	if r.chance(10) {
		r.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	}
	q.body = strings.Join(list, "") + "--" + boundary + pick(r.csrfRandom, "--\r\n", "--\r\n", "--\r\n", "--\r\n", "--", "")
	return q
}

// proxySettings are the kinds of sites that are compared.
func proxySettings() map[string]map[string]any {
	kinds := map[string]map[string]any{
		"defaults":      {},
		"every request": {"SESSION_SAVE_EVERY_REQUEST": true},
		"csrf in the session": {
			"CSRF_USE_SESSIONS": true, "SESSION_SAVE_EVERY_REQUEST": true, "SESSION_EXPIRE_AT_BROWSER_CLOSE": true,
		},
	}
	for _, settings := range kinds {
		settings["DATA_UPLOAD_MAX_NUMBER_FIELDS"] = 20
	}
	return kinds
}

// TestDjangoBehindTheChain sends random sequences of requests to a Django, and the same
// ones to another behind a reverse proxy inside the Go chain. Status, cookies, Vary and
// rows are the same after each request.
func TestDjangoBehindTheChain(t *testing.T) {
	t.Parallel()
	sequences := proxySequences(t)
	seed := uint64(11)
	if text := os.Getenv("DJANGOBRIDGE_PROXY_SEED"); text != "" {
		n, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		seed = n
	}
	for _, release := range releases() {
		for kind, settings := range proxySettings() {
			t.Run(release+"/"+kind, func(t *testing.T) {
				t.Parallel()
				direct, through := newProxySite(t, release, settings, false), newProxySite(t, release, settings, true)
				began, requests := time.Now(), 0
				seen := map[string]int{}
				for i := range sequences {
					r := proxySequence{csrfRandom{Rand: rand.New(rand.NewPCG(seed, uint64(i)))}}
					requests += compareSequence(t, r, direct, through, seen)
					if t.Failed() {
						t.Fatalf("seed %d, sequence %d", seed, i)
					}
				}
				t.Logf("%d sequences with %d requests to each took %v: %v", sequences, requests, time.Since(began), seen)
				if seen["200 GET"] == 0 || seen["302 POST"] == 0 || seen["403 POST"] == 0 {
					t.Errorf("the requests were answered with %v", seen)
				}
			})
		}
	}
}

// compareSequence makes a sequence and returns the number of its requests.
func compareSequence(t *testing.T, r proxySequence, direct, through *proxySite, seen map[string]int) int {
	t.Helper()
	direct.tell(t, "/__reset__")
	through.tell(t, "/__reset__")
	a := &proxyBrowser{site: direct, cookies: map[string]string{}, names: &proxyNames{known: map[string]string{}}}
	b := &proxyBrowser{site: through, cookies: map[string]string{}, names: &proxyNames{known: map[string]string{}}}
	n := 4 + r.IntN(10)
	history := []string{}
	var waiting *proxyRequest
	for i := range n {
		q := r.next()
		if waiting != nil {
			q, waiting = *waiting, nil
		} else if q.method == "POST" && r.chance(70) { // people send the form of a page
			waiting = new(q)
			q = proxyRequest{method: "GET", path: "/page/"}
		}
		if i == 0 { // where people begin
			q = proxyRequest{method: "GET", path: pick(r.csrfRandom, "/page/", "/admin/login/", "/cart/")}
		}
		what := "/__state__"
		if r.chance(20) {
			what = "/__age__?3600"
		}
		want, got := a.send(t, q), b.send(t, q)
		want += "\nrows " + a.rows(direct.tell(t, what))
		got += "\nrows " + b.rows(through.tell(t, what))
		history = append(history, fmt.Sprintf("%s %s %s header %q cookie %q %.400q", q.method, q.path, q.contentType, q.header, q.cookie, q.body))
		seen[strings.TrimPrefix(want[:len("status 200")], "status ")+" "+q.method]++
		if got != want {
			t.Errorf("%s\nDjango:\n%s\nbehind Go:\n%s", strings.Join(history, "\n"), want, got)
			return i
		}
		if errs := through.reported(); errs != nil {
			t.Errorf("%s\nreported: %v", strings.Join(history, "\n"), errs)
			return i
		}
	}
	return n
}
