package compat_test

import (
	"bytes"
	"context"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// patience is how long a page may take. A busy machine needs longer than people would
// wait.
const patience = time.Minute

// startBrowser starts a Chromium without a window, which ends with the test. A missing
// Chromium is installed, or the test fails.
func startBrowser(t *testing.T) context.Context {
	t.Helper()
	var stderr bytes.Buffer
	script := exec.CommandContext(t.Context(), filepath.Join("env", "browser"))
	script.Stderr = &stderr
	out, err := script.Output()
	if err != nil {
		t.Fatalf("no browser: %v\n%s", err, stderr.String())
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(lines[len(lines)-1]),
		chromedp.UserDataDir(t.TempDir()), chromedp.WindowSize(1080, 800))
	if os.Geteuid() == 0 { // Chromium's sandbox does not work for root
		options = append(options, chromedp.NoSandbox)
	}
	// Not the test's context, whose end would kill the browser in the middle of a page.
	allocator, release := chromedp.NewExecAllocator(context.WithoutCancel(t.Context()), options...)
	browser, closeBrowser := chromedp.NewContext(allocator)
	t.Cleanup(func() {
		if err := chromedp.Cancel(browser); err != nil {
			t.Error(err)
		}
		closeBrowser()
		release()
	})
	if err := chromedp.Do(browser); err != nil { // starts it
		t.Fatal(err)
	}
	return browser
}

// tab is a tab of a browser. Every problem in it fails the test, including messages on
// its console.
type tab struct {
	*website
	ctx     context.Context //nolint:containedctx // as in example
	mu      sync.Mutex
	forgive string // complaints that contain this are expected
}

// visit opens a browser of its own, which knows no cookies.
func (s *website) visit() *tab {
	s.t.Helper()
	return s.newTab(s.browser, chromedp.WithNewBrowserContext())
}

// another opens a second tab in the same browser.
func (p *tab) another() *tab {
	p.t.Helper()
	return p.newTab(p.ctx)
}

func (s *website) newTab(parent context.Context, options ...chromedp.ContextOption) *tab {
	s.t.Helper()
	ctx, end := chromedp.NewContext(parent, options...)
	p := &tab{website: s, ctx: ctx}
	if err := chromedp.Do(ctx); err != nil { // opens it
		s.t.Fatal(err)
	}
	messages := chromedp.Console(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for m, err := range messages {
			if err != nil {
				return
			}
			p.hear(m)
		}
	}()
	s.t.Cleanup(func() { end(); <-done })
	s.tabs = append(s.tabs, p)
	return p
}

// hear records a message of the console.
func (p *tab) hear(m chromedp.ConsoleMessage) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if m.Type != chromedp.ConsoleError && m.Type != chromedp.ConsoleException && m.Type != chromedp.ConsoleWarning {
		return
	}
	if p.forgive == "" || !strings.Contains(m.Text, p.forgive) {
		p.t.Errorf("the console says %q at %s", m.Text, m.URL)
	}
}

// expectComplaints forgives what the console says with this text in it.
func (p *tab) expectComplaints(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.forgive = text
}

// perform does something in a tab.
func perform[T any](p *tab, what string, action chromedp.Action[T]) T {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	v, err := chromedp.Run(ctx, action)
	if err != nil {
		p.t.Fatalf("%s: %v\n%s", what, err, p.look())
	}
	return v
}

// attempt is perform on a page that may be changing, and reports whether it could be done.
func attempt[T any](p *tab, action chromedp.Action[T]) (v T, done bool) {
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	v, err := chromedp.Run(ctx, action)
	return v, err == nil
}

// allText is an expression for the text of a page, also of one that is not there yet.
const allText = "document.body ? document.body.innerText : ''"

// look describes the page that the tab shows, and what the example has said.
func (p *tab) look() string {
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	text, err := chromedp.Run(ctx, chromedp.Evaluate[string]("location.href + '\\n' + ("+allText+")"))
	return fmt.Sprint(text, err, "\n", p.output.String())
}

// frame waits until the page has a frame that shows something, and returns that frame.
func (p *tab) frame() *cdp.Frame {
	p.t.Helper()
	for began := time.Now(); time.Since(began) < patience; time.Sleep(20 * time.Millisecond) {
		all, err := chromedp.Call(p.ctx, page.GetFrameTree, cdp.Empty{})
		if err != nil {
			p.t.Fatal(err)
		}
		for _, child := range all.FrameTree.ChildFrames {
			if child.Frame.URL != "" && child.Frame.URL != "about:blank" {
				return child.Frame
			}
		}
	}
	p.t.Fatalf("no frame shows anything\n%s", p.look())
	return nil
}

// open goes to a page, which has to be there.
func (p *tab) open(path string) {
	p.t.Helper()
	p.follow("open "+path, chromedp.Navigate(p.url+path), 200)
}

// openFor is open for a page of this status.
func (p *tab) openFor(path string, status int64) {
	p.t.Helper()
	p.follow("open "+path, chromedp.Navigate(p.url+path), status)
}

// press clicks on something that leads to another page, which has to be there.
func (p *tab) press(selector string) {
	p.t.Helper()
	p.pressFor(selector, 200)
}

// pressFor is press for a page of this status.
func (p *tab) pressFor(selector string, status int64) {
	p.t.Helper()
	p.follow("press "+selector, chromedp.Click(chromedp.CSS(selector)), status)
}

func (p *tab) follow(what string, step chromedp.Action[chromedp.Void], status int64) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	response, err := chromedp.RunResponse(ctx, step)
	if err != nil {
		p.t.Fatalf("%s: %v\n%s", what, err, p.look())
	}
	if response.Status != status {
		p.t.Fatalf("%s: status %d, want %d\n%s", what, response.Status, status, p.look())
	}
}

// fill types into fields: names, and after each what to type.
func (p *tab) fill(fields ...string) {
	p.t.Helper()
	for i := 0; i < len(fields); i += 2 {
		field := chromedp.CSS(fmt.Sprintf("main [name=%s]", fields[i]))
		// Not SendKeys, which reads the field's attributes while they may be changing.
		perform(p, "fill "+fields[i], chromedp.Steps(
			chromedp.Clear(field), chromedp.Focus(field, chromedp.NodeVisible), chromedp.KeyEvent(fields[i+1])))
	}
}

// has reports whether the page contains an element.
func (p *tab) has(selector string) bool {
	p.t.Helper()
	return perform(p, "look for "+selector, chromedp.Evaluate[bool](fmt.Sprintf("document.querySelector(%q) !== null", selector)))
}

// text is the text of an element on the page.
func (p *tab) text(selector string) string {
	p.t.Helper()
	return strings.TrimSpace(perform(p, "read "+selector, chromedp.Text(chromedp.CSS(selector))))
}

// path is where the browser is.
func (p *tab) path() string {
	p.t.Helper()
	u, err := url.Parse(perform(p, "location", chromedp.Location()))
	if err != nil {
		p.t.Fatal(err)
	}
	return u.RequestURI()
}

// isAt fails the test unless the tab shows this page, and this backend has served it.
func (p *tab) isAt(path, backend string) {
	p.t.Helper()
	if got := p.path(); got != path {
		p.t.Fatalf("the browser is at %s, not at %s", got, path)
	}
	if got := p.text("#backend"); got != "Served by "+backend {
		p.t.Fatalf("%s is %q, want it from %s", path, got, backend)
	}
}

// knows fails the test unless both backends see this user; "" means no user.
func (p *tab) knows(user string) {
	p.t.Helper()
	for path, backend := range map[string]string{"/": "Django", "/cart/": "Go"} {
		p.open(path)
		p.isAt(path, backend)
		p.pageKnows(user)
	}
}

// pageKnows fails the test unless the page that is shown takes the visitor for this user.
func (p *tab) pageKnows(user string) {
	p.t.Helper()
	who := p.text("#who")
	loggedIn := strings.Contains(who, "Log out")
	if loggedIn != (user != "") || !strings.Contains(who, user) || loggedIn == strings.Contains(who, "Log in") {
		p.t.Fatalf("%s says %q, want it to know %q", p.path(), who, user)
	}
}

// loginAtDjango logs ada in on Django's page.
func (p *tab) loginAtDjango() {
	p.t.Helper()
	p.open("/login/")
	p.isAt("/login/", "Django")
	p.fill("username", "ada", "password", p.password)
	p.press("main button")
	p.isAt("/", "Django")
}

// loginAtGo logs in on Go's page.
func (p *tab) loginAtGo(user string) {
	p.t.Helper()
	p.open("/go/login/")
	p.isAt("/go/login/", "Go")
	p.fill("username", user, "password", p.password)
	p.press("main button")
	p.isAt("/account/", "Go")
}
