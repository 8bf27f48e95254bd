package servers_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/compat_test/servers"
)

// ownerVariable makes this program start a server with this name and print its address.
const ownerVariable = "SERVERS_OWNER"

func TestMain(m *testing.M) {
	if name := os.Getenv(ownerVariable); name != "" {
		s, err := servers.New(name)
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		fmt.Println(s.Addr())
		_, _ = io.Copy(io.Discard, os.Stdin) // until it is killed, or the test has ended
		_ = s.Stop()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// TestServersEndWithTheirOwner kills the program that started a server.
func TestServersEndWithTheirOwner(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("only Linux ends a process with its parent")
	}
	for _, name := range []string{servers.Redis, servers.PostgreSQL} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder, err := os.MkdirTemp("", "orphan") //nolint:usetesting // PostgreSQL may run as another user
			if err == nil {
				err = os.Chmod(folder, 0o755)
			}
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = os.RemoveAll(folder) }) // the server may still be ending
			owner := exec.CommandContext(context.WithoutCancel(t.Context()), os.Args[0])
			owner.Env = append(os.Environ(), ownerVariable+"="+name, "TMPDIR="+folder)
			out, err := owner.StdoutPipe()
			if err == nil {
				_, err = owner.StdinPipe()
			}
			if err == nil {
				err = owner.Start()
			}
			if err != nil {
				t.Fatal(err)
			}
			line, readErr := bufio.NewReader(out).ReadString('\n')
			if err := owner.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			_ = owner.Wait() // it was killed
			address := strings.TrimSpace(line)
			if _, _, err := net.SplitHostPort(address); err != nil {
				t.Fatalf("it prints %q, %v", line, readErr)
			}
			for began := time.Now(); time.Since(began) < time.Minute; time.Sleep(20 * time.Millisecond) {
				c, err := new(net.Dialer).DialContext(t.Context(), "tcp", address)
				if err != nil {
					return
				}
				_ = c.Close() // it was only a test
			}
			t.Error("the server still runs")
		})
	}
}
