package main

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/files"
)

var printedPage = regexp.MustCompile(`(http://127\.0\.0\.1:\d+/)\?token=([A-Z2-7]{26})`)

// inspection is a running "djangosession inspect".
type inspection struct {
	t              *testing.T
	cmd            *exec.Cmd
	address, token string
	stderr         *bytes.Buffer
	client         *http.Client
	base           string // the address of the pages
}

func startInspect(t *testing.T, env []string, args ...string) *inspection {
	t.Helper()
	i := &inspection{t: t, stderr: &bytes.Buffer{}}
	i.cmd = exec.CommandContext(t.Context(), "djangosession", append([]string{"inspect"}, args...)...)
	i.cmd.Env, i.cmd.Stderr = append(os.Environ(), env...), i.stderr
	out, err := i.cmd.StdoutPipe()
	if err == nil {
		err = i.cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	found := printedPage.FindStringSubmatch(line)
	if err != nil || found == nil {
		_ = i.cmd.Wait()
		t.Fatalf("it prints %q, %v\n%s", line, err, i.stderr)
	}
	i.address, i.token = found[1], found[2]
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	i.client = &http.Client{Jar: jar}
	return i
}

// enter uses the token.
func (i *inspection) enter() {
	i.t.Helper()
	status, refresh, _ := i.get(i.address + "?token=" + i.token)
	path, ok := strings.CutPrefix(refresh, "0; url=/")
	if status != http.StatusOK || !ok {
		i.t.Fatalf("the token gets status %d and leads to %q", status, refresh)
	}
	i.base = i.address + path
}

func (i *inspection) get(address string) (status int, refresh, body string) {
	i.t.Helper()
	return i.do(http.MethodGet, address, nil)
}

func (i *inspection) do(method, address string, form url.Values) (status int, refresh, body string) {
	i.t.Helper()
	request, err := http.NewRequestWithContext(i.t.Context(), method, address, strings.NewReader(form.Encode()))
	if err != nil {
		i.t.Fatal(err)
	}
	if form != nil {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		request.Header.Set("Origin", strings.TrimSuffix(i.address, "/"))
	}
	response, err := i.client.Do(request)
	if err != nil {
		i.t.Fatal(err)
	}
	defer response.Body.Close() //nolint:errcheck // it was read
	data, err := io.ReadAll(response.Body)
	if err != nil {
		i.t.Fatal(err)
	}
	return response.StatusCode, response.Header.Get("Refresh"), string(data)
}

// end ends the program with control-C and returns its exit status.
func (i *inspection) end() int {
	i.t.Helper()
	if err := i.cmd.Process.Signal(syscall.SIGINT); err != nil {
		i.t.Fatal(err)
	}
	_ = i.cmd.Wait() // its status follows
	return i.cmd.ProcessState.ExitCode()
}

var field = regexp.MustCompile(`name="(csrf|confirm|user)" value="([^"]+)"`)

// fields are the hidden fields of the last form of a page.
func fields(page string) url.Values {
	form := url.Values{}
	for _, match := range field.FindAllStringSubmatch(page, -1) {
		form.Set(match[1], match[2])
	}
	return form
}

// TestInspectLogsAUserOut uses the page as a person would.
func TestInspectLogsAUserOut(t *testing.T) {
	t.Parallel()
	file := demoDatabase(t)
	i := startInspect(t, nil, "--write", "--settings", siteSettings(t, map[string]any{"SECRET_KEY": "test-secret-key"}), file)
	i.enter()
	status, _, page := i.get(i.base)
	if status != http.StatusOK || !strings.Contains(page, "All 4 sessions were read") || !strings.Contains(page, "in SQLite") {
		t.Fatalf("the overview has status %d\n%s", status, page)
	}
	form := fields(page)
	form.Set("by", "name")
	form.Set("text", "grace")
	status, _, page = i.do(http.MethodPost, i.base+"search", form)
	if status != http.StatusOK || !strings.Contains(page, "grace (id 2)") {
		t.Fatalf("the user has status %d\n%s", status, page)
	}
	for range 2 { // ask, and confirm
		status, _, page = i.do(http.MethodPost, i.base+"logout", fields(page))
		if status != http.StatusOK {
			t.Fatalf("logging out has status %d\n%s", status, page)
		}
	}
	for range 200 {
		if strings.Contains(page, "Finished") {
			break
		}
		time.Sleep(20 * time.Millisecond)
		_, _, page = i.get(i.base + "jobs/1")
	}
	if !strings.Contains(page, "1 session deleted") {
		t.Errorf("the job says\n%s", page)
	}
	if status := i.end(); status != 130 {
		t.Errorf("exit status %d", status)
	}
	if strings.Contains(i.stderr.String(), i.token) {
		t.Errorf("on standard error:\n%s", i.stderr)
	}
}

// TestInspectOpensABrowserWithoutTheToken has a browser that writes down its arguments.
func TestInspectOpensABrowserWithoutTheToken(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("the browser is a shell script")
	}
	folder := t.TempDir()
	script := "#!/bin/sh\nfile=\"${1#file://}\"\nls -ld \"$(dirname \"$file\")\" \"$file\" >" + folder + "/modes\n" +
		"cp \"$file\" " + folder + "/page\n" +
		"if test -r /proc/$$/cmdline; then tr '\\000' ' ' </proc/$$/cmdline; else ps -o args= -p $$; fi >" + folder + "/args\n" +
		"mv " + folder + "/args " + folder + "/done\n"
	for _, name := range []string{"xdg-open", "open"} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(script), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	i := startInspect(t, []string{"PATH=" + folder + ":" + os.Getenv("PATH")}, "--open", "--settings", siteSettings(t, nil), demoDatabase(t))
	read := func(name string) string {
		data, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	for range 500 {
		if _, err := os.Stat(filepath.Join(folder, "done")); err == nil {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	if args := read("done"); strings.Contains(args, i.token) || !strings.Contains(args, "file:///") {
		t.Errorf("the process list shows %q", args)
	}
	if modes := read("modes"); !strings.HasPrefix(modes, "drwx------") || !strings.Contains(modes, "\n-rw-------") {
		t.Errorf("modes:\n%s", modes)
	}
	if page := read("page"); !strings.Contains(page, `url=`+i.address+`?token=`+i.token+`"`) {
		t.Errorf("the file leads elsewhere:\n%s", page)
	}
	_, rest, _ := strings.Cut(read("done"), "file://")
	file := strings.TrimSpace(rest)
	if _, err := os.Stat(file); err != nil {
		t.Errorf("the file is gone before its use: %v", err)
	}
	i.enter()
	if _, err := os.Stat(file); err == nil {
		t.Error("the file is there after its use")
	}
	i.end()
}

// TestInspectOnlyReadsUnlessItMayWrite tries both.
func TestInspectOnlyReadsUnlessItMayWrite(t *testing.T) {
	t.Parallel()
	file := demoDatabase(t)
	i := startInspect(t, []string{databaseVariable + "=" + file}, "--settings", siteSettings(t, nil))
	i.enter()
	_, _, page := i.get(i.base)
	for _, path := range []string{"clear", "logout"} {
		if status, _, body := i.do(http.MethodPost, i.base+path, fields(page)); status != http.StatusForbidden || !strings.Contains(body, "--write") {
			t.Errorf("%s has status %d", path, status)
		}
	}
	if status, _, _ := i.get(i.address + "?token=" + i.token); status != http.StatusForbidden {
		t.Errorf("the token works twice: status %d", status)
	}
	i.end()
	if !strings.Contains(i.stderr.String(), "a second time") {
		t.Errorf("on standard error:\n%s", i.stderr)
	}
}

// TestInspectSaysWhySessionsCannotBeListed has sessions in cookies.
func TestInspectSaysWhySessionsCannotBeListed(t *testing.T) {
	t.Parallel()
	settings := siteSettings(t, map[string]any{
		"SESSION_ENGINE": enginePackage + "signed_cookies", "SESSION_DATABASE": nil,
		"SESSION_STORE_CLASS": map[string]any{
			"mro": []string{enginePackage + "signed_cookies.SessionStore", enginePackage + "base.SessionBase", "builtins.object"},
		},
	})
	i := startInspect(t, nil, "--settings", settings, demoDatabase(t))
	i.enter()
	_, _, page := i.get(i.base)
	if !strings.Contains(page, "cannot be listed") || !strings.Contains(page, "cookies of the visitors") {
		t.Errorf("the overview:\n%s", page)
	}
	form := fields(page)
	form.Set("by", "key")
	form.Set("text", "no:such:cookie")
	if status, _, page := i.do(http.MethodPost, i.base+"search", form); status != http.StatusOK || !strings.Contains(page, "Why it does not decode") &&
		!strings.Contains(page, "contains no session") {
		t.Errorf("a cookie: status %d\n%s", status, page)
	}
	i.end()
}

// TestInspectShowsSessionsInFiles has a store that lists sessions, but has no table.
func TestInspectShowsSessionsInFiles(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	settings := siteSettings(t, map[string]any{
		"SESSION_ENGINE": enginePackage + "file", "SESSION_DATABASE": nil, "SESSION_FILE_PATH": folder,
		"SESSION_STORE_CLASS": map[string]any{
			"mro": []string{enginePackage + "file.SessionStore", enginePackage + "base.SessionBase", "builtins.object"},
		},
	})
	s, err := djangosession.ReadSettingsFile(settings)
	if err != nil {
		t.Fatal(err)
	}
	engine, err := files.New(s, files.Options{})
	if err != nil {
		t.Fatal(err)
	}
	sessions, err := djangosession.NewManager(engine, s, djangosession.Options{})
	if err != nil {
		t.Fatal(err)
	}
	session := sessions.New()
	session.Set("cart", "tea")
	if err := session.Create(t.Context()); err != nil {
		t.Fatal(err)
	}
	i := startInspect(t, nil, "--settings", settings, demoDatabase(t))
	i.enter()
	_, _, page := i.get(i.base)
	if !strings.Contains(page, "The only session was read") || strings.Contains(page, "Which key") {
		t.Errorf("the overview:\n%s", page)
	}
	form := fields(page)
	form.Set("by", "key")
	form.Set("text", session.Key()[:5])
	if status, _, page := i.do(http.MethodPost, i.base+"search", form); status != http.StatusOK || !strings.Contains(page, "tea") {
		t.Errorf("the session: status %d\n%s", status, page)
	}
	i.end()
}
