package compat_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Every site is checked for leftovers when it ends. These functions end it the ways
// people do.

func interruptExample(t *testing.T, e *example) { endExample(t, e, syscall.SIGINT) }

func terminateExample(t *testing.T, e *example) { endExample(t, e, syscall.SIGTERM) }

func endExample(t *testing.T, e *example, signal syscall.Signal) {
	t.Helper()
	site := e.start(t)
	if len(site.children()) == 0 {
		t.Error("Django is not seen to run")
	}
	site.stop(signal)
}

// answerExample ends the site while Django waits for the rest of a form, which it still
// has to answer.
func answerExample(t *testing.T, e *example) {
	site := e.start(t, "-grace", (patience / 2).String())
	host := strings.TrimPrefix(site.url, "http://")
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", host)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close() //nolint:errcheck // what counts is the answer
	const form = "username=ada"
	send := func(text string) {
		if _, err := io.WriteString(conn, text); err != nil {
			t.Error(err)
		}
	}
	// With a CSRF cookie, Django looks for the token in the form.
	send(fmt.Sprintf("POST /login/ HTTP/1.1\r\nHost: %s\r\nCookie: kettles_csrf=%s\r\nContent-Type: application/x-www-form-urlencoded\r\n"+
		"Content-Length: %d\r\n\r\n%s", host, strings.Repeat("a", 32), len(form), form[:1]))
	// When a later request has its answer, the site has the beginning of this one.
	later, err := http.NewRequestWithContext(t.Context(), http.MethodGet, site.url+"/", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	page, err := http.DefaultClient.Do(later)
	if err != nil {
		t.Fatal(err)
	}
	_, readErr := io.Copy(io.Discard, page.Body)
	if err := errors.Join(readErr, page.Body.Close()); err != nil {
		t.Fatal(err)
	}
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		for { // until the site has begun to end, and takes no more requests
			c, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", host)
			if err != nil {
				break
			}
			_ = c.Close() // it was only a test
			time.Sleep(20 * time.Millisecond)
		}
		send(form[1:])
	}()
	site.stop(syscall.SIGTERM)
	<-sent
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()                      //nolint:errcheck // nothing was written
	if answer.StatusCode != http.StatusForbidden { // there is no token
		t.Errorf("status %d, want 403 of Django", answer.StatusCode)
	}
}

// orphanExample kills the parent of the example, as "go run" may be killed.
func orphanExample(t *testing.T, e *example) {
	site := e.site(t)
	site.through = []string{"sh", "-c", `"$@"; exit`, "sh"}
	site.startWithDjango()
	parent := site.cmd
	site.cmd = nil // it does not end well
	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = parent.Wait() // it was killed
	for began := time.Now(); len(site.children()) > 0; time.Sleep(50 * time.Millisecond) {
		if time.Since(began) > patience {
			t.Fatalf("these are left: %q", site.children())
		}
	}
}

// installExample starts the example in an empty folder, as on a new machine, and then
// again in that folder.
func installExample(t *testing.T, e *example) {
	site := e.site(t)
	site.start()
	if !strings.Contains(site.output.String(), "Installing Django") {
		t.Errorf("nothing was installed:\n%s", site.output.String())
	}
	password := site.password
	site.stop(syscall.SIGTERM)
	site.start()
	if strings.Contains(site.output.String(), "Installing") || site.password != password {
		t.Errorf("the second start does not go on with the first one's folder:\n%s", site.output.String())
	}
}
