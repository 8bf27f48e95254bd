package main

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestInterruptEndsThePeer has a process in place of Django wait for a child, which keeps
// the output open.
func TestInterruptEndsThePeer(t *testing.T) {
	t.Parallel()
	program := filepath.Join(t.TempDir(), "python")
	const script = "#!/bin/sh\nread settings\nread order\nsleep 60 &\necho '\"started\"'\nwait\n"
	if err := os.WriteFile(program, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	ctx, interrupt := context.WithCancel(t.Context())
	p, err := startPeer(ctx, program, map[string]any{})
	if err != nil {
		t.Fatal(err)
	}
	var answer string
	if err := p.do("begin", nil, &answer); err != nil || answer != "started" {
		t.Fatalf("%q, %v", answer, err)
	}
	ended := make(chan error)
	go func() { ended <- p.do("serve", nil, &answer) }()
	interrupt()
	select {
	case err := <-ended:
		if err == nil {
			t.Error("there is an answer")
		}
	case <-time.After(10 * time.Second):
		t.Fatal("the bench hangs")
	}
	if err := p.Close(); err == nil {
		t.Error("the process has ended by itself")
	}
}
