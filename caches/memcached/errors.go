package memcached

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"time"

	"github.com/bradfitz/gomemcache/memcache"

	"github.com/djangobridge/djangobridge/caches"
)

var (
	errWrongKey    = errors.New("the server has answered with another key")
	errForeignItem = errors.New("memcached: swap: the item is not from this cache: use one that Get returned")
	errClosed      = errors.New("the server has closed the connection")
	errBusy        = errors.New("memcached: set: other processes create and remove the key all the time")
	errMemory      = errors.New("the server has no memory left: give it more (-m), or let it evict values (without -M)")
	errAnswer      = errors.New("the server has not answered as memcached does: check LOCATION and the server's log")
)

// failed returns an error of an operation.
func failed(operation string, s *server, err error) error {
	return fmt.Errorf("memcached: %s: %s: %w", operation, s, err)
}

// explain returns the error of an operation of the client. Errors of the client may
// contain keys, so only those of the network are passed on.
func explain(ctx context.Context, operation string, s *server, err error) error {
	switch {
	case err == nil, errors.Is(err, memcache.ErrNotStored), errors.Is(err, memcache.ErrCASConflict):
		return err
	case errors.Is(err, memcache.ErrCacheMiss):
		return caches.ErrMiss
	case ctx.Err() != nil:
		return failed(operation, s, ctx.Err())
	case isLate(ctx, err):
		return failed(operation, s, context.DeadlineExceeded)
	case strings.Contains(err.Error(), "SERVER_ERROR object too large"):
		return failed(operation, s, fmt.Errorf("%w: store less in the session, or raise the server's limit (-I)", caches.ErrTooLarge))
	case strings.Contains(err.Error(), "SERVER_ERROR out of memory"):
		return failed(operation, s, errMemory)
	case errors.Is(err, errWrongKey):
		return failed(operation, s, errWrongKey)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return failed(operation, s, errClosed)
	}
	if _, ok := errors.AsType[connectError](err); ok {
		return failed(operation, s, err)
	}
	if _, ok := errors.AsType[net.Error](err); ok {
		return failed(operation, s, err)
	}
	return failed(operation, s, errAnswer)
}

// A connectError is the error of a connection that could not be made.
type connectError struct{ err error }

func (e connectError) Error() string { return e.err.Error() }

func (e connectError) Unwrap() error { return e.err }

// isLate reports whether a step has ended at the deadline of the context, which ends at
// about the same time.
func isLate(ctx context.Context, err error) bool {
	d, ok := ctx.Deadline()
	return ok && errors.Is(err, os.ErrDeadlineExceeded) && !time.Now().Before(d)
}
