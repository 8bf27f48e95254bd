package main

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"time"
)

// requests measures how many sessions a number of clients load per second, from a web
// server with that many processes and from one Go process with that many goroutines. The
// quickest turns count.
func (s *site) requests(ctx context.Context, p plan) (django, ours, allocs float64, err error) {
	for range max(1, p.rounds/5) {
		var perSecond float64
		args := map[string]any{"seconds": p.serve.Seconds(), "clients": p.clients}
		if err := s.peer.do("serve", args, &perSecond); err != nil {
			return 0, 0, 0, err
		}
		django = max(django, perSecond)
		perSecond, allocs, err = s.serve(ctx, p)
		if err != nil {
			return 0, 0, 0, err
		}
		ours = max(ours, perSecond)
	}
	return django, ours, allocs, nil
}

// serve is one turn of ours.
func (s *site) serve(ctx context.Context, p plan) (perSecond, allocs float64, err error) {
	counts, errs := make([]int, p.clients), make([]error, p.clients)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	var clients sync.WaitGroup
	start := time.Now()
	for i := range p.clients {
		clients.Go(func() {
			for time.Since(start) < p.serve && errs[i] == nil {
				errs[i] = s.request(ctx, s.keys[(i+counts[i])%len(s.keys)])
				counts[i]++
			}
		})
	}
	clients.Wait()
	elapsed := time.Since(start)
	runtime.ReadMemStats(&after)
	count := 0
	for _, n := range counts {
		count += n
	}
	return float64(count) / elapsed.Seconds(), float64(after.Mallocs-before.Mallocs) / float64(count), errors.Join(errs...)
}

// request loads a session and looks who is logged in, in the context of a request, which
// can end.
func (s *site) request(ctx context.Context, key string) error {
	ctx, end := context.WithCancel(ctx)
	defer end()
	session, err := s.sessions.Load(ctx, key)
	if err != nil {
		return err
	}
	var user string
	return session.Scan("_auth_user_id", &user)
}
