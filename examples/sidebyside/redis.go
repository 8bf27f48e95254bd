package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// redis is a private Redis server, with a password and on a port of its own. It keeps the
// sessions in the folder of the site when it ends.
type redis struct {
	cmd  *exec.Cmd
	log  *os.File
	done chan struct{} // closed when it has ended
	end  context.CancelFunc
}

// startRedis starts a server, makes it the site's, and returns when it accepts
// connections. The caller must stop it, after Django.
func startRedis(ctx context.Context, s *site) (*redis, error) {
	program, err := exec.LookPath("redis-server")
	if err != nil {
		program, err = exec.LookPath("valkey-server")
	}
	if err != nil {
		return nil, fmt.Errorf("neither redis-server nor valkey-server is on the path, and sessions of -engine %s are in Redis: "+
			"install it, or choose another engine", s.engine)
	}
	l, err := listen(ctx, "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	addr, _ := l.Addr().(*net.TCPAddr)
	if err := l.Close(); err != nil {
		return nil, err
	}
	log, err := s.root.Create("redis.log")
	if err != nil {
		return nil, err
	}
	own, end := context.WithCancel(context.WithoutCancel(ctx))
	r := &redis{cmd: s.command(own, program, "-"), log: log, done: make(chan struct{}), end: end}
	password := rand.Text()
	// Other users see command lines, so the settings go in here.
	const settings = "bind 127.0.0.1\nport %d\nrequirepass %s\ndir %s\ndbfilename redis.rdb\nsave 3600 1\n"
	r.cmd.Stdin = strings.NewReader(fmt.Sprintf(settings, addr.Port, password, strconv.Quote(s.dir)))
	r.cmd.Stdout, r.cmd.Stderr = log, log
	if err := r.cmd.Start(); err != nil {
		end()
		return nil, errors.Join(err, log.Close())
	}
	go func() {
		_ = r.cmd.Wait() // its exit status does not matter
		close(r.done)
	}()
	s.redis = (&url.URL{Scheme: "redis", User: url.UserPassword("", password), Host: addr.String(), Path: "/0"}).String()
	if err := r.await(ctx, s, addr.String()); err != nil {
		return nil, err
	}
	return r, nil
}

// await waits until the server accepts connections.
func (r *redis) await(ctx context.Context, s *site, addr string) error {
	for {
		conn, err := (&net.Dialer{Timeout: time.Second}).DialContext(ctx, "tcp", addr)
		if err == nil {
			return conn.Close()
		}
		select {
		case <-ctx.Done():
			return errors.Join(ctx.Err(), r.stop())
		case <-r.done:
			complaint, _ := s.root.ReadFile("redis.log")
			return fmt.Errorf("redis does not start (%w):\n%s", r.stop(), complaint)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// stop ends the server, which then stores its data.
func (r *redis) stop() error {
	r.end()
	<-r.done
	killGroup(r.cmd)
	return r.log.Close()
}
