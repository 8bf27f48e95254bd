package djangosession

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/djangobridge/djangobridge/py"
)

// maxKeyTries limits the search for an unused key. Even the second try is almost never
// needed.
const maxKeyTries = 1000

var errNoFreeKey = errors.New("djangosession: found no unused session key")

// Load reads the stored session and discards the values in memory. If the session does
// not exist or does not decode, it behaves like [Manager.Load]. The error is the
// engine's; the session is then unchanged.
func (s *Session) Load(ctx context.Context) error {
	return s.locked(ctx, func(ctx context.Context) error {
		var r *Record
		if key := s.Key(); key == "" {
			r = &Record{Data: py.NewDict(0)}
		} else {
			var err error
			r, err = s.manager.load(ctx, key)
			if err == ErrStartOver { //nolint:errorlint // errors to be returned wrap it
				return s.startOver(ctx, key)
			}
			if err != nil {
				return err
			}
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		s.key, s.data, s.ends, s.loaded, s.changes, s.outdated = r.Key, r.Data, r.ExpireDate, true, changes{}, r.Err
		return nil
	})
}

// Save stores the session: under a new key if it has none, otherwise in place of the
// stored session, or merged into it (see [Options].MergeSaves). It returns
// [ErrSessionGone] if the stored session was deleted, [ErrNotLoaded] if the session was
// never loaded, [ErrOutdatedSettings] if Django can read the stored session and this
// service cannot, and a [*ValueError] for a value that cannot be stored. Nothing is
// stored then.
//
// After another error, such as the end of ctx or a broken connection, the session may or
// may not have been stored. With the engine of package tables such a save never takes
// effect after a later one. With [Options].MergeSaves retrying is safe; without, a retry
// replaces what others have stored in between, like every save of a whole session.
func (s *Session) Save(ctx context.Context) error {
	return s.locked(ctx, func(ctx context.Context) error {
		key, loaded := s.state()
		if key == "" {
			return s.create(ctx)
		}
		if !loaded {
			return ErrNotLoaded
		}
		if err := s.Outdated(); err != nil {
			return err
		}
		if s.manager.options.MergeSaves {
			return s.merge(ctx, key)
		}
		return s.store(ctx, key, s.manager.engine.Save)
	})
}

// SaveMustCreate stores the session as a new one. It returns [ErrKeyTaken] if a session
// is stored under its key. Matches save(must_create=True).
func (s *Session) SaveMustCreate(ctx context.Context) error {
	return s.locked(ctx, func(ctx context.Context) error {
		key, _ := s.state()
		if key == "" {
			return s.create(ctx)
		}
		return s.store(ctx, key, s.manager.engine.Create)
	})
}

// Create stores the session, with its current values, under a new key. If the engine is
// [Stateless], an empty session without a key gets none. Matches create.
func (s *Session) Create(ctx context.Context) error {
	return s.locked(ctx, func(ctx context.Context) error {
		if s.manager.stateless && s.IsEmpty() {
			if s.manager.ReadOnly() {
				return ErrReadOnly
			}
			s.SetModified(true)
			return nil
		}
		return s.create(ctx)
	})
}

// Exists reports whether a session with this key exists, even if it has expired.
func (s *Session) Exists(ctx context.Context, key string) (bool, error) {
	return s.manager.Exists(ctx, key)
}

// DeleteStored removes the stored session and leaves values and key in memory. Saving it
// then returns [ErrSessionGone]. To log a visitor out, use [Session.Flush]. If the engine
// is [Stateless], DeleteStored removes values and key too, as in Django. Matches delete.
func (s *Session) DeleteStored(ctx context.Context) error {
	key := s.Key()
	switch {
	case !s.manager.stateless && key == "":
		return nil
	case !s.manager.stateless:
		return s.manager.Delete(ctx, key)
	case s.manager.ReadOnly():
		return ErrReadOnly
	}
	s.forget()
	return nil
}

// Flush removes the values, the stored session and the key. The session is then like that
// of a new visitor. If the engine fails, the session is unchanged, and the stored session
// may still exist.
//
// If the engine is [Stateless], the middleware deletes the cookie with the response to
// this request, and a copy of the cookie remains valid. Matches flush.
func (s *Session) Flush(ctx context.Context) error {
	return s.locked(ctx, func(ctx context.Context) error {
		if s.manager.ReadOnly() {
			return ErrReadOnly // the values stay, like everything else
		}
		if err := errors.Join(s.DeleteStored(ctx), s.deleteDoubtful(ctx)); err != nil {
			return err
		}
		s.forget()
		return nil
	})
}

// forget removes values and key.
func (s *Session) forget() {
	s.Clear()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.key, s.outdated = "", nil
}

// doubt records a new key under which the session may be stored despite err.
func (s *Session) doubt(key string, err error) {
	if err == nil || isRefusal(err) || s.manager.stateless {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.doubtful = append(s.doubtful, key)
}

// deleteDoubtful removes what may be stored under such keys.
func (s *Session) deleteDoubtful(ctx context.Context) error {
	s.mu.Lock()
	keys := slices.Clone(s.doubtful)
	s.mu.Unlock()
	for _, key := range keys {
		if err := s.manager.Delete(ctx, key); err != nil {
			return err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.doubtful = s.doubtful[len(keys):]
	return nil
}

// discard removes what is or may be stored of a session whose new key cannot reach the
// browser, which has only the key known.
func (s *Session) discard(ctx context.Context, known string) error {
	if s.manager.stateless {
		return nil
	}
	return s.locked(ctx, func(ctx context.Context) error {
		var err error
		if key := s.Key(); key != known {
			err = s.DeleteStored(ctx)
		}
		return errors.Join(err, s.deleteDoubtful(ctx))
	})
}

// startOver replaces the session that has ended under the key old with a new, empty one,
// and adopts its key. A read-only service only drops the old key. Matches what load of
// Django's engines "file" and "signed_cookies" does.
func (s *Session) startOver(ctx context.Context, old string) error {
	s.mu.Lock()
	s.key, s.data, s.ends, s.loaded, s.changes, s.outdated = "", py.NewDict(0), py.DateTime{}, true, changes{}, nil
	s.mu.Unlock()
	if s.manager.ReadOnly() {
		return nil
	}
	if !s.manager.stateless {
		if err := s.manager.Delete(ctx, old); err != nil {
			return fmt.Errorf("djangosession: delete a session that has ended: %w", err)
		}
	}
	err := s.create(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.blank = s.key
	return err
}

// isBlank reports whether the session has started over and nothing was stored since.
func (s *Session) isBlank() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.blank != "" && s.blank == s.key
}

func (s *Session) state() (key string, loaded bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.key, s.loaded
}

func (s *Session) create(ctx context.Context) error {
	err := withNewKey(func(key string) error {
		err := s.store(ctx, key, s.manager.engine.Create)
		s.doubt(key, err)
		return err
	})
	if err == nil {
		s.SetModified(true)
	}
	return err
}

// withNewKey calls store with new keys until one is unused.
func withNewKey(store func(key string) error) error {
	for range maxKeyTries {
		if err := store(NewKey()); !errors.Is(err, ErrKeyTaken) {
			return err
		}
	}
	return errNoFreeKey
}

// store passes the session to the engine under this key and then adopts the key.
func (s *Session) store(ctx context.Context, key string, put func(context.Context, *Record) error) error {
	d, upTo := s.read().Copy(), s.changes.last
	s.mu.Unlock()
	r, err := s.manager.record(key, d)
	if err != nil {
		return err
	}
	if err := put(ctx, r); err != nil {
		return storeError(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.key, s.loaded, s.outdated, s.blank = r.Key, true, nil, ""
	s.changes.stored(upTo)
	return nil
}

// storeError wraps an engine's error, except for refusals, which are complete.
func storeError(err error) error {
	if isRefusal(err) {
		return err
	}
	return fmt.Errorf("djangosession: save session: %w", err)
}

// isRefusal reports whether err is one of our errors after which nothing was stored.
func isRefusal(err error) bool {
	_, isValue := errors.AsType[*ValueError](err)
	return isValue || errors.Is(err, ErrKeyTaken) || errors.Is(err, ErrSessionGone) || errors.Is(err, ErrBadKey) ||
		errors.Is(err, ErrOutdatedSettings) || errors.Is(err, ErrReadOnly)
}

// record returns a record with a session's dict.
func (m *Manager) record(key string, d *py.Dict) (*Record, error) {
	for k, v := range d.All() {
		if u, ok := v.(unstorable); ok {
			return nil, &ValueError{Name: fmt.Sprint(k), Err: u.err}
		}
	}
	now := m.settings.now()
	expiry, _ := d.Get(ExpiryName)
	expiry = own(expiry) // a datetime may still be an object
	date, err := m.settings.expiryDate(expiry, now)
	if err != nil {
		return nil, &ValueError{Name: ExpiryName, Err: err}
	}
	// An offset can lead outside the years that Python and the databases support.
	if y := date.In(m.settings.loc).UTC().Year(); m.settings.UseTZ && (y < 1 || y > 9999) {
		return nil, &ValueError{Name: ExpiryName, Err: errExpiryRange}
	}
	age, err := m.settings.expiryAge(expiry, now)
	if err != nil { // a date that the database accepts, but whose age Django cannot compute
		age = math.Floor(date.In(m.settings.loc).Sub(now.In(m.settings.loc)).Seconds())
	}
	return &Record{Key: key, Data: d, ExpireDate: date, ExpireAge: duration(age)}, nil
}

// duration returns a number of seconds, or the nearest duration that exists.
func duration(seconds float64) time.Duration {
	const most = float64(math.MaxInt64 - 1024) // the next smaller float
	return time.Duration(min(max(seconds*float64(time.Second), -most), most))
}

// renew stores the session only to extend it. Changes stored by others in the meantime
// are preserved if the engine is a [Merger].
func (s *Session) renew(ctx context.Context) error {
	if _, ok := s.manager.engine.(Merger); !ok {
		return s.Save(ctx)
	}
	return s.locked(ctx, func(ctx context.Context) error {
		key, _ := s.state()
		if key == "" {
			return s.create(ctx)
		}
		return s.merge(ctx, key)
	})
}

// needsRenewal reports whether less than this share of the session's lifetime is left.
func (s *Session) needsRenewal(share float64) bool {
	if share <= 0 || s.IsEmpty() {
		return false
	}
	settings := s.manager.settings
	s.mu.Lock()
	ends := s.ends
	s.mu.Unlock()
	if ends.Time.IsZero() { // it was not loaded, or did not decode
		return false
	}
	next, err := s.GetExpiryDate()
	now := settings.Clock()
	if latest := now.Add(settings.SessionCookieAge); s.manager.stateless && next.After(latest) {
		next = latest // whatever expiry the session has
	}
	return err == nil && ends.In(settings.loc).Sub(now).Seconds() < share*next.Sub(now).Seconds()
}
