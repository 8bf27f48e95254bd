//go:build unix

package main

import (
	"encoding/json"
	"errors"
	"net/http/cookiejar"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestServiceReloadsAtAHangup changes LOGIN_URL, and sends this process the signal that
// would end it by default.
func TestServiceReloadsAtAHangup(t *testing.T) {
	newSite(t)
	s := start(t)
	if a := s.send(t, "/account", nil); !strings.Contains(a.body, "Hello, ada") {
		t.Errorf("%+v", a)
	}
	text, err := os.ReadFile("site.json")
	if err != nil {
		t.Fatal(err)
	}
	var settings map[string]any
	if err := json.Unmarshal(text, &settings); err != nil {
		t.Fatal(err)
	}
	settings["LOGIN_URL"] = "/enter/"
	if text, err = json.Marshal(settings); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.WriteFile("new.json", text, 0o600), os.Rename("new.json", "site.json")); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(syscall.Getpid(), syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	const line = `"settings reloaded" reason=signal`
	for ended := time.Now().Add(time.Minute); !strings.Contains(s.log.String(), line); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(ended) {
			t.Fatal("the settings are not reloaded")
		}
	}
	if a := s.send(t, "/account", nil); !strings.Contains(a.body, "Hello, ada") {
		t.Errorf("%+v", a)
	}
	if s.Jar, err = cookiejar.New(nil); err != nil { // nobody is logged in
		t.Fatal(err)
	}
	if a := s.send(t, "/account", nil); !strings.HasPrefix(a.location, "/enter/") {
		t.Errorf("visitors are sent to %s", a.location)
	}
	if err := s.stop(); err != nil {
		t.Error(err)
	}
}
