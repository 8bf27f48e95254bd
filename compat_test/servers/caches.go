package servers

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Caches for which New prepares servers. They keep nothing on disk, so that what they
// hold does not survive Stop.
const (
	Redis     = "redis"
	Valkey    = "valkey" // from the script env/databases
	Memcached = "memcached"
	// Sentinel watches servers of Redis. Its options are lines of its configuration.
	Sentinel = "sentinel"
)

func isCache(name string) bool {
	return name == Redis || name == Valkey || name == Memcached || name == Sentinel
}

// initCache prepares the command of a cache.
func (s *Server) initCache() error {
	folders, err := programs()
	if err != nil {
		return err
	}
	port := strconv.Itoa(s.Port)
	program := filepath.Join(folders[4], "redis-server")
	options := []string{"--port", port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", s.dir}
	further := s.options
	switch s.Name {
	case Valkey:
		valkey, err := script("databases", 2, Valkey)
		if err != nil {
			return err
		}
		program = filepath.Join(valkey[0], "valkey-server")
	case Memcached:
		program = filepath.Join(folders[5], "memcached")
		options = []string{"-l", "127.0.0.1", "-p", port, "-U", "0", "-u", "root"}
	case Sentinel:
		file := filepath.Join(s.dir, "sentinel.conf") // in which Sentinel also keeps its state
		text := "port " + port + "\nbind 127.0.0.1\ndir " + s.dir + "\n" + strings.Join(s.options, "\n") + "\n"
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			return err
		}
		options, further = []string{file, "--sentinel"}, nil
	}
	options = slices.Concat(options, further)
	s.command = func() *exec.Cmd {
		return exec.CommandContext(context.Background(), program, options...) //nolint:gosec // the tests' own
	}
	return nil
}

// Addr returns the address of the server, host and port.
func (s *Server) Addr() string { return "127.0.0.1:" + strconv.Itoa(s.Port) }

// awaitCache waits until the cache answers. A Redis that wants a password or still loads
// its data answers with an error, which is an answer.
func (s *Server) awaitCache() error {
	for deadline := time.Now().Add(time.Minute); ; {
		err := s.pingCache()
		if err == nil || time.Now().After(deadline) {
			return err
		}
		select {
		case <-s.ended:
			return errors.Join(errEnded, err)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func (s *Server) pingCache() error {
	c, err := (&net.Dialer{Timeout: time.Second}).DialContext(context.Background(), "tcp", s.Addr())
	if err != nil {
		return err
	}
	defer c.Close() //nolint:errcheck // it was only read
	if err := c.SetDeadline(time.Now().Add(time.Second)); err != nil {
		return err
	}
	command := "PING\r\n"
	if s.Name == Memcached {
		command = "version\r\n"
	}
	if _, err := c.Write([]byte(command)); err != nil {
		return err
	}
	answer := make([]byte, 100)
	n, err := c.Read(answer)
	if err != nil {
		return err
	}
	if !bytes.ContainsRune(answer[:n], '\n') {
		return fmt.Errorf("%s answers %q", s.Name, answer[:n])
	}
	return nil
}
