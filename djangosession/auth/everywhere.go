package auth

import (
	"context"
	"errors"
	"fmt"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/py"
)

// maxPasses is how often [Auth.LogoutEverywhere] goes through the sessions at most.
const maxPasses = 5

// ErrLoggedInAgain says that [Auth.LogoutEverywhere] still found sessions of the user in its last pass, because the user logs
// in again and again.
var ErrLoggedInAgain = errors.New("auth: sessions of the user kept appearing: " +
	"change the password or deactivate the user first, then log out everywhere again")

// LogoutEverywhere deletes every stored session in which the user of this id is logged in, or was, and returns how many those
// were, also along with an error. It goes through all sessions, some at a time, which takes minutes with millions of
// sessions; a changed password ends all logins at once.
//
// A pass can miss a session only if it gets another key during that pass. Therefore LogoutEverywhere makes at least two
// passes, and more until one finds nothing, five at most. When it returns without an error or with [ErrLoggedInAgain], each
// session that existed when it was called is gone, unless its key was changed once in every pass. Sessions of later logins
// may be gone or not. [ErrLoggedInAgain] says that the last pass still found some. A worker of Django that had loaded a
// session before the call can bring it back by changing its key: Django does not look whether the session is still there.
//
// Other errors are [djangosession.ErrReadOnly], [djangosession.ErrNoList], [djangosession.ErrOutdatedSettings] if there are
// sessions that Django can read and this service cannot, or the engine's. Sessions may be left then.
func (a *Auth) LogoutEverywhere(ctx context.Context, userID string) (int, error) {
	return a.logoutExcept(ctx, userID, nil)
}

// LogoutElsewhere is [Auth.LogoutEverywhere] for all sessions but this one, also if it gets another key in this process
// meanwhile.
func (a *Auth) LogoutElsewhere(ctx context.Context, userID string, keep *djangosession.Session) (int, error) {
	return a.logoutExcept(ctx, userID, keep)
}

func (a *Auth) logoutExcept(ctx context.Context, userID string, keep *djangosession.Session) (int, error) {
	if err := a.mayWrite(ctx); err != nil {
		return 0, fmt.Errorf("auth: log out everywhere: %w", err)
	}
	// Records yields each session that keeps its key for the whole pass, and Delete removes it. A session that survives a
	// pass has therefore changed its key during that pass, before the listing or Delete came to it. A deleted session stays
	// deleted, because Engine.Cycle moves only a session that is there, and Save never creates one. So p passes miss only
	// a session that was there at the beginning and changed its key p times.
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

// mayWrite returns [djangosession.ErrReadOnly] if the manager, or that of the session that
// ctx belongs to, is read-only.
func (a *Auth) mayWrite(ctx context.Context) error {
	s, err := djangosession.FromContext(ctx)
	switch {
	case a.manager.ReadOnly() || err == nil && s.ReadOnly():
		return djangosession.ErrReadOnly
	case errors.Is(err, djangosession.ErrNoMiddleware): // a command, no request
		return nil
	}
	return err
}

func (a *Auth) logoutOnce(ctx context.Context, userID string, keep *djangosession.Session) (n int, err error) {
	var unread error
	for r, err := range a.manager.Records(ctx) {
		if err != nil {
			return n, err
		}
		if errors.Is(r.Err, djangosession.ErrOutdatedSettings) { // Django can read it, and it may be the user's
			unread = r.Err
		}
		if r.Data == nil || keep != nil && r.Key == keep.Key() {
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
	return n, unread
}
