package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// interpreter returns a Python that has this Django release and the clients of all
// caches, and installs what is missing.
func interpreter(ctx context.Context, release string) (string, error) {
	cmd := exec.CommandContext(ctx, filepath.Join("env", "caches"), release) //nolint:gosec // a script of ours
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("no Django %s: %w\n%s", release, err, stderr.String())
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	return lines[len(lines)-1], nil
}

// peer is a Django process; see peer.py.
type peer struct {
	cmd    *exec.Cmd
	in     io.WriteCloser
	out    *bufio.Reader
	stderr bytes.Buffer
}

// startPeer starts a Django process with these settings.
func startPeer(ctx context.Context, python string, settings map[string]any) (*peer, error) {
	cmd := exec.CommandContext(ctx, python, filepath.Join("bench", "peer.py")) //nolint:gosec // likewise
	p := &peer{cmd: cmd}
	// Ctrl-C ends this program alone, which then ends the process and its children. They
	// would wait for each other if only some of them got the signal.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	in, inErr := p.cmd.StdinPipe()
	out, outErr := p.cmd.StdoutPipe()
	p.in, p.out, p.cmd.Stderr = in, bufio.NewReader(out), &p.stderr
	if err := errors.Join(inErr, outErr, p.cmd.Start()); err != nil {
		return nil, err
	}
	if err := p.send(settings); err != nil {
		return nil, errors.Join(err, p.Close())
	}
	return p, nil
}

func (p *peer) send(order map[string]any) error {
	line, err := json.Marshal(order)
	if err == nil {
		_, err = p.in.Write(append(line, '\n'))
	}
	return err
}

// do has Django do something and stores the result in what dst points to.
func (p *peer) do(what string, args map[string]any, dst any) error {
	order := map[string]any{"do": what}
	maps.Copy(order, args)
	if err := p.send(order); err != nil {
		return err
	}
	line, err := p.out.ReadBytes('\n')
	if err != nil {
		return fmt.Errorf("no answer to %q: %w", what, err)
	}
	return json.Unmarshal(line, dst)
}

// timed returns a function that has Django measure something.
func (p *peer) timed(what string, args map[string]any) func(turn time.Duration) (us, allocs float64, err error) {
	return func(turn time.Duration) (us, allocs float64, err error) {
		order := map[string]any{"seconds": turn.Seconds()}
		maps.Copy(order, args)
		err = p.do(what, order, &us)
		return us, 0, err
	}
}

// Close ends the process, which its input does.
func (p *peer) Close() error {
	if err := errors.Join(p.in.Close(), p.cmd.Wait()); err != nil {
		return fmt.Errorf("the Django process ended with %w\n%s", err, p.stderr.String())
	}
	return nil
}
