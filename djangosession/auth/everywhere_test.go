package auth_test

import (
	"context"
	"errors"
	"iter"
	"log/slog"
	"math/big"
	"testing"
	"testing/synctest"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/auth"
	"github.com/djangobridge/djangobridge/djangosession/memory"
)

// interfering is an engine that runs functions while sessions are listed and deleted.
type interfering struct {
	*memory.Engine
	listing  func(pass int) error                        // called at the end of each listing
	deleting func(n int) error                           // called before the nth deletion
	begins   func(pass int, all []*djangosession.Record) // called when the keys of a listing are known
	passes   int
	deleted  int
}

func (e *interfering) Records(ctx context.Context) iter.Seq2[*djangosession.Record, error] {
	e.passes++
	return func(yield func(*djangosession.Record, error) bool) {
		var all []*djangosession.Record
		for r, err := range e.Engine.Records(ctx) {
			if err != nil {
				yield(nil, err)
				return
			}
			all = append(all, r)
		}
		if e.begins != nil {
			e.begins(e.passes, all)
		}
		for _, r := range all {
			if !yield(r, nil) {
				return
			}
		}
		if e.listing != nil {
			if err := e.listing(e.passes); err != nil {
				yield(nil, err)
			}
		}
	}
}

func (e *interfering) Delete(ctx context.Context, key string) error {
	e.deleted++
	if e.deleting != nil {
		if err := e.deleting(e.deleted); err != nil {
			return err
		}
	}
	return e.Engine.Delete(ctx, key)
}

// interfere returns an engine that wraps the site's, and an Auth that uses it.
func (s *site) interfere(t *testing.T) (*interfering, *auth.Auth) {
	t.Helper()
	e := &interfering{Engine: s.engine}
	manager, err := djangosession.NewManager(e, s.manager.Settings(), djangosession.Options{})
	if err != nil {
		t.Fatal(err)
	}
	a, err := auth.New(manager, s.people, auth.Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	return e, a
}

// TestLogoutEverywhereEnds logs the user in whenever a session is deleted.
func TestLogoutEverywhereEnds(t *testing.T) {
	t.Parallel()
	site := newSite(t, "5.2.19", nil)
	before := []string{site.login(t, "2").Key(), site.login(t, "2").Key()}
	e, a := site.interfere(t)
	e.deleting = func(int) error { site.login(t, "2"); return nil }
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	n, err := a.LogoutEverywhere(ctx, "2")
	if !errors.Is(err, auth.ErrLoggedInAgain) || n != e.deleted || e.passes != 5 {
		t.Errorf("%d sessions, %v after %d passes", n, err, e.passes)
	}
	for _, key := range before {
		if site.stored(key) {
			t.Error("a session from before the call remains")
		}
	}
	e.deleting = nil // as after a password change
	if n, err := a.LogoutEverywhere(t.Context(), "2"); n != 2 || err != nil {
		t.Errorf("then %d sessions, %v", n, err)
	}
}

// TestLogoutEverywhereFindsSessionsThatMove changes the key of a session in the first
// passes, between listing and deletion.
func TestLogoutEverywhereFindsSessionsThatMove(t *testing.T) {
	t.Parallel()
	for moves := range 4 {
		site := newSite(t, "5.2.19", nil)
		moving := site.login(t, "2")
		e, a := site.interfere(t)
		e.begins = func(pass int, _ []*djangosession.Record) {
			if pass <= moves {
				if err := moving.CycleKey(t.Context()); err != nil {
					t.Error(err)
				}
			}
		}
		if _, err := a.LogoutEverywhere(t.Context(), "2"); err != nil || len(keys(t, site)) > 0 {
			t.Errorf("moved %d times: %v, %d sessions are left", moves, err, len(keys(t, site)))
		}
	}
}

func TestLogoutElsewhereKeepsASessionThatMoves(t *testing.T) {
	t.Parallel()
	site := newSite(t, "5.2.19", nil)
	mine := site.login(t, "2")
	site.login(t, "2")
	e, a := site.interfere(t)
	e.listing = func(pass int) error {
		if pass == 1 {
			return mine.CycleKey(t.Context())
		}
		return nil
	}
	if n, err := a.LogoutElsewhere(t.Context(), "2", mine); n != 1 || err != nil || !site.stored(mine.Key()) {
		t.Errorf("%d sessions, %v, mine is stored: %v", n, err, site.stored(mine.Key()))
	}
}

// slowCycle is an engine whose Cycle waits before it returns, while the session is
// already stored under its new key.
type slowCycle struct {
	*memory.Engine
	done chan struct{}
}

func (e slowCycle) Cycle(ctx context.Context, key string, change func(*djangosession.Record) error) error {
	err := e.Engine.Cycle(ctx, key, change)
	<-e.done
	return err
}

func TestLogoutElsewhereKeepsASessionThatIsMoving(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		site := newSite(t, "5.2.19", nil)
		engine := slowCycle{site.engine, make(chan struct{})}
		site.build(t, engine, site.manager.Settings(), djangosession.Options{})
		mine := site.login(t, "2")
		site.login(t, "2")
		moved := make(chan error, 1)
		go func() { moved <- mine.CycleKey(t.Context()) }()
		synctest.Wait()
		n, ended := 0, make(chan error, 1)
		go func() {
			var err error
			n, err = site.auth.LogoutElsewhere(t.Context(), "2", mine)
			ended <- err
		}()
		synctest.Wait()
		close(engine.done)
		if err := errors.Join(<-moved, <-ended); err != nil || n != 1 || !site.stored(mine.Key()) {
			t.Errorf("%d sessions, %v, mine is stored: %v", n, err, site.stored(mine.Key()))
		}
	})
}

// The session that stays is moving for longer than the caller waits.
func TestLogoutElsewhereWaitsNoLongerThanItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		site := newSite(t, "5.2.19", nil)
		engine := slowCycle{site.engine, make(chan struct{})}
		site.build(t, engine, site.manager.Settings(), djangosession.Options{})
		mine := site.login(t, "2")
		moved := make(chan error, 1)
		go func() { moved <- mine.CycleKey(t.Context()) }()
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if n, err := site.auth.LogoutElsewhere(ctx, "2", mine); n != 0 || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%d sessions, %v", n, err)
		}
		close(engine.done)
		if err := <-moved; err != nil || !site.stored(mine.Key()) {
			t.Errorf("%v, mine is stored: %v", err, site.stored(mine.Key()))
		}
	})
}

// TestLogoutEverywhereReportsFailures covers a failing listing and a failing deletion.
func TestLogoutEverywhereReportsFailures(t *testing.T) {
	t.Parallel()
	away := errors.New("the database is away")
	for name, c := range map[string]struct {
		fail func(*interfering)
		want int
	}{
		"the first listing":   {fail: func(e *interfering) { e.listing = func(int) error { return away } }, want: 3},
		"the second deletion": {fail: func(e *interfering) { e.deleting = failFrom(2, away) }, want: 1},
		"the second listing":  {fail: func(e *interfering) { e.listing = failFrom(2, away) }, want: 3},
	} {
		site := newSite(t, "5.2.19", nil)
		for range 3 {
			site.login(t, "2")
		}
		e, a := site.interfere(t)
		c.fail(e)
		if n, err := a.LogoutEverywhere(t.Context(), "2"); n != c.want || !errors.Is(err, away) || errors.Is(err, auth.ErrLoggedInAgain) {
			t.Errorf("%s: %d sessions, %v", name, n, err)
		}
		c.fail(e)
		e.passes, e.deleted = 2, 2
		if _, err := a.LogoutElsewhere(t.Context(), "2", nil); !errors.Is(err, away) {
			t.Errorf("%s, elsewhere: %v", name, err)
		}
	}
}

// TestLogoutEverywhereOfALargeID uses the id of a model with large numbers, in a session
// older than Django 1.9.
func TestLogoutEverywhereOfALargeID(t *testing.T) {
	t.Parallel()
	site := newSite(t, "5.2.19", nil)
	large := new(big.Int).Lsh(big.NewInt(1), 70)
	site.session(t, map[string]any{auth.SessionKey: large})
	if n, err := site.auth.LogoutEverywhere(t.Context(), large.String()); n != 1 || err != nil {
		t.Errorf("%d sessions, %v", n, err)
	}
}

// failFrom returns a function that fails from its nth call on.
func failFrom(n int, err error) func(int) error {
	return func(call int) error {
		if call < n {
			return nil
		}
		return err
	}
}

func TestLogoutEverywhereNeedsAListOfSessions(t *testing.T) {
	t.Parallel()
	site := newSite(t, "5.2.19", nil)
	site.login(t, "2")
	manager, err := djangosession.NewManager(struct{ djangosession.Engine }{site.engine}, site.manager.Settings(), djangosession.Options{})
	if err != nil {
		t.Fatal(err)
	}
	a, err := auth.New(manager, site.people, auth.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if n, err := a.LogoutEverywhere(t.Context(), "2"); n != 0 || !errors.Is(err, djangosession.ErrNoList) {
		t.Errorf("%d sessions, %v", n, err)
	}
}
