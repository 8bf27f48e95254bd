package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"strings"
)

// django is the running Django process.
type django struct {
	url  *url.URL
	cmd  *exec.Cmd
	log  *os.File
	done chan struct{} // closed when it has ended
	end  context.CancelFunc
}

// startDjango starts Django's development server on a free port and returns when it
// accepts connections. The caller must stop it. The end of ctx does not stop it, because
// requests may still be in progress.
func startDjango(ctx context.Context, s *site) (*django, error) {
	log, err := s.root.Create("django.log")
	if err != nil {
		return nil, err
	}
	own, end := context.WithCancel(context.WithoutCancel(ctx))
	d := &django{
		cmd: s.command(own, s.interpret, "manage.py", "runserver", "--noreload", "--skip-checks", "127.0.0.1:0"),
		log: log, done: make(chan struct{}), end: end,
	}
	d.cmd.Stderr = log
	out, err := d.cmd.StdoutPipe()
	if err == nil {
		err = d.cmd.Start()
	}
	if err != nil {
		end()
		return nil, fmt.Errorf("%w (%w)", err, log.Close())
	}
	started := make(chan *url.URL, 1)
	go func() {
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			_, _ = fmt.Fprintln(log, lines.Text()) // Django runs on without a log
			if _, address, ok := strings.Cut(lines.Text(), "development server at "); ok {
				if u, err := url.Parse(strings.TrimSuffix(address, "/")); err == nil {
					started <- u
				}
			}
		}
		_ = d.cmd.Wait() // its exit status does not matter
		close(d.done)
	}()
	select {
	case d.url = <-started:
		return d, nil
	case <-ctx.Done():
		return nil, errors.Join(ctx.Err(), d.stop())
	case <-d.done:
		complaint, _ := s.root.ReadFile("django.log")
		return nil, fmt.Errorf("does not start (%w):\n%s", d.stop(), complaint)
	}
}

// stop ends Django and all processes that it has started.
func (d *django) stop() error {
	d.end()
	<-d.done
	killGroup(d.cmd)
	return d.log.Close()
}
