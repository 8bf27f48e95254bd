package compat_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"
)

// switchingCrowd is the visitors of a switchingSite.
type switchingCrowd struct {
	t       *testing.T
	site    *switchingSite
	careful []*visitor // they make one request at a time
	hurried []*visitor // their requests overlap
	idle    []*visitor // they come back in each stage
	cancel  context.CancelFunc
	ended   sync.WaitGroup

	mu     sync.Mutex
	stages []*switchingStage
}

// switchingStage is a time in which the site uses one engine, or changes to another.
type switchingStage struct {
	name   string
	engine string // of all workers; empty during a change
	began  time.Time

	actions int
	rounds  int            // of overlapping requests
	engines map[string]int // the number of actions of each engine in Django
	undone  int            // the number of changes that overlapping requests have undone
	faults  []error
}

func newCrowd(t *testing.T, s *switchingSite, careful, hurried int) *switchingCrowd {
	t.Helper()
	c := &switchingCrowd{t: t, site: s}
	for range careful {
		c.careful = append(c.careful, c.newVisitor())
	}
	for range hurried {
		c.hurried = append(c.hurried, c.newVisitor())
	}
	return c
}

// start lets the visitors begin. stop must follow.
func (c *switchingCrowd) start() {
	ctx, cancel := context.WithCancel(c.t.Context())
	c.cancel = cancel
	c.t.Cleanup(func() { cancel(); c.ended.Wait() })
	c.enter(&switchingStage{name: "the start"})
	for _, v := range c.careful {
		c.ended.Go(func() {
			v.logIn() //nolint:contextcheck // an action that has begun must end, so that its effect is known
			for ctx.Err() == nil {
				v.act() //nolint:contextcheck // likewise
			}
		})
	}
	for _, v := range c.hurried {
		c.ended.Go(func() {
			v.logIn() //nolint:contextcheck // an action that has begun must end, so that its effect is known
			for ctx.Err() == nil {
				v.overlap() //nolint:contextcheck // likewise
			}
		})
	}
}

func (c *switchingCrowd) enter(s *switchingStage) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s.engines, s.began = map[string]int{}, time.Now()
	c.stages = append(c.stages, s)
}

// stage begins a stage. Visitors of earlier ones come back if the engine is known, and
// new visitors arrive who come back later.
func (c *switchingCrowd) stage(name, engine string) {
	c.t.Helper()
	c.enter(&switchingStage{name: name, engine: engine})
	if engine == "" {
		return
	}
	for i, v := range c.idle {
		v.show(i)
		v.add(i + 1)
		v.show(i + 2)
	}
	for range 3 {
		v := c.newVisitor()
		v.logIn()
		v.add(0)
		v.add(1)
		c.idle = append(c.idle, v)
	}
}

// now returns the current stage. The caller holds c.mu.
func (c *switchingCrowd) now() *switchingStage { return c.stages[len(c.stages)-1] }

func (c *switchingCrowd) current() *switchingStage {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now()
}

// await waits for a number of further actions in this stage. With Django's engine it also
// waits until overlapping requests have undone something.
func (c *switchingCrowd) await(actions int) {
	c.t.Helper()
	count := func() (actions, rounds int, met bool) {
		c.mu.Lock()
		defer c.mu.Unlock()
		s := c.now()
		return s.actions, s.rounds, s.undone > 0 || s.engine != c.site.kind.stock()
	}
	before, beforeRounds, _ := count()
	c.site.await(fmt.Sprintf("%d actions in a stage, and a change undone by Django's engine", actions), func() bool {
		now, rounds, met := count()
		return now >= before+actions && rounds >= beforeRounds+3 && met
	})
}

// stop ends the visits, and reports each stage.
func (c *switchingCrowd) stop() {
	c.t.Helper()
	c.cancel()
	c.ended.Wait()
	for _, v := range append(c.careful, c.idle...) {
		for side := range 3 {
			v.show(side)
		}
	}
	total, rounds, faults, undone := 0, 0, 0, 0
	for _, s := range c.stages {
		total, rounds, faults, undone = total+s.actions, rounds+s.rounds, faults+len(s.faults), undone+s.undone
		c.t.Logf("%s, %s: %d actions, in Django by %v, %d faults; %d rounds of overlapping requests, %d changes undone",
			s.began.Format(time.TimeOnly), s.name, s.actions, s.engines, len(s.faults), s.rounds, s.undone)
		if err := errors.Join(s.faults[:min(len(s.faults), 5)]...); err != nil {
			c.t.Errorf("%s: %d faults, first: %v", s.name, len(s.faults), err)
		}
		if s.engine == "" {
			continue
		}
		if s.engines[s.engine] == 0 || len(s.engines) != 1 {
			c.t.Errorf("%s: Django's answers come from %v", s.name, s.engines)
		}
		if merging := s.engine == c.site.kind.merging(); merging && s.undone > 0 {
			c.t.Errorf("%s: overlapping requests have undone %d changes", s.name, s.undone)
		} else if !merging && s.undone == 0 {
			c.t.Errorf("%s: Django's engine has undone nothing: the requests do not overlap", s.name)
		}
	}
	c.t.Logf("%d actions, %d faults; %d rounds of overlapping requests, %d changes undone", total, faults, rounds, undone)
}

// visitor is a browser with a session.
type visitor struct {
	http.Client

	crowd   *switchingCrowd
	name    string
	user    string         // the key of the user who is logged in
	numbers map[string]int // what the session must contain
	last    *switchingStage
}

// newVisitor makes a visitor. Only the goroutine of the test calls it.
func (c *switchingCrowd) newVisitor() *visitor {
	jar, err := cookiejar.New(nil)
	if err != nil {
		c.t.Fatal(err)
	}
	v := &visitor{crowd: c, name: fmt.Sprintf("visitor%d", len(c.careful)+len(c.hurried)+len(c.idle))}
	v.Timeout, v.Jar = time.Minute, jar
	v.Transport = &http.Transport{DisableKeepAlives: true} // gunicorn closes connections anyway
	return v
}

// shownSession is an answer of either side.
type shownSession struct {
	User    string         `json:"user"`
	Numbers map[string]int `json:"numbers"`
	Engine  string         `json:"engine"` // only of Django
}

// send posts a form to a side: Django, or one of the services.
func (v *visitor) send(side int, path string, form url.Values) (s shownSession, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("%s, side %d, %s: %w", v.name, side, path, err)
		}
	}()
	before := v.crowd.current()
	address := v.crowd.site.address(side) + path
	r, err := http.NewRequestWithContext(context.WithoutCancel(v.crowd.t.Context()), http.MethodPost, address, strings.NewReader(form.Encode()))
	if err != nil {
		return s, err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, err := v.Do(r)
	if err != nil {
		return s, err
	}
	body, err := io.ReadAll(response.Body)
	if err := errors.Join(err, response.Body.Close()); err != nil {
		return s, err
	}
	if response.StatusCode != http.StatusOK {
		return s, fmt.Errorf("status %d: %.200s", response.StatusCode, body)
	}
	if err := json.Unmarshal(body, &s); err != nil {
		return s, err
	}
	v.crowd.mu.Lock()
	defer v.crowd.mu.Unlock()
	if now := v.crowd.now(); now == before {
		now.actions++
		if side == 0 {
			now.engines[s.Engine]++
		}
	}
	return s, nil
}

// fault reports an error in the current stage.
func (v *visitor) fault(err error) {
	v.crowd.mu.Lock()
	defer v.crowd.mu.Unlock()
	v.crowd.now().faults = append(v.crowd.now().faults, err)
}

// check sends a form, and compares the answer with what the session must contain.
func (v *visitor) check(side int, path string, form url.Values) {
	s, err := v.send(side, path, form)
	if err != nil {
		v.fault(err)
		return
	}
	if v.user == "" && path == "/login/" {
		v.user = s.User
	}
	if s.User != v.user || s.User == "" {
		v.fault(fmt.Errorf("%s, side %d, %s: the user is %q instead of %q", v.name, side, path, s.User, v.user))
	}
	if !maps.Equal(s.Numbers, v.numbers) {
		v.fault(fmt.Errorf("%s, side %d, %s: the session has %v instead of %v", v.name, side, path, s.Numbers, v.numbers))
		v.numbers = s.Numbers
	}
}

func (v *visitor) logIn() {
	v.user, v.numbers = "", map[string]int{}
	v.check(0, "/login/", url.Values{"user": {v.name}})
}

func (v *visitor) show(side int) { v.check(side%3, "/show/", nil) }

func (v *visitor) add(side int) {
	name := string("abcdef"[rand.IntN(6)])
	v.numbers[name]++
	v.check(side%3, "/add/", url.Values{"name": {name}})
}

// act does something at random.
func (v *visitor) act() {
	side := []int{0, 0, 1, 2}[rand.IntN(4)]
	switch rand.IntN(16) {
	case 0:
		if _, err := v.send(side, "/logout/", nil); err != nil {
			v.fault(err)
		}
		v.logIn()
	case 1:
		v.check(side, "/cycle/", nil)
	case 2:
		name := string("abcdef"[rand.IntN(6)])
		delete(v.numbers, name)
		v.check(side, "/drop/", url.Values{"name": {name}})
	case 3, 4, 5, 6:
		v.show(side)
	default:
		v.add(side)
	}
}

// overlap changes a number in Django, and another one in Go in the meantime.
func (v *visitor) overlap() {
	before, answered := v.crowd.current(), make(chan struct{})
	var django error
	go func() {
		defer close(answered)
		_, django = v.send(0, "/add/", url.Values{"name": {"django"}, "wait": {"0.05"}})
	}()
	v.numbers["django"]++
	for running := true; running; {
		if _, err := v.send(1+rand.IntN(2), "/add/", url.Values{"name": {"go"}}); err != nil {
			v.fault(err)
		}
		v.numbers["go"]++
		select {
		case <-answered:
			running = false
		case <-time.After(5 * time.Millisecond):
		}
	}
	if django != nil {
		v.fault(django)
	}
	s, err := v.send(rand.IntN(3), "/show/", nil)
	if err != nil {
		v.fault(err)
		return
	}
	if s.User != v.user {
		v.fault(fmt.Errorf("%s: the user is %q instead of %q", v.name, s.User, v.user))
	}
	undone := 0
	for name, want := range v.numbers {
		undone += max(want-s.Numbers[name], s.Numbers[name]-want)
	}
	v.numbers = s.Numbers
	v.crowd.mu.Lock()
	defer v.crowd.mu.Unlock()
	now := v.crowd.now()
	// The first round in a stage may find what the last one of the stage before has left:
	// in "cached_db", a copy that differs from the row.
	if now == before && v.last == before {
		now.rounds++
		now.undone += undone
	}
	v.last = now
}
