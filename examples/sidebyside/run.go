package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"syscall"
	"time"
)

// options are the settings of the command line.
type options struct {
	addr, dir, python string
	secretKey         string
	fallbacks         []string
	sessionAge        time.Duration
	engine            string
	grace             time.Duration // for requests in progress at the end
}

// engines are the values of the flag -engine: Django's session engines.
func engines() []string { return []string{"db", "cached_db", "cache", "file", "signed_cookies"} }

// run sets up the site, serves it until ctx ends, and leaves no process behind.
func run(ctx context.Context, o options) (err error) {
	front, err := listen(ctx, o.addr) // first, because the setup takes a while
	if err != nil {
		return err
	}
	defer front.Close() //nolint:errcheck // the server has already closed it

	site, err := openSite(o)
	if err != nil {
		return err
	}
	defer site.close()
	if err := site.install(ctx); err != nil {
		return err
	}
	if site.needsRedis() {
		redis, started := startRedis(ctx, site)
		if started != nil {
			return started
		}
		defer func() { err = errors.Join(err, redis.stop()) }()
	}
	if err := site.prepare(ctx); err != nil {
		return err
	}
	settings, err := site.exportSettings(ctx)
	if err != nil {
		return err
	}
	django, err := startDjango(ctx, site)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, django.stop()) }()

	shop, err := newService(ctx, settings, site.database(), site.engine)
	if err != nil {
		return err
	}
	defer shop.close()
	back, err := listen(ctx, "127.0.0.1:0")
	if err != nil {
		return err
	}
	servers := []*http.Server{
		serve(front, newProxy(django.url, &url.URL{Scheme: "http", Host: back.Addr().String()})),
		serve(back, shop.handler()),
	}
	fmt.Printf("\n  http://%s/\n\n  users     ada, and admin for Django's admin site\n  password  %s (until you change it)\n\n"+
		"Django's output is in %s. Ctrl-C ends all.\n", front.Addr(), site.password, site.path("django.log"))

	select {
	case <-ctx.Done():
	case <-django.done:
		err = fmt.Errorf("ended: see %s", site.path("django.log"))
	}
	for _, server := range servers {
		err = errors.Join(err, shutdown(context.WithoutCancel(ctx), server, o.grace))
	}
	return err
}

func listen(ctx context.Context, addr string) (net.Listener, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("%s is taken by another program: choose another address with -addr, or port 0 for a free one", addr)
	}
	return l, err
}

// serve serves until the server is shut down.
func serve(l net.Listener, h http.Handler) *http.Server {
	s := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	go s.Serve(l) //nolint:errcheck // it always returns ErrServerClosed, unless the machine has no sockets left
	return s
}

// shutdown waits for the requests in progress, and closes their connections after the
// grace period.
func shutdown(ctx context.Context, s *http.Server, grace time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, grace)
	defer cancel()
	if err := s.Shutdown(ctx); err != nil {
		return s.Close()
	}
	return nil
}
