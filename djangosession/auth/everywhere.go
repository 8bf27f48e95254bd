package auth

import (
	"context"
	"fmt"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/py"
)

// LogoutEverywhere deletes every stored session in which the user of this id is logged in, or was, and returns how many those
// were, also along with an error. It goes through all sessions, some at a time, until it finds none any more, for a session
// may get another key meanwhile. That is a matter of minutes with millions of sessions; a changed password ends all
// logins at once. Who logs in later is logged in. The error is [djangosession.ErrReadOnly],
// [djangosession.ErrNoList] or the engine's.
func (a *Auth) LogoutEverywhere(ctx context.Context, userID string) (int, error) {
	return a.logoutExcept(ctx, userID, "")
}

// LogoutElsewhere is [Auth.LogoutEverywhere] for all sessions but this one.
func (a *Auth) LogoutElsewhere(ctx context.Context, userID string, keep *djangosession.Session) (int, error) {
	return a.logoutExcept(ctx, userID, keep.Key())
}

func (a *Auth) logoutExcept(ctx context.Context, userID, keep string) (int, error) {
	if a.options.ReadOnly {
		return 0, fmt.Errorf("auth: log out everywhere: %w", djangosession.ErrReadOnly)
	}
	total := 0
	for {
		n, err := a.logoutOnce(ctx, userID, keep)
		total += n
		if err != nil {
			return total, fmt.Errorf("auth: log out everywhere: %w", err)
		}
		if n == 0 {
			return total, nil
		}
	}
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
		if id, ok := idText(py.Resolve(v)); !ok || !sameID(id, userID) {
			continue
		}
		if err := a.manager.Delete(ctx, r.Key); err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}
