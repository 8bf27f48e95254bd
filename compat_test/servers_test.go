package compat_test

import (
	"fmt"
	"os"
	"sync"
	"testing"

	"github.com/go-sql-driver/mysql"

	"github.com/djangobridge/djangobridge/compat_test/servers"
)

// shared are the servers that all tests share, because starting one takes longer than
// most tests. TestMain ends them.
var shared struct {
	mu      sync.Mutex
	running map[string]*servers.Server
}

func TestMain(m *testing.M) {
	if source := os.Getenv(writerVariable); source != "" {
		fmt.Fprintln(os.Stderr, writeForever(source))
		os.Exit(1)
	}
	if err := mysql.SetLogger(&mysql.NopLogger{}); err != nil { // it repeats what it returns
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	if source := os.Getenv(chaosVariable); source != "" {
		if err := chaosProcess(source); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	if order := os.Getenv(mergerVariable); order != "" {
		if err := mergeProcess(order); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	code := m.Run()
	shared.mu.Lock()
	for _, s := range shared.running {
		if err := s.Remove(); err != nil {
			fmt.Fprintln(os.Stderr, s.Name, "did not stop:", err)
			code = 1
		}
	}
	shared.mu.Unlock()
	os.Exit(code)
}

// sharedServer returns the running server of this name.
func sharedServer(t *testing.T, name string) *servers.Server {
	t.Helper()
	shared.mu.Lock()
	defer shared.mu.Unlock()
	if s := shared.running[name]; s != nil {
		return s
	}
	s, err := servers.New(name)
	if err != nil {
		t.Fatalf("no %s: %v", name, err)
	}
	if shared.running == nil {
		shared.running = map[string]*servers.Server{}
	}
	shared.running[name] = s
	return s
}

// ownServer returns a server for one test alone, which may stop or break it.
func ownServer(t *testing.T, name string) *servers.Server {
	t.Helper()
	s, err := servers.New(name)
	if err != nil {
		t.Fatalf("no %s: %v", name, err)
	}
	t.Cleanup(func() {
		if err := s.Remove(); err != nil {
			t.Error(err)
		}
	})
	return s
}
