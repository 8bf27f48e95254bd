package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
)

// The servers of Django, the same in every run.
const (
	gunicornVersion  = "27.0.1"
	packagingVersion = "26.3" // which gunicorn needs
)

// server is a process that serves the page.
type server struct {
	bests

	name, url string
	cmd       *exec.Cmd
	stderr    bytes.Buffer
}

// ours is the index of this module's server. The modes of gunicorn follow it.
const ours = 0

// startServers starts all of them, with settings for Django and as Django has exported
// them. The caller stops them.
func (s *pageSite) startServers(ctx context.Context, settings, exported string) ([]*server, error) {
	gunicorn, err := gunicornFor(ctx, s.python)
	if err != nil {
		return nil, err
	}
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	django := func(more ...string) *exec.Cmd {
		args := append([]string{
			"-m", "gunicorn", "--no-control-socket", "--log-level", "warning", "--bind", "fd://3", "--workers", "2",
		}, more...)
		cmd := exec.CommandContext(ctx, s.python, append(args, "httpsite:application")...) //nolint:gosec // an interpreter of ours
		cmd.Dir, cmd.Env = "bench", append(os.Environ(), siteVariable+settings, "PYTHONPATH="+gunicorn)
		return cmd
	}
	database := s.at.database
	page := exec.CommandContext(ctx, program, servePage, //nolint:gosec // this program
		database.driver, database.source+database.quick, s.engine.name)
	page.Env = append(os.Environ(), siteVariable+exported)
	all := make([]*server, 0, 3)
	for _, w := range []*server{
		{name: "net/http", cmd: page},
		// Either mode may be the better one: the first does less per request, the second
		// keeps connections open.
		{name: "gunicorn sync", cmd: django()},
		{name: "gunicorn gthread", cmd: django("--worker-class", "gthread", "--threads", "4")},
	} {
		if err := w.start(ctx); err != nil {
			return nil, errors.Join(err, stopAll(all))
		}
		all = append(all, w)
	}
	return all, nil
}

// start starts the process. Its file descriptor 3 is a socket that already listens, so it
// has an address before it is ready, and early clients wait.
func (w *server) start(ctx context.Context) error {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer listener.Close() //nolint:errcheck // the process has its own
	tcp, ok := listener.(*net.TCPListener)
	if !ok {
		return errors.New("no TCP socket")
	}
	socket, err := tcp.File()
	if err != nil {
		return err
	}
	defer socket.Close() //nolint:errcheck // likewise
	w.url = "http://" + listener.Addr().String()
	w.cmd.ExtraFiles, w.cmd.Stderr = []*os.File{socket}, &w.stderr
	w.cmd.Cancel, w.cmd.WaitDelay = w.terminate, 10*time.Second
	return w.cmd.Start()
}

// terminate lets gunicorn end its processes.
func (w *server) terminate() error { return w.cmd.Process.Signal(syscall.SIGTERM) }

func stopAll(servers []*server) error {
	var errs []error
	for _, w := range servers {
		err := w.terminate()
		if err = errors.Join(err, w.cmd.Wait()); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w\n%s", w.name, err, w.stderr.String()))
		}
	}
	return errors.Join(errs...)
}

// allocs returns the number of allocations of our process per page, including those of
// net/http.
func (w *server) allocs(ctx context.Context, plan plan, p page) (float64, error) {
	const requests = 1000
	path, header := plan.request(p)
	before, err := w.get(ctx, mallocsPath, header)
	for range requests {
		if err != nil {
			return 0, err
		}
		_, err = w.get(ctx, path, header)
	}
	if err != nil {
		return 0, err
	}
	after, err := w.get(ctx, mallocsPath, header)
	if err != nil {
		return 0, err
	}
	var from, to float64
	_, err = fmt.Sscan(before+" "+after, &from, &to)
	return (to - from) / requests, err
}

func (w *server) get(ctx context.Context, path string, header http.Header) (string, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, w.url+path, http.NoBody)
	if err != nil {
		return "", err
	}
	r.Header = header
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close() //nolint:errcheck // it was read
	body, err := io.ReadAll(answer.Body)
	return string(body), err
}

// siteVariable is the beginning of the variable that holds the settings for a server.
const siteVariable = "SITE="

// fill has Django make the site's tables, users and sessions, measure its middleware, and
// export its settings.
func (s *pageSite) fill(ctx context.Context, settings string, p plan, dst any) error {
	seconds := (time.Duration(p.rounds) * p.turn).Seconds()
	cmd := exec.CommandContext(ctx, s.python, "httpsite.py", strconv.Itoa(sessions), fmt.Sprint(seconds)) //nolint:gosec // as above
	var stderr bytes.Buffer
	cmd.Dir, cmd.Env, cmd.Stderr = "bench", append(os.Environ(), siteVariable+settings), &stderr
	cmd.Stdin = strings.NewReader(djangosession.SettingsScript)
	answer, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("httpsite.py: %w\n%s", err, stderr.String())
	}
	return json.Unmarshal(answer, dst)
}

// gunicornFor returns a folder with gunicorn for PYTHONPATH, and installs it if missing.
// The folder is beside the environment of the interpreter.
func gunicornFor(ctx context.Context, python string) (string, error) {
	cache := filepath.Dir(filepath.Dir(filepath.Dir(python)))
	dir := filepath.Join(cache, "gunicorn-"+gunicornVersion)
	if _, err := os.Stat(dir); err == nil {
		return dir, nil
	}
	part, err := os.MkdirTemp(cache, "gunicorn-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(part)                //nolint:errcheck // if it still has this name
	cmd := exec.CommandContext(ctx, python, //nolint:gosec // an interpreter of ours
		"-m", "pip", "install", "--quiet", "--target", part,
		"--no-deps", "--disable-pip-version-check", "--root-user-action", "ignore",
		"gunicorn=="+gunicornVersion, "packaging=="+packagingVersion)
	if text, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("no gunicorn: %w\n%s", err, text)
	}
	return dir, os.Rename(part, dir)
}
