package main

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/auth"
	"github.com/djangobridge/djangobridge/internal/amount"
	"github.com/djangobridge/djangobridge/internal/batch"
	"github.com/djangobridge/djangobridge/internal/signedtime"
	"github.com/djangobridge/djangobridge/py"
	"github.com/djangobridge/djangobridge/signing"
	"github.com/djangobridge/djangobridge/tables"
)

// keyCount is what one key has signed.
type keyCount struct {
	live, expired  int64
	oldest, newest time.Time // signatures; zero if none has a time
	ends           time.Time // when the last live session ends
}

// loginCount counts logins in live sessions that SECRET_KEY has signed, or that are not
// signed, by the key of their hash.
type loginCount struct {
	current, fallback, other int64
	unchecked                int64     // not compared: the passwords of the users, or the sessions, are unknown
	unread                   int64     // of these, sessions that do not decode; they need not contain a login
	fallbackEnds             time.Time // when the last session with a hash of a fallback key ends
}

// keyTotals is what the sessions of a site are signed with.
type keyTotals struct {
	keys          []keyCount // of the site, in its order
	live, expired int64
	unknown       keyCount // signed with another key
	unknownNewer  int64    // of these, signed after the settings were exported
	unreadNewer   int64    // live, signed with SECRET_KEY after the export, and do not decode
	malformed     int64    // live, and not signed at all
	logins        loginCount
}

// add adds the counts of another worker.
func (c *keyTotals) add(other *keyTotals) {
	for i := range other.keys {
		c.keys[i].add(&other.keys[i])
	}
	c.live += other.live
	c.expired += other.expired
	c.unknown.add(&other.unknown)
	c.unknownNewer += other.unknownNewer
	c.unreadNewer += other.unreadNewer
	c.malformed += other.malformed
	c.logins.current += other.logins.current
	c.logins.fallback += other.logins.fallback
	c.logins.other += other.logins.other
	c.logins.unchecked += other.logins.unchecked
	c.logins.unread += other.logins.unread
	c.logins.fallbackEnds = later(c.logins.fallbackEnds, other.logins.fallbackEnds)
}

func (c *keyCount) add(other *keyCount) {
	c.live += other.live
	c.expired += other.expired
	c.ends = later(c.ends, other.ends)
	c.sign(other.oldest)
	c.sign(other.newest)
}

// sign records a signature.
func (c *keyCount) sign(at time.Time) {
	if at.IsZero() {
		return
	}
	if c.oldest.IsZero() || at.Before(c.oldest) {
		c.oldest = at
	}
	c.newest = later(c.newest, at)
}

// see records a session.
func (c *keyCount) see(s *storedSession, signed time.Time) {
	c.sign(signed)
	if s.expired {
		c.expired++
		return
	}
	c.live++
	c.ends = later(c.ends, s.expires)
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// keyCounter counts the sessions of a source.
type keyCounter struct {
	source     *sessionSource
	codecs     []*djangosession.Codec // one for each key
	exported   time.Time
	now        time.Time
	login      *auth.Auth
	hashes     bool          // hashes of logins are compared
	users      *tables.Users // nil if their passwords cannot be read
	total      *keyTotals
	mu         sync.Mutex // guards total
	keysInSite int
}

func newKeyCounter(site *openedSite, source *sessionSource, keys []signingKey) (*keyCounter, error) {
	c := &keyCounter{
		source: source, exported: site.Settings.ExportedAt, now: site.Settings.Clock(), login: site.Login, keysInSite: len(keys),
	}
	for _, key := range keys {
		s := site.Settings
		s.SecretKey, s.SecretKeyFallbacks = key.secret, nil
		codec, err := djangosession.NewCodec(s)
		if err != nil {
			return nil, usageError{err}
		}
		c.codecs = append(c.codecs, codec)
	}
	if len(keys) > 1 && releaseOf(site.Settings).HashesWithFallbackKeys() {
		c.hashes = true
		if site.Settings.UserModel.PasswordColumn != "" {
			c.users, _ = site.Users.(*tables.Users)
		}
	}
	c.total = c.newTotals()
	return c, nil
}

func (c *keyCounter) newTotals() *keyTotals { return &keyTotals{keys: make([]keyCount, c.keysInSite)} }

// run reads the sessions and has the workers count them.
func (c *keyCounter) run(ctx context.Context, t *tool, workers int) error {
	progress := t.progress(false)
	defer progress.done()
	if progress.w != nil && c.source.size != nil {
		size, err := c.source.size(ctx)
		if err != nil {
			return err
		}
		progress.total.Store(size)
	}
	working, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	batches := make(chan []storedSession)
	var group sync.WaitGroup
	for range workers {
		group.Go(func() { c.work(working, batches, stop) })
	}
	err := c.read(working, batches, progress)
	close(batches)
	group.Wait()
	// Even if all sessions were read, workers that were stopped have counted only a part.
	if cause := context.Cause(working); cause != nil {
		return cause
	}
	return err
}

// read sends all sessions to the workers.
func (c *keyCounter) read(ctx context.Context, batches chan<- []storedSession, progress *progress) error {
	read := int64(0)
	for sessions, err := range batch.Of(c.source.sessions(ctx), batch.Most, func(s *storedSession) int { return len(s.text) }) {
		if err != nil {
			return err
		}
		select {
		case batches <- sessions:
		case <-ctx.Done():
			return ctx.Err()
		}
		read += int64(len(sessions))
		progress.showf(read, "%s read", amount.Of(read, "session"))
	}
	return nil
}

// work counts batches until there are no more.
func (c *keyCounter) work(ctx context.Context, batches <-chan []storedSession, fail context.CancelCauseFunc) {
	counted := c.newTotals()
	for sessions := range batches {
		if err := c.countBatch(ctx, sessions, counted); err != nil {
			fail(err)
			return
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.total.add(counted)
}

// storedLogin is the login in a session.
type storedLogin struct {
	id, hash string
	ends     time.Time
}

func (c *keyCounter) countBatch(ctx context.Context, sessions []storedSession, to *keyTotals) error {
	var logins []storedLogin
	for i := range sessions {
		s := &sessions[i]
		if s.expired {
			to.expired++
		} else {
			to.live++
		}
		data := s.data
		switch {
		case c.source.signed:
			data = c.countSigned(s, to)
		case data == nil && c.hashes && !s.expired:
			to.logins.addUnread()
		}
		if data == nil || !c.hashes || s.expired {
			continue
		}
		if login := (storedLogin{id: userID(data), hash: hashOf(data), ends: s.expires}); login.id != "" && login.hash != "" {
			logins = append(logins, login)
		}
	}
	if len(logins) == 0 {
		return nil
	}
	return c.countLogins(ctx, logins, to)
}

// countSigned counts a signed session. It returns its values if they have to be looked
// at: SECRET_KEY has signed it.
func (c *keyCounter) countSigned(s *storedSession, to *keyTotals) *py.Dict {
	var refused *djangosession.DecodeError
	for i, codec := range c.codecs {
		at, err := codec.Verify(s.text)
		if err == nil {
			to.keys[i].see(s, at)
			if i > 0 || !c.hashes || s.expired {
				return nil
			}
			data, err := codec.Decode(s.text)
			if err != nil {
				c.countUnread(at, err, to)
				return nil
			}
			return data
		}
		refused, _ = errors.AsType[*djangosession.DecodeError](err)
	}
	if refused == nil || refused.Reason != signing.BadSignature {
		if !s.expired {
			to.malformed++
		}
		return nil
	}
	to.unknown.see(s, refused.SignedAt)
	if c.isNewer(refused.SignedAt) {
		to.unknownNewer++
	}
	return nil
}

// countUnread counts a live session that SECRET_KEY has signed and that does not decode.
// Django may be able to read it.
func (c *keyCounter) countUnread(signed time.Time, err error, to *keyTotals) {
	refused, ok := errors.AsType[*djangosession.DecodeError](err)
	isLarge := ok && refused.Reason == signing.TooLarge // which newer settings do not change
	if c.isNewer(signed) && !isLarge {
		to.unreadNewer++
		return
	}
	to.logins.addUnread()
}

// addUnread counts a session that does not decode. Its login, if it has one, is unknown.
func (l *loginCount) addUnread() {
	l.unchecked++
	l.unread++
}

// isNewer reports whether a session was signed after the settings were exported.
func (c *keyCounter) isNewer(signed time.Time) bool {
	return !c.exported.IsZero() && signedtime.IsNewer(signed, c.exported, c.now)
}

// countLogins compares the hashes of logins with the passwords of their users.
func (c *keyCounter) countLogins(ctx context.Context, logins []storedLogin, to *keyTotals) error {
	if c.users == nil {
		to.logins.unchecked += int64(len(logins))
		return nil
	}
	ids := make([]string, 0, len(logins))
	for _, login := range logins {
		ids = append(ids, login.id)
	}
	passwords, err := c.users.Passwords(ctx, ids)
	if err != nil {
		return err
	}
	for _, login := range logins {
		password, found := passwords[login.id]
		ok, fallback := c.login.VerifySessionHash(&auth.User{ID: login.id, Password: password}, login.hash)
		switch {
		case !found || !ok:
			to.logins.other++
		case fallback:
			to.logins.fallback++
			to.logins.fallbackEnds = later(to.logins.fallbackEnds, login.ends)
		default:
			to.logins.current++
		}
	}
	return nil
}

// hashOf returns the hash of the login in a session, or "".
func hashOf(d *py.Dict) string {
	hash, _ := d.Get(auth.HashSessionKey)
	text, _ := py.Native(py.Resolve(hash)).(string)
	return text
}
