package djangosession_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
)

// TestSavesEndAfterTheSaveTimeout has an engine that never answers by itself.
func TestSavesEndAfterTheSaveTimeout(t *testing.T) {
	t.Parallel()
	s := newShop(t, "6.1", nil)
	s.use(func(o *djangosession.Options) { o.SaveTimeout = 10 * time.Millisecond })
	s.engine.saveWait = func(ctx context.Context) error {
		if end, ok := ctx.Deadline(); !ok || time.Until(end) > time.Second {
			return errors.New("another deadline")
		}
		<-ctx.Done()
		return ctx.Err()
	}
	r := s.visit("", func(_ http.ResponseWriter, r *http.Request) { s.session(r).Set("n", "1") })
	errs, _ := s.told()
	if r.StatusCode != http.StatusInternalServerError || len(errs) != 1 || !errors.Is(errs[0], context.DeadlineExceeded) {
		t.Errorf("status %d, told of %v", r.StatusCode, errs)
	}
}

func TestSavesHaveTenSecondsByDefault(t *testing.T) {
	t.Parallel()
	for _, timeout := range []time.Duration{0, -1} {
		s := newShop(t, "6.1", nil)
		s.use(func(o *djangosession.Options) { o.SaveTimeout = timeout })
		s.engine.saveWait = func(ctx context.Context) error {
			end, ok := ctx.Deadline()
			if left := time.Until(end); !ok || left > djangosession.DefaultSaveTimeout || left < djangosession.DefaultSaveTimeout/2 {
				t.Errorf("%v are left", left)
			}
			return nil
		}
		if r := s.visit("", func(_ http.ResponseWriter, r *http.Request) { s.session(r).Set("n", "1") }); r.StatusCode != http.StatusOK {
			t.Errorf("status %d", r.StatusCode)
		}
	}
}

// TestRenewedSessionsCanBeSavedLater goes on with a session after its renewal, in the same request.
func TestRenewedSessionsCanBeSavedLater(t *testing.T) {
	t.Parallel()
	s := newShop(t, "6.1", nil)
	s.use(func(o *djangosession.Options) { o.RenewBelow = 0.5 })
	s.use(func(o *djangosession.Options) { o.SaveTimeout = time.Second })
	key := s.visitor(map[string]any{"n": "old"})
	s.wait(10 * 24 * time.Hour)
	r := s.visit("sessionid="+key, func(w http.ResponseWriter, r *http.Request) {
		session := s.session(r)
		session.Get("n")
		w.WriteHeader(http.StatusOK)
		session.Set("n", "late")
	})
	errs, events := s.told()
	if errs != nil || len(events) != 2 || events[0].Reason != djangosession.SaveRenewed || events[1].Reason != djangosession.SaveLate {
		t.Errorf("told of %v, %v", errs, events)
	}
	if r.Header.Get("Set-Cookie") == "" || s.stored(key) != "late" {
		t.Errorf("stored %q, header %v", s.stored(key), r.Header)
	}
}

// TestReadOnlySessionsRefuseEverything calls all that would write: nothing changes, in memory either.
func TestReadOnlySessionsRefuseEverything(t *testing.T) {
	t.Parallel()
	for _, merge := range []bool{false, true} {
		s := newShop(t, "6.1", nil)
		s.use(func(o *djangosession.Options) { o.MergeSaves = merge })
		key := s.visitor(map[string]any{"n": "old"})
		s.use(func(o *djangosession.Options) { o.ReadOnly = true })
		s.visit("sessionid="+key, func(_ http.ResponseWriter, r *http.Request) {
			session := s.session(r)
			if !session.ReadOnly() {
				t.Error("it does not say so")
			}
			for name, write := range map[string]func(context.Context) error{
				"Save": session.Save, "SaveMustCreate": session.SaveMustCreate, "Create": session.Create, "Flush": session.Flush,
				"CycleKey": session.CycleKey, "DeleteStored": session.DeleteStored,
			} {
				if err := write(r.Context()); !errors.Is(err, djangosession.ErrReadOnly) {
					t.Errorf("%s: error %v", name, err)
				}
				if v, _ := session.Get("n"); v != "old" || session.Key() != key || session.Modified() {
					t.Errorf("%s: something was changed", name)
				}
			}
		})
		if s.stored(key) != "old" {
			t.Errorf("stored %q", s.stored(key))
		}
		if !s.Manager.ReadOnly() || !s.Manager.New().ReadOnly() {
			t.Error("the manager and sessions outside of requests do not say so")
		}
		_, clearErr := s.Manager.ClearExpired(t.Context(), djangosession.ClearOptions{})
		for _, err := range []error{clearErr, s.Manager.Delete(t.Context(), key), s.Manager.New().Save(t.Context())} {
			if !errors.Is(err, djangosession.ErrReadOnly) {
				t.Errorf("outside of requests: error %v", err)
			}
		}
	}
}
