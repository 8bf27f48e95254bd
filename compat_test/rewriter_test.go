package compat_test

import (
	"io"
	"net"
	"regexp"
	"strconv"
	"sync"
	"testing"
)

// newRewriter returns the address of a server whose answers are changed: those that match
// find get another number in the place of the last group, with as many digits.
func newRewriter(t *testing.T, address string, find *regexp.Regexp, change func(number int64) int64) string {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial("tcp", address) //nolint:noctx // ends with the connection
			if err != nil {
				_ = client.Close()
				return
			}
			wg.Go(func() {
				_, _ = io.Copy(server, client) // it ends with the connection
				_ = server.Close()
			})
			wg.Go(func() { carryRewritten(client, server, find, change) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		wg.Wait()
	})
	return l.Addr().String()
}

func carryRewritten(client, server net.Conn, find *regexp.Regexp, change func(int64) int64) {
	defer client.Close() //nolint:errcheck // it is over
	b := make([]byte, 1<<16)
	for {
		n, err := server.Read(b)
		if err != nil {
			return
		}
		if at := find.FindSubmatchIndex(b[:n]); at != nil {
			digits := b[at[len(at)-2]:at[len(at)-1]]
			number, _ := strconv.ParseInt(string(digits), 10, 64) // they are digits
			if changed := strconv.FormatInt(change(number), 10); len(changed) == len(digits) {
				copy(digits, changed)
			}
		}
		if _, err := client.Write(b[:n]); err != nil {
			return
		}
	}
}
