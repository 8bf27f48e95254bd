//go:build unix

package main

import (
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestServiceSurvivesAHangup sends this process the signal that reloads the settings. By
// default it would end the test.
func TestServiceSurvivesAHangup(t *testing.T) {
	newSite(t)
	s := start(t)
	if err := syscall.Kill(syscall.Getpid(), syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	for ended := time.Now().Add(time.Minute); !strings.Contains(s.log.String(), `"settings reloaded" reason=signal`); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(ended) {
			t.Fatal("the settings are not reloaded")
		}
	}
	if a := s.send(t, "/", nil); !strings.Contains(a.body, "Hello, ada") {
		t.Errorf("%+v", a)
	}
	if err := s.stop(); err != nil {
		t.Error(err)
	}
}
