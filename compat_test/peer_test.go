// Package compat_test tries the packages of this module beside real Django processes.
package compat_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/djangobridge/djangobridge/py"
	"github.com/djangobridge/djangobridge/py/pyjson"
)

// peer is a Django process; see peer.py.
type peer struct {
	mu     sync.Mutex
	in     io.Writer
	out    *bufio.Reader
	stderr *lockedBuffer
}

// lockedBuffer can be read while a process still writes to it.
type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// startPeer starts a Django process with these settings and creates its tables. It ends
// with the test.
func startPeer(t *testing.T, release string, settings map[string]any) *peer {
	t.Helper()
	return startPeerWith(t, python(t, release), release, settings)
}

// startPeerWith is startPeer with this interpreter.
func startPeerWith(t *testing.T, interpreter, release string, settings map[string]any) *peer {
	t.Helper()
	// The process ends when its input ends, with the test. The test's context would kill
	// it earlier.
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), interpreter, filepath.Join("peers", "peer.py"))
	in, inErr := cmd.StdinPipe()
	out, outErr := cmd.StdoutPipe()
	p := &peer{in: in, stderr: &lockedBuffer{}}
	cmd.Stderr = p.stderr
	if err := errors.Join(inErr, outErr); err != nil {
		t.Fatal(err)
	}
	p.out = bufio.NewReader(out)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(in.Close(), cmd.Wait()); err != nil {
			t.Errorf("Django ended with %v\n%s", err, p.stderr.String())
		}
	})
	p.send(t, settings)
	if got := p.receive(t); got != release {
		t.Fatalf("the environment has Django %v, want %s", got, release)
	}
	p.do(t, "migrate", nil)
	return p
}

func (p *peer) send(t *testing.T, order map[string]any) {
	t.Helper()
	v, err := py.From(order)
	if err != nil {
		t.Fatal(err)
	}
	line, err := pyjson.Dumps(v)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.in.Write(append(line, '\n')); err != nil {
		t.Fatalf("Django has gone: %v\n%s", err, p.stderr.String())
	}
}

// receive returns Django's answer. An exception in Django is an error with its name.
func (p *peer) receive(t *testing.T) any {
	t.Helper()
	v, err := p.answer()
	if err != nil {
		t.Fatalf("Django: %v\n%s", err, p.stderr.String())
	}
	return v
}

// raised is the class of an exception.
type raised string

func (r raised) Error() string { return "raises " + string(r) }

func (p *peer) answer() (any, error) {
	line, err := p.out.ReadBytes('\n')
	if err != nil {
		return nil, fmt.Errorf("no answer: %w", err)
	}
	d, err := pyjson.LoadsDict(line)
	if err != nil {
		return nil, err
	}
	if class, ok := d.Get("raises"); ok {
		name, _ := py.Resolve(class).(string)
		return nil, raised(name)
	}
	v, _ := d.Get("ok")
	return py.Resolve(v), nil
}

// try does something in Django and returns the result, or the exception as an error.
func (p *peer) try(t *testing.T, what string, args map[string]any) (any, error) {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	order := map[string]any{"do": what}
	maps.Copy(order, args)
	p.send(t, order)
	return p.answer()
}

// do does something in Django that must succeed, and returns the result.
func (p *peer) do(t *testing.T, what string, args map[string]any) any {
	t.Helper()
	v, err := p.try(t, what, args)
	if err != nil {
		t.Fatalf("Django: %s %v\n%s", what, err, p.stderr.String())
	}
	return v
}

// text is do for a result that is text.
func (p *peer) text(t *testing.T, what string, args map[string]any) string {
	t.Helper()
	s, ok := p.do(t, what, args).(string)
	if !ok {
		t.Fatalf("Django: %s gave no text", what)
	}
	return s
}

// loaded is a session as Django loads it.
type loaded struct {
	Key     *string `json:"key"`
	Payload string  `json:"payload"`
	Values  any     `json:"-"`
}

func (p *peer) load(t *testing.T, key string) loaded {
	t.Helper()
	answer := p.do(t, "load", map[string]any{"key": key})
	var l loaded
	if err := py.Scan(answer, &l, nil); err != nil {
		t.Fatal(err)
	}
	d, _ := answer.(*py.Dict)
	l.Values, _ = d.Get("values")
	return l
}

// manyValues is JSON of all kinds of values that a session may contain.
const manyValues = `{"int":9007199254740993,"huge":123456789012345678901234567890,"float":1.0,"small":1e-05,"large":1e+16,` +
	`"zero":-0.0,"nan":NaN,"inf":-Infinity,"text":"h\u00e9\u2603\ud83d\ude00\u007f<&>\"\\\n","lone":"\ud83d","none":null,"true":true,` +
	`"nested":{"":[[],{},"x",{"b":1,"a":[1.5,2]}]},"_auth_user_id":"1"}`

func many(t *testing.T) *py.Dict {
	t.Helper()
	v, err := pyjson.LoadsString(manyValues)
	if err != nil {
		t.Fatal(err)
	}
	d, ok := v.(*py.Dict)
	if !ok {
		t.Fatal("no dict")
	}
	return d
}
