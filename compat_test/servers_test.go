package compat_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// server is a private database server, in a folder of its own on a port of its own.
type server struct {
	name    string // "mariadb" or "postgresql"
	dir     string
	port    int
	bin     string
	command func(s *server) *exec.Cmd
	process *exec.Cmd
	output  bytes.Buffer
}

// programs are the folders that env/servers prints.
var programs = sync.OnceValues(func() ([]string, error) { //nolint:gochecknoglobals // looked up once
	cmd := exec.CommandContext(context.Background(), filepath.Join("env", "servers"))
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%w\n%s", err, stderr.String())
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	if len(lines) < 3 {
		return nil, fmt.Errorf("env/servers printed %q", out)
	}
	return lines[len(lines)-3:], nil
})

// servers are shared by all tests, for starting one takes longer than most of them; TestMain ends them.
var servers struct { //nolint:gochecknoglobals // as above
	mu      sync.Mutex
	running map[string]*server
}

func TestMain(m *testing.M) {
	code := m.Run()
	servers.mu.Lock()
	defer servers.mu.Unlock()
	for _, s := range servers.running {
		if err := s.stop(); err != nil {
			fmt.Fprintln(os.Stderr, s.name, "did not stop:", err)
			code = 1
		}
		if err := os.RemoveAll(s.dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
	}
	os.Exit(code)
}

// sharedServer returns the running server of this name.
func sharedServer(t *testing.T, name string) *server {
	t.Helper()
	servers.mu.Lock()
	defer servers.mu.Unlock()
	if s := servers.running[name]; s != nil {
		return s
	}
	s, err := newServer(name)
	if err != nil {
		t.Fatalf("no %s: %v", name, err)
	}
	if servers.running == nil {
		servers.running = map[string]*server{}
	}
	servers.running[name] = s
	return s
}

// ownServer returns a server for one test alone, which may do to it what it likes.
func ownServer(t *testing.T, name string) *server {
	t.Helper()
	s, err := newServer(name)
	if err != nil {
		t.Fatalf("no %s: %v", name, err)
	}
	t.Cleanup(func() {
		if err := errors.Join(s.stop(), os.RemoveAll(s.dir)); err != nil {
			t.Error(err)
		}
	})
	return s
}

func newServer(name string) (s *server, err error) {
	folders, err := programs()
	if err != nil {
		return nil, err
	}
	s = &server{name: name}
	if s.dir, err = os.MkdirTemp("", "djangobridge-"+name); err != nil {
		return nil, err
	}
	if s.port, err = freePort(); err != nil {
		return nil, err
	}
	if name == "mariadb" {
		err = s.initMariaDB(folders[0], folders[1])
	} else {
		err = s.initPostgreSQL(folders[2])
	}
	if err == nil {
		err = s.start()
	}
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(s.dir))
	}
	return s, nil
}

func freePort() (int, error) {
	l, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	addr, _ := l.Addr().(*net.TCPAddr)
	return addr.Port, l.Close()
}

func (s *server) initMariaDB(bin, installBin string) error {
	me, err := user.Current()
	if err != nil {
		return err
	}
	data := filepath.Join(s.dir, "data")
	cmd := exec.CommandContext(context.Background(), filepath.Join(installBin, "mariadb-install-db"), "--no-defaults",
		"--user="+me.Username, "--datadir="+data, "--auth-root-authentication-method=normal", "--skip-test-db")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("mariadb-install-db: %w\n%s", err, out)
	}
	s.command = func(s *server) *exec.Cmd {
		return exec.CommandContext(context.Background(), filepath.Join(bin, "mariadbd"), "--no-defaults", "--user="+me.Username,
			"--datadir="+data, "--port="+strconv.Itoa(s.port), "--bind-address=127.0.0.1", "--socket="+filepath.Join(s.dir, "sock"),
			"--pid-file="+filepath.Join(s.dir, "pid"), "--skip-log-bin", "--innodb-flush-log-at-trx-commit=2",
			"--character-set-server=utf8mb4", "--max-connections=300", "--loose-innodb-buffer-pool-size=128M")
	}
	return nil
}

// initPostgreSQL prepares a server, which refuses to run as root: then it runs as nobody.
func (s *server) initPostgreSQL(bin string) error {
	var as *syscall.SysProcAttr
	if os.Geteuid() == 0 {
		nobody, err := user.Lookup("nobody")
		if err != nil {
			return err
		}
		uid, uidErr := strconv.ParseUint(nobody.Uid, 10, 32)
		gid, gidErr := strconv.ParseUint(nobody.Gid, 10, 32)
		if err := errors.Join(uidErr, gidErr, os.Chown(s.dir, int(uid), int(gid))); err != nil {
			return err
		}
		as = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
	}
	data := filepath.Join(s.dir, "data")
	cmd := exec.CommandContext(context.Background(), filepath.Join(bin, "initdb"),
		"--pgdata="+data, "--auth=trust", "--username=django", "--encoding=UTF8", "--locale=C", "--no-sync")
	cmd.SysProcAttr, cmd.Dir = as, s.dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, out)
	}
	s.command = func(s *server) *exec.Cmd {
		cmd := exec.CommandContext(context.Background(), filepath.Join(bin, "postgres"), "-D", data, "-p", strconv.Itoa(s.port),
			"-c", "listen_addresses=127.0.0.1", "-k", s.dir, "-c", "synchronous_commit=off", "-c", "max_connections=300")
		cmd.SysProcAttr, cmd.Dir = as, s.dir
		return cmd
	}
	return nil
}

// start starts the server and waits until it takes connections.
func (s *server) start() error {
	s.process = s.command(s)
	s.process.Stdout, s.process.Stderr = &s.output, &s.output
	if err := s.process.Start(); err != nil {
		return err
	}
	admin, err := s.open("")
	if err != nil {
		return err
	}
	defer admin.Close() //nolint:errcheck // nothing was written
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		err := admin.PingContext(context.Background())
		if err == nil {
			return nil
		}
		if time.Now().After(deadline) {
			return errors.Join(fmt.Errorf("%s does not come up: %w\n%s", s.name, err, s.output.String()), s.stop())
		}
	}
}

// stop ends the server as its administrator would.
func (s *server) stop() error {
	if s.process == nil {
		return nil
	}
	// PostgreSQL waits for its clients on SIGTERM, and not on SIGINT; MariaDB knows SIGTERM alone.
	signal := syscall.SIGTERM
	if s.name == "postgresql" {
		signal = syscall.SIGINT
	}
	if err := s.process.Process.Signal(signal); err != nil {
		return err
	}
	done := make(chan error, 1)
	go func() { done <- s.process.Wait() }()
	defer func() { s.process = nil }()
	select {
	case <-done: // what it exits with does not matter
		return nil
	case <-time.After(30 * time.Second):
		return errors.Join(fmt.Errorf("%s does not end", s.name), s.process.Process.Kill())
	}
}
