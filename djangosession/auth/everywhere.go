package auth

import (
	"context"
	"errors"
	"fmt"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/py"
)

// maxPasses is the maximum number of passes of [Auth.LogoutEverywhere].
const maxPasses = 5

// ErrLoggedInAgain is returned if the last pass of [Auth.LogoutEverywhere] still found
// sessions of the user, because the user keeps logging in.
var ErrLoggedInAgain = errors.New("auth: sessions of the user kept appearing: " +
	"change the password or deactivate the user first, then log out everywhere again")

// LogoutEverywhere deletes every stored session in which the user with this id is or was
// logged in. It returns the number of deleted sessions, even with an error. It goes
// through all sessions in batches, which takes minutes for millions of sessions, or
// through those that a [djangosession.UserLister] selects, such as an engine of package
// tables with Options.UserColumn. Engines may use several cores for it. A password change
// ends all logins at once.
//
// A pass misses a session only if the session gets a new key during that pass. Therefore
// LogoutEverywhere makes at least two passes and at most five, until a pass finds
// nothing. When it returns nil or [ErrLoggedInAgain], every session that existed at the
// call is gone, unless its key changed in every pass. Sessions of later logins may or may
// not be gone. [ErrLoggedInAgain] means that the last pass still found some. A Django
// worker that loaded a session before the call can restore it by changing its key,
// because Django does not check that the session still exists.
//
// Other errors are [djangosession.ErrReadOnly], [djangosession.ErrNoList],
// [djangosession.ErrOutdatedSettings] if Django can read some sessions that this service
// cannot, and those of the engine. Sessions of the user may remain after these.
func (a *Auth) LogoutEverywhere(ctx context.Context, userID string) (int, error) {
	return a.logoutExcept(ctx, userID, nil)
}

// LogoutElsewhere is [Auth.LogoutEverywhere] for all sessions except keep, even if keep
// gets a new key in this process during the call. It waits for calls of keep that use the
// engine at the moment.
func (a *Auth) LogoutElsewhere(ctx context.Context, userID string, keep *djangosession.Session) (int, error) {
	return a.logoutExcept(ctx, userID, keep)
}

func (a *Auth) logoutExcept(ctx context.Context, userID string, keep *djangosession.Session) (int, error) {
	if err := a.mayWrite(ctx); err != nil {
		return 0, fmt.Errorf("auth: log out everywhere: %w", err)
	}
	// RecordsOfUser yields each session of the user that keeps its key for the whole
	// pass, and Delete removes it. A session that survives a pass has therefore changed
	// its key during that pass, before the listing or Delete reached it. A deleted
	// session stays deleted, because Engine.Cycle moves only existing sessions, and Save
	// never creates one. So p passes miss only sessions that existed at the start and
	// changed their key p times.
	total := 0
	for pass := 1; ; pass++ {
		n, err := a.logoutOnce(ctx, userID, keep)
		total += n
		switch {
		case err != nil:
			return total, fmt.Errorf("auth: log out everywhere: %w", err)
		case n == 0 && pass > 1:
			return total, nil
		case pass == maxPasses:
			return total, fmt.Errorf("%w (%d in pass %d)", ErrLoggedInAgain, n, pass)
		}
	}
}

// mayWrite returns [djangosession.ErrReadOnly] if the manager is read-only, or the
// manager of the session in ctx.
func (a *Auth) mayWrite(ctx context.Context) error {
	s, err := djangosession.FromContext(ctx)
	switch {
	case a.manager.ReadOnly() || err == nil && s.ReadOnly():
		return djangosession.ErrReadOnly
	case errors.Is(err, djangosession.ErrNoMiddleware): // a command without a request
		return nil
	}
	return err
}

func (a *Auth) logoutOnce(ctx context.Context, userID string, keep *djangosession.Session) (n int, err error) {
	var unread error
	for r, err := range a.manager.RecordsOfUser(ctx, userID) {
		if err != nil {
			return n, err
		}
		if errors.Is(r.Err, djangosession.ErrOutdatedSettings) { // Django can read it, and it may belong to the user
			unread = r.Err
		}
		if r.Data == nil {
			continue
		}
		v, _ := r.Data.Get(SessionKey)
		if id, ok := idText(py.Resolve(v)); !ok || !a.sameID(id, userID) {
			continue
		}
		if is, err := isKept(ctx, keep, r.Key); err != nil {
			return n, err
		} else if is {
			continue
		}
		if err := a.manager.Delete(ctx, r.Key); err != nil {
			return n, err
		}
		n++
	}
	return n, unread
}

// isKept reports whether a key is that of the session to keep, if there is one.
func isKept(ctx context.Context, keep *djangosession.Session, key string) (bool, error) {
	if keep == nil {
		return false, nil
	}
	kept, err := keep.SettledKey(ctx)
	return key == kept, err
}
