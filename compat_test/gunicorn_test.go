package compat_test

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// gunicorn is a master process with workers, which serve a project.
type gunicorn struct {
	*exec.Cmd

	project project
	url     string
	stderr  lockedBuffer
}

const gunicornWorkers = 2

// await waits until something happens.
func (p project) await(what string, happened func() bool) {
	p.t.Helper()
	for ended := time.Now().Add(time.Minute); !happened(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(ended) {
			p.t.Fatalf("it does not happen in a minute: %s", what)
		}
	}
}

// startGunicorn starts Django with a module of settings. The page /show/ must tell the
// id of its process. File descriptor 3 is a socket that already listens.
func (p project) startGunicorn(settings string) *gunicorn {
	p.t.Helper()
	listener, err := new(net.ListenConfig).Listen(p.t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		p.t.Fatal(err)
	}
	defer listener.Close() //nolint:errcheck // the process has its own
	tcp, ok := listener.(*net.TCPListener)
	if !ok {
		p.t.Fatal("no TCP socket")
	}
	socket, err := tcp.File()
	if err != nil {
		p.t.Fatal(err)
	}
	defer socket.Close() //nolint:errcheck // likewise
	g := &gunicorn{project: p, url: "http://" + listener.Addr().String()}
	g.Cmd = exec.CommandContext(context.WithoutCancel(p.t.Context()), filepath.Join(p.bin, "python"), "-m", "gunicorn", "--no-control-socket",
		"--log-level", "warning", "--bind", "fd://3", "--workers", strconv.Itoa(gunicornWorkers), "--graceful-timeout", "60", "shop.wsgi")
	g.Dir, g.Env = p.dir, append(os.Environ(), "DJANGO_SETTINGS_MODULE="+settings)
	g.ExtraFiles, g.Stderr = []*os.File{socket}, &g.stderr
	if err := g.Start(); err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() {
		if err := errors.Join(g.Process.Signal(syscall.SIGTERM), g.Wait()); err != nil {
			p.t.Errorf("gunicorn ended with %v\n%s", err, g.stderr.String())
		}
	})
	p.await("gunicorn starts its workers", func() bool { return len(g.workers()) == gunicornWorkers })
	return g
}

// workers returns the ids of the worker processes.
func (g *gunicorn) workers() []int {
	id := strconv.Itoa(g.Process.Pid)
	text, err := os.ReadFile("/proc/" + id + "/task/" + id + "/children")
	if err != nil {
		return nil
	}
	var ids []int
	for field := range strings.FieldsSeq(string(text)) {
		if n, err := strconv.Atoi(field); err == nil {
			ids = append(ids, n)
		}
	}
	return ids
}

// restart replaces workers one by one, as a careful deployment does. between is called
// when the first one is replaced.
func (g *gunicorn) restart(between func()) {
	g.project.t.Helper()
	for i, old := range g.workers() {
		before := g.workers()
		if err := syscall.Kill(old, syscall.SIGTERM); err != nil {
			g.project.t.Fatal(err)
		}
		g.project.await("a worker is replaced", func() bool {
			now := g.workers()
			return len(now) == gunicornWorkers && !slices.Contains(now, old)
		})
		g.project.await("the new worker answers", func() bool {
			return slices.ContainsFunc(g.workers(), func(id int) bool { return !slices.Contains(before, id) && g.answers(id) })
		})
		if i == 0 {
			between()
		}
	}
}

// reload has gunicorn replace all workers: it starts new ones, and then ends the old ones.
func (g *gunicorn) reload() {
	g.project.t.Helper()
	before := g.workers()
	if err := g.Process.Signal(syscall.SIGHUP); err != nil {
		g.project.t.Fatal(err)
	}
	g.project.await("all workers are replaced", func() bool {
		now := g.workers()
		return len(now) == gunicornWorkers && !slices.ContainsFunc(now, func(id int) bool { return slices.Contains(before, id) })
	})
	for _, id := range g.workers() {
		g.project.await("a new worker answers", func() bool { return g.answers(id) })
	}
}

// answers reports whether a worker has answered one of some requests.
func (g *gunicorn) answers(worker int) bool {
	for range 5 * gunicornWorkers {
		r, err := http.NewRequestWithContext(g.project.t.Context(), http.MethodGet, g.url+"/show/", http.NoBody)
		if err != nil {
			return false
		}
		client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
		response, err := client.Do(r)
		if err != nil {
			continue
		}
		var shown struct {
			Process int `json:"process"`
		}
		err = json.NewDecoder(response.Body).Decode(&shown)
		if err := errors.Join(err, response.Body.Close()); err == nil && shown.Process == worker {
			return true
		}
	}
	return false
}
