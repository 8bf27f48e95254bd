package auth

import (
	"context"
	"errors"
	"fmt"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/py"
)

// LogoutEverywhere deletes every stored session in which the user of this id is logged in, or was, and returns how many those
// were, also along with an error. It goes through all sessions, some at a time, twice at least and until it finds none any
// more, for a session may get another key meanwhile and not be met. That is a matter of minutes with millions of sessions;
// a changed password ends all logins at once. Who logs in later is logged in. The error is [djangosession.ErrReadOnly],
// [djangosession.ErrNoList] or the engine's.
func (a *Auth) LogoutEverywhere(ctx context.Context, userID string) (int, error) {
	return a.logoutExcept(ctx, userID, "")
}

// LogoutElsewhere is [Auth.LogoutEverywhere] for all sessions but this one.
func (a *Auth) LogoutElsewhere(ctx context.Context, userID string, keep *djangosession.Session) (int, error) {
	if keep == nil {
		return a.logoutExcept(ctx, userID, "")
	}
	return a.logoutExcept(ctx, userID, keep.Key())
}

func (a *Auth) logoutExcept(ctx context.Context, userID, keep string) (int, error) {
	if err := a.mayWrite(ctx); err != nil {
		return 0, fmt.Errorf("auth: log out everywhere: %w", err)
	}
	total := 0
	for pass := 1; ; pass++ {
		n, err := a.logoutOnce(ctx, userID, keep)
		total += n
		if err != nil {
			return total, fmt.Errorf("auth: log out everywhere: %w", err)
		}
		if n == 0 && pass > 1 {
			return total, nil
		}
	}
}

// mayWrite returns [djangosession.ErrReadOnly] in read-only mode, be it that of the middleware that ctx comes from.
func (a *Auth) mayWrite(ctx context.Context) error {
	s, err := djangosession.FromContext(ctx)
	switch {
	case a.options.ReadOnly || err == nil && s.ReadOnly():
		return djangosession.ErrReadOnly
	case errors.Is(err, djangosession.ErrNoMiddleware): // a command, no request
		return nil
	}
	return err
}

func (a *Auth) logoutOnce(ctx context.Context, userID, keep string) (n int, err error) {
	for r, err := range a.manager.Records(ctx) {
		if err != nil {
			return n, err
		}
		if r.Data == nil || r.Key == keep {
			continue
		}
		v, _ := r.Data.Get(SessionKey)
		if id, ok := idText(py.Resolve(v)); !ok || !a.sameID(id, userID) {
			continue
		}
		if err := a.manager.Delete(ctx, r.Key); err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}
