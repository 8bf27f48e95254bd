package compat_test

import (
	"bufio"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// buildTool builds the command line and returns where it is.
func buildTool(t *testing.T) string {
	t.Helper()
	tool := filepath.Join(t.TempDir(), "djangosession")
	build := exec.CommandContext(t.Context(), "go", "build", "-buildvcs=false", "-o", tool, "./cmd/djangosession")
	build.Dir = ".."
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return tool
}

// inspection is a running "djangosession inspect" with a browser that it let in.
type inspection struct {
	*tab
	address, token string
	cmd            *exec.Cmd
}

var inspectAddress = regexp.MustCompile(`(http://127\.0\.0\.1:\d+)/\?token=(\S+)`)

// inspect starts the command, which is the program here, for a site and enters its page.
func (e *example) inspect(t *testing.T, f *front, flags ...string) *inspection {
	t.Helper()
	s := &website{example: e, t: t, output: &lockedBuffer{}}
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), e.program, append([]string{"inspect", "--settings", f.file()}, flags...)...)
	cmd.Env = append(os.Environ(), "DATABASE_URL="+productNamed(f.base.product).url(f.base))
	cmd.Stderr = s.output
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGINT) // it may have ended
		overdue := time.AfterFunc(patience, func() { _ = cmd.Process.Kill() })
		defer overdue.Stop()
		_ = cmd.Wait() // its status follows
		if status := cmd.ProcessState.ExitCode(); status != 130 {
			t.Errorf("inspect ended with status %d\n%s", status, s.output.String())
		}
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	found := inspectAddress.FindStringSubmatch(line)
	if err != nil || found == nil {
		t.Fatalf("it prints %q, %v\n%s", line, err, s.output.String())
	}
	i := &inspection{tab: s.visit(), address: found[1], token: found[2], cmd: cmd}
	i.onlyAsks(t)
	i.url = i.address
	i.follow("enter", chromedp.Navigate(i.address+"/?token="+i.token), 200)
	for began := time.Now(); time.Since(began) < patience; time.Sleep(20 * time.Millisecond) {
		if at, done := attempt(i.tab, chromedp.Location()); done && !strings.Contains(at, "token=") {
			i.url = strings.TrimSuffix(at, "/")
			i.open("/") // the page may have come without its style sheet yet
			return i
		}
	}
	t.Fatalf("the token leads nowhere\n%s", i.look())
	return nil
}

// onlyAsks fails the test if the tab sends a request to another address.
func (i *inspection) onlyAsks(t *testing.T) {
	t.Helper()
	requests := chromedp.Events(i.ctx, network.RequestWillBeSent)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for r, err := range requests {
			if err != nil {
				return
			}
			if !strings.HasPrefix(r.Request.URL, i.address+"/") && r.Request.URL != "about:blank" {
				t.Errorf("the page asks for %.200s", r.Request.URL)
			}
		}
	}()
	t.Cleanup(func() {
		_ = chromedp.Cancel(i.ctx) // it may be closed
		<-done
	})
}

// strings evaluates an expression that returns texts.
func (i *inspection) strings(expression string) []string {
	i.t.Helper()
	return perform(i.tab, "evaluate", chromedp.Evaluate[[]string](expression))
}

// links are the addresses that the rows of a table lead to, below the address of the page.
func (i *inspection) links() []string {
	i.t.Helper()
	found := i.strings("Array.from(document.querySelectorAll('tbody th a'), e => e.href)")
	for n := range found {
		found[n] = strings.TrimPrefix(found[n], i.url)
	}
	return found
}

// shown is the text of the page.
func (i *inspection) shown() string {
	i.t.Helper()
	return perform(i.tab, "read", chromedp.Evaluate[string](allText))
}

// choose fills the search form and sends it.
func (i *inspection) choose(by, text string) {
	i.t.Helper()
	perform(i.tab, "choose", chromedp.Evaluate[bool]("document.querySelector('#by').value = '"+by+"', true"))
	i.fill("text", text)
	i.press("form.search button")
}

// await waits for the end of a job.
func (i *inspection) await() string {
	i.t.Helper()
	for began := time.Now(); time.Since(began) < patience; time.Sleep(20 * time.Millisecond) {
		text, _ := attempt(i.tab, chromedp.Evaluate[string](allText)) // the page loads itself again
		if strings.Contains(text, "Finished after") || strings.Contains(text, "Failed") {
			return text
		}
	}
	i.t.Fatalf("the job does not end\n%s", i.look())
	return ""
}

// memory is the most memory that the program has used, in bytes.
func (i *inspection) memory() int64 {
	i.t.Helper()
	data, err := os.ReadFile("/proc/" + strconv.Itoa(i.cmd.Process.Pid) + "/status")
	if err != nil {
		i.t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(data), "VmHWM:")
	kilobytes, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
	if err != nil {
		i.t.Fatal(err)
	}
	return kilobytes << 10
}

// inspectSettings make Django write pickles, and give it an old key.
const inspectSettings = `
SESSION_SERIALIZER = "django.contrib.sessions.serializers.PickleSerializer"
SECRET_KEY_FALLBACKS = ["the-key-of-last-year"]
SESSION_COOKIE_AGE = 1209600
`

// inspectHostile makes users and hostile sessions, and prints their keys.
const inspectHostile = `
import django, json, os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "shop.front"
django.setup()
from datetime import timedelta
from django.contrib.auth import get_user_model
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.test import override_settings
from django.utils import timezone
import shop.things
User = get_user_model()
script = "<script>window.hacked=1</script><img src=x onerror=window.hacked=1>"
users = {}
for name in ["<b onclick=alert(1)>mallory", "ada", "grace"]:
    user = User(**{User.USERNAME_FIELD: name})
    user.set_unusable_password()
    user.save()
    users[name[-7:]] = str(user.pk)
keys = {}
def add(name, values, seconds=86400):
    session = SessionStore()
    session.update(values)
    session.set_expiry(timezone.now() + timedelta(seconds=seconds))
    session.create()
    keys[name] = session.session_key
def login(user):
    return {"_auth_user_id": user, "_auth_user_backend": "x", "_auth_user_hash": "hash-that-is-hidden"}
add("markup", {script: script, "</code></ul></main>": {"'\"><svg/onload=window.hacked=1>": [script]}, **login(users["mallory"])})
add("almost 16 MiB", {"large": os.urandom((1 << 23) - 512).hex()})
add("bytes", {"bytes": bytes(range(256)), "more": bytearray(b"\x00<script>")})
recursive = {"list": []}
recursive["list"].append(recursive)
add("recursive", recursive)
add("unknown class", {"thing": shop.things.Thing(script)})
add("surrogates", {"lone": "\ud800", "turned": "\udc00\ud800", "zero": "a\x00b"})
add("bidi", {"\u202eevil": "abc\u202e\u2066txt.exe\u200b", "marks": "e" + "\u0301" * 500})
deep = []
for i in range(300):
    deep = [deep]
add("deep", {"deep": deep})
add("many", {"dict": {i: list(range(200)) for i in range(500)}})
add("numbers", {"int": 10 ** 5000, "float": float("inf"), "set": {1, 2}, "date": timezone.now()})
for i in range(2):
    add("ada %d" % i, login(users["ada"]))
add("grace", login(users["grace"]))
for i in range(3):
    add("expired %d" % i, {"cart": i}, -86400)
with override_settings(SECRET_KEY="a-key-that-was-removed", SECRET_KEY_FALLBACKS=[]):
    add("unknown key", {"cart": 1})
with override_settings(SECRET_KEY="the-key-of-last-year", SECRET_KEY_FALLBACKS=[]):
    add("old key", {"cart": 1})
later = timezone.now() + timedelta(days=1)
Session(session_key="<img src=x onerror=window.hacked=1>", session_data=SessionStore().encode({"a": 1}), expire_date=later).save()
Session(session_key="damaged", session_data=script, expire_date=later).save()
print(json.dumps({"keys": keys, "users": users}))
`

// hostileSite is a site with hostile sessions.
type hostileSite struct {
	*front
	Keys  map[string]string `json:"keys"`
	Users map[string]string `json:"users"`
}

func newHostileSite(t *testing.T, product string) *hostileSite {
	t.Helper()
	f := newFront(t, "4.2.30", product, "auth.User") // the last release with PickleSerializer
	f.shop.write("shop/front.py", frontSettings("auth.User", f.base)+inspectSettings)
	f.shop.write("shop/things.py", "class Thing:\n    def __init__(self, text):\n        self.text = text\n")
	f.shop.write("hostile.py", inspectHostile)
	f.django("python setup.py")
	h := &hostileSite{front: f}
	if err := json.Unmarshal([]byte(f.django("python hostile.py")), h); err != nil {
		t.Fatal(err)
	}
	f.shop.write("site.json", string(f.shop.scriptLine("front", false)))
	return h
}
