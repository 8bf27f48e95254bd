package files_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
)

// replaceAsDjango stores a session with another value, as Django does.
func (s *site) replaceAsDjango(t *testing.T, key string) {
	t.Helper()
	session := s.load(t, key)
	session.Set("django", 1)
	codec, err := djangosession.NewCodec(s.sessions.Settings())
	must(t, err)
	text, err := codec.Encode(session.Dict())
	must(t, err)
	must(t, os.WriteFile(s.path(key)+"_out_djangotm", []byte(text), 0o600))
	must(t, os.Rename(s.path(key)+"_out_djangotm", s.path(key)))
}

// TestChangesDoNotUndoWhatDjangoWrites replaces the file as Django does while Go merges,
// and while Go changes the key.
func TestChangesDoNotUndoWhatDjangoWrites(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("only Linux can exchange two files")
	}
	s := newSite(t, djangosession.Options{MergeSaves: true})
	for _, cycle := range []bool{false, true} {
		old, calls := s.created(t).Key(), 0
		change, key := s.Merge, old
		if cycle {
			change, key = s.Cycle, djangosession.NewKey()
		}
		must(t, change(t.Context(), old, func(r *djangosession.Record) error {
			if calls++; calls == 1 {
				s.replaceAsDjango(t, old)
			}
			r.Key = key
			r.Data.Set("go", int64(1))
			return nil
		}))
		if got := s.load(t, key); calls != 2 || !got.Contains("django") || !got.Contains("go") {
			t.Errorf("after %d calls the session has %v", calls, got.Keys())
		}
		if all := names(t, s.folder); len(all) != 1 {
			t.Errorf("the folder contains %v", all)
		}
		must(t, s.Delete(t.Context(), key))
	}
}

// TestLogoutDuringAChangeOfKeyWins deletes the session while its key is changed.
func TestLogoutDuringAChangeOfKeyWins(t *testing.T) {
	t.Parallel()
	s := newSite(t, djangosession.Options{})
	old := s.created(t).Key()
	err := s.Cycle(t.Context(), old, func(r *djangosession.Record) error {
		r.Key = djangosession.NewKey()
		return os.Remove(s.path(old))
	})
	if all := names(t, s.folder); !errors.Is(err, djangosession.ErrSessionGone) || len(all) != 0 {
		t.Errorf("error %v, the folder contains %v", err, all)
	}
}

// TestSaveDuringALogoutRevivesNothing races saves, merges, changes of key and logouts.
func TestSaveDuringALogoutRevivesNothing(t *testing.T) {
	t.Parallel()
	races := times(t, "CHAOS_RACES", 300)
	for _, merge := range []bool{false, true} {
		t.Run(fmt.Sprintf("merge=%v", merge), func(t *testing.T) {
			t.Parallel()
			s := newSite(t, djangosession.Options{MergeSaves: merge})
			var saved, gone, moved int
			for range races {
				key := s.created(t).Key()
				mine, cycled := s.load(t, key), s.load(t, key)
				mine.Set("b", 2)
				var saveErr, cycleErr error
				var wg sync.WaitGroup
				wait := func() { time.Sleep(time.Duration(rand.IntN(60)) * time.Microsecond) }
				wg.Go(func() { wait(); saveErr = mine.Save(t.Context()) })
				wg.Go(func() { wait(); cycleErr = cycled.CycleKey(t.Context()) })
				wait()
				if err := s.Delete(t.Context(), key); err != nil {
					t.Error(err)
				}
				wg.Wait()
				for _, err := range []error{saveErr, cycleErr} {
					if err != nil && !errors.Is(err, djangosession.ErrSessionGone) {
						t.Error(err)
					}
				}
				left := names(t, s.folder)
				switch {
				case cycleErr == nil && (len(left) != 1 || left[0] != "sessionid"+cycled.Key()),
					cycleErr != nil && len(left) != 0:
					t.Fatalf("the change of key returned %v, and the folder contains %d files", cycleErr, len(left))
				case cycleErr == nil:
					moved++
					if merge && saveErr == nil && !s.load(t, cycled.Key()).Contains("b") {
						t.Error("a merged save is lost")
					}
					must(t, s.Delete(t.Context(), cycled.Key()))
				}
				if saveErr == nil {
					saved++
				} else {
					gone++
				}
			}
			t.Logf("%d races: %d saves before the logout, %d after it, %d changes of key", races, saved, gone, moved)
		})
	}
}

// TestMergedWritesAreNotLost counts in one session from many goroutines.
func TestMergedWritesAreNotLost(t *testing.T) {
	t.Parallel()
	const workers = 8
	writes := max(times(t, "CHAOS_RACES", 400)/workers, 1)
	s := newSite(t, djangosession.Options{MergeSaves: true})
	key := s.created(t).Key()
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			name := "n" + strconv.Itoa(w)
			for n := range writes {
				session, err := s.sessions.Load(context.Background(), key)
				if err != nil {
					t.Error(err)
					return
				}
				if before, _ := djangosession.Value[int](session, name); n > 0 && before != n {
					t.Errorf("%s is %d, want %d", name, before, n)
					return
				}
				session.Set(name, n+1)
				if err := session.Save(context.Background()); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	session := s.load(t, key)
	for w := range workers {
		if n, err := djangosession.Value[int](session, "n"+strconv.Itoa(w)); err != nil || n != writes {
			t.Errorf("worker %d has stored %d, %v; want %d", w, n, err, writes)
		}
	}
	if all := names(t, s.folder); len(all) != 1 {
		t.Errorf("the folder contains %d files", len(all))
	}
	t.Logf("%d merged writes", workers*writes)
}

// times is the number in a variable of the environment, or else few.
func times(t *testing.T, variable string, few int) int {
	t.Helper()
	text := os.Getenv(variable)
	if text == "" {
		return few
	}
	n, err := strconv.Atoi(text)
	must(t, err)
	return n
}
