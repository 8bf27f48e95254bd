package djangosession

import (
	"context"
	"errors"
	"iter"
	"time"

	"github.com/djangobridge/djangobridge/py"
)

// Errors that callers of an [Engine] branch on.
var (
	// ErrNoSession: there is no session of this key, or it has expired.
	ErrNoSession = errors.New("djangosession: no such session")
	// ErrKeyTaken: a session of this key exists already. Matches Django's CreateError.
	ErrKeyTaken = errors.New("djangosession: the session key is taken")
	// ErrSessionGone: the session was deleted, usually by a logout elsewhere, and is not to be brought back. Matches
	// Django's UpdateError, which its middleware answers with status 400.
	ErrSessionGone = errors.New("djangosession: the session was deleted meanwhile")
	// ErrBadKey: no session can have this key.
	ErrBadKey = errors.New("djangosession: not a session key")
)

// A Record is a session as an [Engine] keeps it.
type Record struct {
	// Key is the session key: what the cookie holds. An engine that keeps the session itself in the cookie changes it when
	// it saves.
	Key string
	// Data is the session's dict. Whoever gets it from an engine owns it; an engine does not keep or change what it is given.
	Data *py.Dict
	// ExpireDate is when the session ends: aware, or naive in TIME_ZONE where USE_TZ is false. Matches get_expiry_date.
	ExpireDate py.DateTime
	// Err is why Data is nil, for the functions that [Engine.Cycle] and [Merger.Merge] call: the data does not decode, or the
	// session is gone.
	Err error
	// ExpireAge is how long that is from now, for engines that keep a lifetime: what get_expiry_age gives, negative for a date
	// in the past. Set for what an engine is to store only: in Create and Save, and by change in Cycle and Merge.
	ExpireAge time.Duration
}

// ErrNoData refuses a record without data, which a change of [Engine.Cycle] or [Merger.Merge] has left so.
var ErrNoData = errors.New("djangosession: the record has no data: set Record.Data, or return an error")

// An Engine is a place where sessions are kept: what a SESSION_ENGINE module is in Django. All methods may be called by
// several goroutines and return the context's error, wrapped, when it ends. Every implementation passes the tests of
// package enginetest.
type Engine interface {
	// Load returns the session of this key. It returns [ErrNoSession] if there is none or it has expired, or a key that no session
	// can have is asked for; and a [*DecodeError], wrapped, if its data does not decode.
	Load(ctx context.Context, key string) (*Record, error)
	// Exists reports whether there is a session of this key, expired ones included.
	Exists(ctx context.Context, key string) (bool, error)
	// Create stores a new session. It returns [ErrKeyTaken] if there is one of this key, and
	// [ErrBadKey] for a key that cannot be stored; nothing is changed then. An engine that
	// loses the answer of its store tries once more, for a short time that does not depend on
	// ctx, so that no session is left behind under a key that nobody has.
	Create(ctx context.Context, r *Record) error
	// Save replaces the data of a session. It returns [ErrSessionGone] if there is none of this key, and never creates one.
	// After another error, such as the end of ctx, the session may or may not have been saved. Where the store can do so, an
	// engine makes sure that such a save has no effect after a later one.
	Save(ctx context.Context, r *Record) error
	// Delete removes the session of this key, if there is one.
	Delete(ctx context.Context, key string) error
	// Cycle moves a session to another key, all of it or nothing. It hands the session of the
	// key old, expired or not, to change, while nobody else can write it, creates what change
	// makes of it under its new key, and removes the old one. change sets Key, Data,
	// ExpireDate and ExpireAge. Data that does not decode is nil, with the reason in Err.
	// Cycle may call change several times, each time with the session as it is stored then.
	//
	// Cycle returns [ErrSessionGone] if the key old has no session, the error of change,
	// [ErrKeyTaken] if the new key has a session, and [ErrBadKey] if it cannot be stored;
	// nothing is changed then. An engine that loses the answer of its store asks again, for a
	// short time that does not depend on ctx: it returns nil if the key was changed. Only if
	// it cannot ask is the outcome unknown after an error.
	Cycle(ctx context.Context, old string, change func(stored *Record) error) error
	// ClearExpired removes sessions that have expired and returns how many those were, also along with an error.
	ClearExpired(ctx context.Context, o ClearOptions) (int64, error)
}

// A Merger is an [Engine] that can read and write a session in one step, which [Options].MergeSaves needs.
type Merger interface {
	Engine
	// Merge hands the session of this key, expired or not, to change, and stores what change makes of its data and date,
	// while nobody else can write it. Data that does not decode is nil, with the reason in Err; change sets it, or returns
	// an error. Merge returns [ErrSessionGone] if there is no session of this key, or the error of change; nothing is stored
	// then. It may call change several times, each time with the session as it is stored at that time.
	Merge(ctx context.Context, key string, change func(stored *Record) error) error
}

// ErrNoMerge reports that the engine is not a [Merger], which [Options].MergeSaves needs.
var ErrNoMerge = errors.New("djangosession: the engine cannot merge, which Options.MergeSaves needs")

// ClearOptions say how [Engine.ClearExpired] works. The zero value is a good choice.
type ClearOptions struct {
	// BatchSize is how many sessions are removed at once, so that nobody waits long for a lock; [DefaultBatchSize] if 0.
	BatchSize int
	// Pause is how long others have the database to themselves between two batches; if 0, none, or as little as lets others in
	// where a batch locks all.
	Pause time.Duration
	// Progress, if set, is called after each batch with the number removed so far.
	Progress func(removed int64)
	// DryRun counts what would be removed and removes nothing.
	DryRun bool
}

// DefaultBatchSize is the batch size of [ClearOptions].
const DefaultBatchSize = 1000

// A Lister is an [Engine] that can go through all that it keeps.
type Lister interface {
	Engine
	// Records yields every session that has not expired, until an error, which comes last. Data that does not decode is nil,
	// with the reason in Err. Sessions that come or go meanwhile may be among them or not. The loop's body may use the engine.
	Records(ctx context.Context) iter.Seq2[*Record, error]
}

// ErrNoList says that the engine is no [Lister].
var ErrNoList = errors.New("djangosession: the engine cannot list its sessions")
