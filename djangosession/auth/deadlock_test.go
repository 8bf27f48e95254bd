package auth_test

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/auth"
)

// TestHooksOfTheEngineMayAskForTheUser asks in a hook that is called while the session is
// locked and another goroutine, which determines the user, waits for the session.
func TestHooksOfTheEngineMayAskForTheUser(t *testing.T) {
	t.Parallel()
	userFrom := func(ctx context.Context) error { _, err := auth.UserFrom(ctx); return err }
	for _, c := range []struct {
		name         string
		locks, waits func(site *site, ctx context.Context) error
		known        bool // the user was determined before
	}{
		{
			name:  "load",
			locks: func(_ *site, ctx context.Context) error { _, err := djangosession.FromContext(ctx); return err },
			waits: func(_ *site, ctx context.Context) error { return userFrom(ctx) },
		},
		{
			name:  "save",
			locks: func(_ *site, ctx context.Context) error { return onSession(ctx, (*djangosession.Session).Save) },
			waits: func(site *site, ctx context.Context) error { return site.auth.Login(ctx, site.people.user("1")) },
		},
		{
			name:  "new key",
			locks: func(_ *site, ctx context.Context) error { return onSession(ctx, (*djangosession.Session).CycleKey) },
			waits: func(site *site, ctx context.Context) error { return site.auth.Logout(ctx) },
			known: true,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				site := newSite(t, "5.2.19", nil)
				key := site.session(t, bob(nil)).Key()
				waiting, asked := make(chan error, 1), false
				var request *http.Request // once the handler has it
				ask := func(ctx context.Context) {
					if request == nil || asked {
						return
					}
					asked = true
					go func() { waiting <- c.waits(site, request.Context()) }() //nolint:contextcheck // the request's
					synctest.Wait()
					u, err := auth.UserFrom(ctx)
					if c.known && (err != nil || name(u) != "bob") || !c.known && (err == nil || errors.Is(err, auth.ErrNoMiddleware)) {
						t.Errorf("the hook gets %v, %v", u, err)
					}
				}
				site.with(t, djangosession.Options{
					OnLoad:  func(ctx context.Context, _ djangosession.LoadEvent) { ask(ctx) },
					OnStore: func(ctx context.Context, _ djangosession.StoreEvent) { ask(ctx) },
				})
				site.ask(t.Context(), key, func(_ http.ResponseWriter, r *http.Request) {
					if c.name != "load" {
						if _, err := djangosession.FromContext(r.Context()); err != nil {
							t.Error(err)
						}
					}
					if c.known {
						if err := userFrom(r.Context()); err != nil {
							t.Error(err)
						}
					}
					request = r
					if err := c.locks(site, r.Context()); err != nil {
						t.Error(err)
					}
					if err := <-waiting; err != nil {
						t.Error(err)
					}
				})
			})
		})
	}
}

// onSession calls a method of the session of a request.
func onSession(ctx context.Context, do func(*djangosession.Session, context.Context) error) error {
	s, err := djangosession.FromContext(ctx)
	if err != nil {
		return err
	}
	return do(s, ctx)
}

// slowUsers answer after an hour, and ignore ctx until then.
type slowUsers struct{ *memoryUsers }

func (u slowUsers) Get(ctx context.Context, id string) (*auth.User, error) {
	time.Sleep(time.Hour)
	return u.memoryUsers.Get(ctx, id)
}

func (u slowUsers) Permissions(ctx context.Context, user *auth.User) ([]string, error) {
	time.Sleep(time.Hour)
	return u.memoryUsers.Permissions(ctx, user)
}

// TestWaitingForTheUserEndsWithTheContext asks again while the first question is not
// answered.
func TestWaitingForTheUserEndsWithTheContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		site := newSite(t, "5.2.19", nil)
		key := site.session(t, bob(nil)).Key()
		var err error
		if site.auth, err = auth.New(site.manager, slowUsers{site.people}, auth.Options{}); err != nil {
			t.Fatal(err)
		}
		site.ask(t.Context(), key, func(_ http.ResponseWriter, r *http.Request) {
			ctx, cancel := context.WithTimeout(r.Context(), time.Second)
			defer cancel()
			first := make(chan *auth.User, 1)
			go func() { //nolint:contextcheck // the request's
				u, err := auth.UserFrom(r.Context())
				if err != nil {
					t.Error(err)
				}
				first <- u
			}()
			synctest.Wait()
			_, userErr := auth.UserFrom(ctx)
			_, realErr := auth.RealUserFrom(ctx)
			loginErr := site.auth.Login(ctx, site.people.user("1"))
			u := <-first
			var slow sync.WaitGroup
			defer slow.Wait()
			slow.Go(func() { _, _ = u.HasPerm(r.Context(), "shop.add_order") }) //nolint:contextcheck // the request's
			synctest.Wait()
			ctx, cancel = context.WithTimeout(r.Context(), time.Second)
			defer cancel()
			_, permErr := u.HasPerm(ctx, "shop.add_order")
			_, groupsErr := u.Groups(ctx)
			for what, err := range map[string]error{
				"UserFrom": userErr, "RealUserFrom": realErr, "Login": loginErr, "HasPerm": permErr, "Groups": groupsErr,
			} {
				if !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("%s: %v", what, err)
				}
			}
		})
	})
}
