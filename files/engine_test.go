package files_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/enginetest"
	"github.com/djangobridge/djangobridge/files"
)

// open returns an engine in a folder.
func open(t *testing.T, folder string, s djangosession.Settings) *files.Engine {
	t.Helper()
	engine, err := openIn(folder, s)
	if err != nil {
		t.Fatal(err)
	}
	return engine
}

func openIn(folder string, s djangosession.Settings) (*files.Engine, error) {
	s.SessionEngine, s.SessionFilePath = "django.contrib.sessions.backends.file", folder
	return files.New(s, files.Options{})
}

func TestConformance(t *testing.T) {
	t.Parallel()
	enginetest.Run(t, func(t *testing.T, s djangosession.Settings) enginetest.Backend {
		t.Helper()
		folder := t.TempDir()
		engine := open(t, folder, s)
		put := func(t *testing.T, key, text string) {
			t.Helper()
			if err := os.WriteFile(filepath.Join(folder, s.SessionCookieName+key), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		return enginetest.Backend{
			Engine: engine,
			SetRow: func(t *testing.T, key, text string, _ time.Time) bool {
				t.Helper()
				if text == "" || strings.ContainsFunc(text, func(r rune) bool { return r >= 0x80 }) {
					return false // the first is a session, and the second of unknown format
				}
				put(t, key, text)
				return true
			},
			SetUnknown: func(t *testing.T, key string) {
				t.Helper()
				put(t, key, "caf\xe9")
			},
			Lacks: enginetest.Lacks{Microseconds: true, Seconds: true},
		}
	})
}

func TestConformanceOfTwoProcesses(t *testing.T) {
	t.Parallel()
	folder := ""
	if !enginetest.SecondProcess() {
		folder = t.TempDir()
	}
	enginetest.RunTwoProcesses(t, folder, func(t *testing.T, folder string, s djangosession.Settings) enginetest.Backend {
		t.Helper()
		return enginetest.Backend{Engine: open(t, folder, s)}
	})
}
