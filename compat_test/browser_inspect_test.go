package compat_test

import (
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// TestInspect looks at hostile sessions in a browser, on every database.
func TestInspect(t *testing.T) {
	t.Parallel()
	e := &example{program: buildTool(t), browser: startBrowser(t)}
	for _, product := range databases() {
		t.Run(product, func(t *testing.T) {
			t.Parallel()
			f := newHostileSite(t, product)
			i := e.inspect(t, f.front, "--write")
			showHostileSessions(t, i, f)
			walkWithTheKeyboard(t, i)
			attackInspect(t, i, f)
			actOnInspect(t, i, f)
			if memory := i.memory(); memory > 700<<20 {
				t.Errorf("the program used %d MiB", memory>>20)
			} else {
				t.Logf("%s: at most %d MiB", product, memory>>20)
			}
		})
	}
}

// check fails the test if a script ran, or if the page is huge or too wide for a phone.
func (i *inspection) check(what string) {
	i.t.Helper()
	if perform(i.tab, "look", chromedp.Evaluate[bool]("window.hacked !== undefined || document.scripts.length > 0 || document.images.length > 0")) {
		i.t.Errorf("%s: a script ran", what)
	}
	if size := perform(i.tab, "measure", chromedp.Evaluate[int]("document.documentElement.outerHTML.length")); size > 1<<20 {
		i.t.Errorf("%s: %d characters of HTML", what, size)
	}
	for _, width := range []int64{320, 960} {
		perform(i.tab, "resize", chromedp.EmulateViewport(width, 900))
		if got := perform(i.tab, "measure", chromedp.Evaluate[int64]("document.documentElement.scrollWidth")); got > width {
			i.t.Errorf("%s: %d pixels wide on a screen of %d", what, got, width)
		}
	}
	if unnamed := i.strings("Array.from(document.querySelectorAll('input:not([type=hidden]), select, svg[role=img], nav, [role=region]'))" +
		".filter(e => !(e.labels && e.labels.length) && !e.getAttribute('aria-label') && !(e.getAttribute('aria-labelledby') || '')" +
		".split(' ').every(id => id && document.getElementById(id))).map(e => e.outerHTML.slice(0, 100))"); len(unnamed) > 0 {
		i.t.Errorf("%s: elements without a name: %q", what, unnamed)
	}
}

func showHostileSessions(t *testing.T, i *inspection, f *hostileSite) {
	t.Helper()
	i.check("overview")
	if text := i.shown(); !strings.Contains(text, "All 21 sessions were read") {
		t.Errorf("the overview says\n%s", text)
	}
	for _, page := range []string{"/sessions", "/users"} {
		i.open(page)
		i.check(page)
	}
	i.open("/sessions")
	pages := i.links()
	if len(pages) != 21 {
		t.Errorf("%d sessions are listed", len(pages))
	}
	var all strings.Builder
	for _, page := range pages {
		start := time.Now()
		i.open(page)
		took := time.Since(start)
		i.check("session")
		text := i.shown()
		fmt.Fprintf(&all, "%s\n", text)
		if took > 40*time.Second { // a busy machine needs longer than people would wait
			t.Errorf("a session took %v\n%.300s", took, text)
		}
		for name, key := range f.Keys {
			if strings.Contains(text, key) || strings.Contains(page, key) {
				t.Errorf("the key of %q is shown", name)
			}
		}
	}
	for _, want := range []string{
		"'<script>window.hacked=1</script>", "cut, 16,776,192 characters in all", `b'\x00\x01\x02`, "the same value as one that contains it",
		"object of shop.things.Thing", `'\ud800'`, `'\udc00\ud800'`, `'\u202eevil'`, `abc\u202e\u2066txt.exe\u200b`, "not shown: too deep",
		"500 items, of which 100 are shown", "a number of 16,610 bits", "inf", "hidden, 19 characters",
		"None of the keys and salts tried made this signature", "SECRET_KEY_FALLBACKS[0]", "This session has expired",
		"<b onclick=alert(1)>mallory (id ",
	} {
		if !strings.Contains(all.String(), want) {
			t.Errorf("no page shows %q", want)
		}
	}
	for _, secret := range []string{"hash-that-is-hidden", "the-key-of-last-year", i.token} {
		if strings.Contains(all.String(), secret) {
			t.Errorf("the secret %q is shown", secret)
		}
	}
}

// walkWithTheKeyboard follows the link that skips the header, and searches for a user.
func walkWithTheKeyboard(t *testing.T, i *inspection) {
	t.Helper()
	i.open("/users")
	press := func(keys string) { perform(i.tab, "press a key", chromedp.KeyEvent(keys)) }
	focus := func() string {
		return perform(i.tab, "focus", chromedp.Evaluate[string]("document.activeElement.id || document.activeElement.textContent"))
	}
	press(kb.Tab)
	if got := focus(); got != "Skip to the content" {
		t.Errorf("the first element is %q", got)
	}
	press(kb.Enter)
	press(kb.Tab)
	if got := focus(); got != "text" {
		t.Errorf("after skipping, the keyboard is at %q", got)
	}
	press("ada")
	i.follow("search", chromedp.KeyEvent(kb.Enter), 200)
	if text := i.shown(); !strings.Contains(text, "2 sessions of this user") {
		t.Errorf("the search shows\n%s", text)
	}
}

// attackInspect lets another page of the same browser try to use this one. It knows the
// address, the CSRF token and a confirmation, which it cannot really know.
func attackInspect(t *testing.T, i *inspection, f *hostileSite) {
	t.Helper()
	i.open("/")
	i.press("form[action$='/clear'] button")
	value := func(name string) string {
		return perform(i.tab, "read", chromedp.Evaluate[string]("document.querySelector('main form [name="+name+"]').value"))
	}
	csrf, confirm := value("csrf"), value("confirm")
	var mu sync.Mutex
	var cookies []string
	page := ""
	attacker := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		cookies = append(cookies, r.Header.Get("Cookie"))
		w.Header().Set("Content-Type", "text/html")
		_, _ = fmt.Fprint(w, page) // the browser reads it
	}))
	t.Cleanup(attacker.Close)
	other := i.another()
	other.expectComplaints("e") // of refused requests and frames, in any words
	form := fmt.Sprintf("<form id=f method=post action='%s/clear'><input name=csrf value='%s'><input name=confirm value='%s'></form>",
		i.url, csrf, html.EscapeString(confirm))
	for name, c := range map[string]struct {
		page   string
		step   chromedp.Action[chromedp.Void]
		status int64
	}{
		"a form":  {page: form + "<script>setTimeout(() => f.submit(), 50)</script>"},
		"a link":  {page: "<a href=\"" + i.url + "/sessions\">x</a>"},
		"a frame": {page: "<iframe src=\"" + i.url + "/\"></iframe>"},
	} {
		mu.Lock()
		page = c.page
		mu.Unlock()
		perform(other, "open "+name, chromedp.Navigate(attacker.URL+"/"))
		switch name {
		case "a link":
			other.pressFor("a", http.StatusForbidden)
		case "a form":
			text, refused := "", false
			for began := time.Now(); !refused && time.Since(began) < patience; time.Sleep(20 * time.Millisecond) {
				if at, done := attempt(other, chromedp.Location()); done && strings.HasPrefix(at, i.address) {
					text, _ = attempt(other, chromedp.Evaluate[string](allText))
					refused = strings.Contains(text, "another page")
				}
			}
			if !refused {
				t.Errorf("%s: the page says\n%s", name, text)
			}
		case "a frame":
			if frame := other.frame(); frame.UnreachableURL != i.url+"/" {
				t.Errorf("the frame shows %s", frame.URL)
			}
		}
	}
	mu.Lock()
	defer mu.Unlock()
	for _, c := range cookies {
		if c != "" {
			t.Errorf("another port gets the cookie %q", c)
		}
	}
	if n := f.count(t, "SELECT COUNT(*) FROM django_session"); n != 21 {
		t.Errorf("%d sessions are left", n)
	}
	stranger := i.visit() // a browser without the cookie
	stranger.expectComplaints("status of 4")
	for _, path := range []string{i.url + "/", i.address + "/?token=" + i.token, i.address + "/?token=x"} {
		stranger.follow("open as a stranger", chromedp.Navigate(path), http.StatusForbidden)
	}
	stranger.follow("localhost", chromedp.Navigate(strings.Replace(i.url, "127.0.0.1", "localhost", 1)+"/"), http.StatusMisdirectedRequest)
}

// count reads a number from the database.
func (f *front) count(t *testing.T, query string) int {
	t.Helper()
	n := 0
	readNumber(t, f.base.open(t), query, &n)
	return n
}

// actOnInspect logs a user out and clears expired sessions.
func actOnInspect(t *testing.T, i *inspection, f *hostileSite) {
	t.Helper()
	i.open("/")
	i.choose("name", "ada")
	i.press("form[action$='/logout'] button")
	i.check("confirmation")
	if n := f.count(t, "SELECT COUNT(*) FROM django_session"); n != 21 {
		t.Errorf("%d sessions are left before the confirmation", n)
	}
	i.press("main .danger")
	if text := i.await(); !strings.Contains(text, "2 sessions deleted") {
		t.Errorf("the job says\n%s", text)
	}
	i.open("/")
	if text := i.shown(); !strings.Contains(text, "All 19 sessions were read") {
		t.Errorf("after the logout\n%s", text)
	}
	i.press("form[action$='/clear'] button")
	if text := i.shown(); !strings.Contains(text, "Delete 3 expired sessions?") {
		t.Errorf("the confirmation says\n%s", text)
	}
	i.press("main .danger")
	if text := i.await(); !strings.Contains(text, "3 expired sessions deleted") {
		t.Errorf("the job says\n%s", text)
	}
	left := f.django("python -c 'import django,os; os.environ[\"DJANGO_SETTINGS_MODULE\"]=\"shop.front\"; django.setup(); " +
		"from django.contrib.sessions.models import Session; print(Session.objects.count())'")
	if left != "16" {
		t.Errorf("Django sees %s sessions, want 16", left)
	}
}

// TestInspectManyRows looks at a large table, on every database. With SCREENSHOTS it also
// takes the pictures for docs/inspect.md.
func TestInspectManyRows(t *testing.T) {
	t.Parallel()
	e := &example{program: buildTool(t), browser: startBrowser(t)}
	n := max(manyRows(t), 12_000)
	for _, product := range databases() {
		t.Run(product, func(t *testing.T) {
			t.Parallel()
			f := newManyRows(t, product, n)
			i := e.inspect(t, f, "--write")
			for _, page := range []string{"/", "/sessions", "/sessions?show=unreadable&sort=size&page=2", "/users"} {
				start := time.Now()
				i.open(page)
				took := time.Since(start)
				t.Logf("%s, %d rows: page %q in %v", product, n, page, took.Round(time.Millisecond))
				if took > 30*time.Second { // a busy machine needs longer than people would wait
					t.Errorf("the page %q took %v", page, took)
				}
				if text := i.shown(); !strings.Contains(text, "This is a sample of ") || !strings.Contains(text, " out of about ") {
					t.Errorf("the page %q does not say how large its sample is\n%s", page, text)
				}
				i.photograph(map[string]string{"/": "inspect-overview"}[page])
			}
			i.takeGoodSample()
			total := strings.ReplaceAll(strings.Join(i.strings("[document.querySelector('.sample').innerText.match(/about ([0-9,]+)/)[1]]"), ""), ",", "")
			var estimate int
			if _, err := fmt.Sscan(total, &estimate); err != nil || estimate < n*9/10 || estimate > n*11/10 {
				t.Errorf("the estimate is %s, want about %d", total, n)
			}
			i.open("/users")
			i.open(i.links()[0])
			i.photographDark("inspect-user")
			i.open("/sessions")
			start := time.Now()
			i.choose("key", "a00")
			t.Logf("%s, %d rows: search by key in %v", product, n, time.Since(start).Round(time.Millisecond))
			if found := i.links(); len(found) > 0 {
				i.open(found[0])
				i.photograph("inspect-session")
			}
			i.open("/")
			start = time.Now()
			i.press("form[action$='/clear'] button")
			t.Logf("%s, %d rows: confirmation in %v", product, n, time.Since(start).Round(time.Millisecond))
			t.Logf("%s, %d rows: at most %d MiB", product, n, i.memory()>>20)
		})
	}
}

// takeGoodSample opens the overview with a sample of several ranges of keys: one of a
// single range says little about the number of rows. The program reads for 2 s, in which
// a busy machine may come to a few of the 50 ranges only.
func (i *inspection) takeGoodSample() {
	i.t.Helper()
	const enough = 5
	ranges := regexp.MustCompile(`in (\d+) ranges`)
	i.open("/")
	for range 10 {
		text := i.text(".sample")
		if m := ranges.FindStringSubmatch(text); m != nil {
			if n, _ := strconv.Atoi(m[1]); n >= enough {
				return
			}
		}
		i.t.Logf("again: %s", text)
		i.press("form[action$='/again'] button")
	}
	i.t.Fatalf("no sample has enough ranges\n%s", i.shown())
}

// photograph saves a picture of the page if SCREENSHOTS names a folder.
func (i *inspection) photograph(name string) {
	i.t.Helper()
	folder := os.Getenv("SCREENSHOTS")
	if folder == "" || name == "" || !strings.Contains(i.t.Name(), "sqlite") {
		return
	}
	perform(i.tab, "resize", chromedp.EmulateViewport(960, 900))
	png := perform(i.tab, "photograph", chromedp.CaptureScreenshot())
	if err := os.WriteFile(filepath.Join(folder, name+".png"), png, 0o644); err != nil {
		i.t.Fatal(err)
	}
}

// photographDark is photograph with dark colors.
func (i *inspection) photographDark(name string) {
	i.t.Helper()
	dark := func(scheme string) {
		if _, err := chromedp.Call(i.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
		}); err != nil {
			i.t.Fatal(err)
		}
	}
	dark("dark")
	i.photograph(name)
	dark("light")
}
