package compat_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestRotationUnderLoad goes through docs/key-rotation.md while clients log in, and
// change and check the values of their sessions, on both sides. No session may be lost,
// and no request may fail. djangosession rotate must name each step.
//
// ROTATION_CLIENTS is the number of clients, and ROTATION_SECONDS how long each stage
// lasts after its deployment.
func TestRotationUnderLoad(t *testing.T) {
	t.Parallel()
	for _, release := range releases() {
		if release < "4.2" {
			continue // there are no fallback keys, or logins do not survive them
		}
		t.Run("django-"+release, func(t *testing.T) {
			t.Parallel()
			rehearse(t, release)
		})
	}
}

// recent is how long a process counts as one that signs with the old key.
const recent = 2 * time.Second

func rehearse(t *testing.T, release string) {
	t.Helper()
	const oldKey, newKey = "the-old-key-of-the-rehearsal", "the-new-key-of-the-rehearsal"
	clients := times(t, "ROTATION_CLIENTS", 6)
	stage := time.Duration(times(t, "ROTATION_SECONDS", 1)) * time.Second
	s := newRotatingSite(t, release, 2*clients+1, oldKey)
	l := newRotationLoad(t, s, clients)
	want := func(when, step string) {
		t.Helper()
		got := s.rotate("site.json")
		t.Logf("%s: %s", when, got)
		if got != step+" 0" {
			t.Errorf("%s: the next step is %s, want %s 0", when, got, step)
		}
		l.check(when)
	}
	// Where the step depends on what processes have just signed, it may come late, and go
	// again when another process signs the same sessions.
	reach := func(when, step string, status int, file string, args ...string) {
		t.Helper()
		s.await(when, func() bool { return s.rotate(file, args...) == fmt.Sprintf("%s %d", step, status) })
		t.Logf("%s: %s %d", when, step, status)
		l.check(when)
	}
	// A session of the old key that soon ends, and that nobody clears.
	short := l.newClient(2 * clients)
	if err := short.logIn("1"); err != nil {
		t.Fatal(err)
	}
	l.start()
	time.Sleep(stage)
	want("before", "start")

	s.setKeys(oldKey, newKey)
	s.django.restart(func() {})
	s.export("new.json")
	s.deploy("new.json")
	time.Sleep(stage)
	want("all know the new key", "switch")

	s.setKeys(newKey, oldKey)
	time.Sleep(time.Second) // the signatures of the next second are newer than the settings
	s.django.restart(func() {
		time.Sleep(stage)
		reach("one worker signs with the new key", "export", 4, "site.json")
	})
	reach("Django signs with the new key", "export", 4, "site.json")
	s.export("new.json")
	time.Sleep(stage)
	reach("the services still sign with the old key", "finish_switch", 3, "new.json")
	s.deploy("new.json")
	time.Sleep(stage + recent)
	reach("all sign with the new key", "wait", 3, "site.json", "--recent", recent.String())
	if got := s.rotate("site.json", "--check"); !strings.HasSuffix(got, " 3") {
		t.Errorf("--check says that the old key can be dropped: %s", got)
	}

	l.idleReturn()
	s.await("all sessions have moved to the new key", func() bool {
		return s.rotate("site.json", "--recent", recent.String()) == "drop 0"
	})
	want("no session needs the old key", "drop")
	if got := s.rotate("site.json", "--check"); !strings.HasSuffix(got, " 0") {
		t.Errorf("--check says that the old key is needed: %s", got)
	}
	s.setKeys(newKey)
	s.django.restart(func() {})
	s.export("new.json")
	s.deploy("new.json")
	time.Sleep(stage)
	want("the old key is gone", "start")
	l.stop()
	for _, service := range []*rotatingService{s.hangup, s.watcher} {
		if n := strings.Count(service.log.String(), "level=ERROR") + strings.Count(service.log.String(), "level=WARN"); n > 0 {
			t.Errorf("a service logs %d errors and warnings:\n%.2000s", n, service.log.String())
		}
	}
}

// rotationLoad is clients that use the site all the time, and others that only come back
// at the end.
type rotationLoad struct {
	t      *testing.T
	site   *rotatingSite
	busy   []*rotationClient
	idle   []*rotationClient
	cancel context.CancelFunc
	ended  sync.WaitGroup

	mu       sync.Mutex
	failures []error
	done     int
	logins   int
}

func newRotationLoad(t *testing.T, s *rotatingSite, clients int) *rotationLoad {
	t.Helper()
	l := &rotationLoad{t: t, site: s}
	for i := range clients {
		l.busy, l.idle = append(l.busy, l.newClient(i)), append(l.idle, l.newClient(clients+i))
	}
	return l
}

// start logs all clients in, and lets the busy ones begin.
func (l *rotationLoad) start() {
	l.t.Helper()
	for _, c := range append(l.idle, l.busy...) {
		if err := c.logIn(""); err != nil {
			l.t.Fatal(err)
		}
		for range 2 {
			if err := c.addToDjango(); err != nil {
				l.t.Fatal(err)
			}
		}
	}
	ctx, cancel := context.WithCancel(l.t.Context())
	l.cancel = cancel
	l.t.Cleanup(func() { cancel(); l.ended.Wait() })
	for _, c := range l.busy {
		l.ended.Go(func() {
			for ctx.Err() == nil {
				l.report(c, c.act()) //nolint:contextcheck // what has begun is to end, so that the session is known
			}
		})
	}
}

// stop ends the load and checks all sessions for the last time.
func (l *rotationLoad) stop() {
	l.t.Helper()
	l.cancel()
	l.ended.Wait()
	for _, c := range append(l.idle, l.busy...) {
		l.report(c, errors.Join(c.lookAtDjango(), c.lookAt(l.site.hangup.url), c.lookAt(l.site.watcher.url)))
	}
	l.check("the end")
	l.t.Logf("%d actions, %d of them logins", l.done, l.logins)
}

// idleReturn lets the idle clients visit the site again, on either side.
func (l *rotationLoad) idleReturn() {
	l.t.Helper()
	for i, c := range l.idle {
		visit := c.lookAtDjango
		if i%2 == 0 {
			visit = func() error { return c.addTo(l.site.hangup.url) }
		}
		l.report(c, errors.Join(visit(), c.lookAt(l.site.watcher.url)))
	}
	l.check("the idle clients return")
}

func (l *rotationLoad) report(c *rotationClient, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.done++
	if err != nil {
		l.failures = append(l.failures, fmt.Errorf("%s at %s: %w", c.user, time.Now().Format("15:04:05"), err))
	}
}

// check reports failures since the last one.
func (l *rotationLoad) check(when string) {
	l.t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	if n := len(l.failures); n > 0 {
		l.t.Errorf("%s: %d of %d actions have failed, first: %v", when, n, l.done, errors.Join(l.failures[:min(n, 5)]...))
	}
	l.failures = nil
}

// rotationClient is a browser with a session.
type rotationClient struct {
	http.Client

	load *rotationLoad
	user string
	tea  int // in the cart
}

func (l *rotationLoad) newClient(i int) *rotationClient {
	c := &rotationClient{load: l, user: fmt.Sprintf("user%d", i)}
	c.Timeout = time.Minute
	c.Transport = &http.Transport{DisableKeepAlives: true} // gunicorn closes connections anyway
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return c
}

// act does something at random.
func (c *rotationClient) act() error {
	services := []string{c.load.site.hangup.url, c.load.site.watcher.url}
	service := services[rand.IntN(len(services))]
	switch rand.IntN(10) {
	case 0:
		return c.logIn("")
	case 1, 2, 3:
		return c.addToDjango()
	case 4, 5:
		return c.addTo(service)
	case 6, 7:
		return c.lookAtDjango()
	}
	return c.lookAt(service)
}

// send sends a form, or asks for a page without one.
func (c *rotationClient) send(address string, form url.Values) (status int, body []byte, err error) {
	method, content := http.MethodGet, io.Reader(http.NoBody)
	if form != nil {
		method, content = http.MethodPost, strings.NewReader(form.Encode())
	}
	r, err := http.NewRequestWithContext(context.WithoutCancel(c.load.t.Context()), method, address, content)
	if err != nil {
		return 0, nil, err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, err := c.Do(r)
	if err != nil {
		return 0, nil, err
	}
	body, err = io.ReadAll(response.Body)
	return response.StatusCode, body, errors.Join(err, response.Body.Close())
}

// logIn ends the session and begins another.
func (c *rotationClient) logIn(seconds string) error {
	if c.Jar == nil {
		jar, err := cookiejar.New(nil)
		if err != nil {
			return err
		}
		c.Jar = jar
	}
	c.tea = 0
	c.load.mu.Lock()
	c.load.logins++
	c.load.mu.Unlock()
	form := url.Values{"username": {c.user}}
	if seconds != "" {
		form.Set("seconds", seconds)
	}
	return c.django("/login/", form)
}

func (c *rotationClient) addToDjango() error {
	c.tea++
	return c.django("/add/", url.Values{})
}

func (c *rotationClient) lookAtDjango() error { return c.django("/show/", nil) }

// django compares what Django shows with what has to be in the session.
func (c *rotationClient) django(path string, form url.Values) error {
	status, body, err := c.send(c.load.site.django.url+path, form)
	if err != nil {
		return fmt.Errorf("Django, %s: %w", path, err)
	}
	var shown struct {
		User string `json:"user"`
		Tea  int    `json:"tea"`
	}
	if err := json.Unmarshal(body, &shown); err != nil || status != http.StatusOK || shown.User != c.user || shown.Tea != c.tea {
		return fmt.Errorf("Django, %s: status %d, shows %+v, want %q with %d", path, status, shown, c.user, c.tea)
	}
	return nil
}

var teaInCart = regexp.MustCompile(`<li>tea: (\d+)`)

// page compares what a Go service shows with what has to be in the session.
func (c *rotationClient) page(service string) (body []byte, err error) {
	status, body, err := c.send(service+"/", nil)
	if err != nil {
		return nil, fmt.Errorf("Go: %w", err)
	}
	tea := 0
	if found := teaInCart.FindSubmatch(body); found != nil {
		tea, _ = strconv.Atoi(string(found[1]))
	}
	if status != http.StatusOK || !strings.Contains(string(body), "Hello, "+c.user+"\n") || tea != c.tea {
		return nil, fmt.Errorf("Go: status %d, shows %.200q, want %q with %d", status, body, c.user, c.tea)
	}
	return body, nil
}

func (c *rotationClient) lookAt(service string) error {
	_, err := c.page(service)
	return err
}

var formToken = regexp.MustCompile(`name="csrfmiddlewaretoken" value="(\w+)"`)

func (c *rotationClient) addTo(service string) error {
	body, err := c.page(service)
	if err != nil {
		return err
	}
	token := formToken.FindSubmatch(body)
	if token == nil {
		return errors.New("Go: the page has no form")
	}
	status, _, err := c.send(service+"/cart", url.Values{"item": {"tea"}, "csrfmiddlewaretoken": {string(token[1])}})
	if err != nil || status != http.StatusSeeOther {
		return fmt.Errorf("Go: a form: status %d: %w", status, err)
	}
	c.tea++
	return c.lookAt(service)
}
