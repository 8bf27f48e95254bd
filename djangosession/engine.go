package djangosession

import (
	"context"
	"errors"
	"iter"
	"time"

	"github.com/djangobridge/djangobridge/py"
)

// Errors that callers of an [Engine] check for.
var (
	// ErrNoSession reports that no session has this key, or that it has expired.
	ErrNoSession = errors.New("djangosession: no such session")
	// ErrKeyTaken reports that a session with this key already exists. Matches Django's
	// CreateError.
	ErrKeyTaken = errors.New("djangosession: the session key is taken")
	// ErrSessionGone reports that the session was deleted, usually by a logout elsewhere,
	// and must not be restored. Matches Django's UpdateError, which its middleware
	// answers with status 400.
	ErrSessionGone = errors.New("djangosession: the stored session was deleted")
	// ErrBadKey reports a key that no session can have.
	ErrBadKey = errors.New("djangosession: invalid session key")
	// ErrStartOver reports a session that has ended and that Django replaces with a new,
	// empty one as soon as it is loaded, instead of dropping its key: an expired file, or
	// a cookie whose signature is invalid. The error may also wrap a [*DecodeError].
	ErrStartOver = errors.New("djangosession: the session has ended")
)

// A Record is a session as an [Engine] stores it.
type Record struct {
	// Key is the session key, the value of the cookie. An engine that stores the session
	// itself in the cookie changes it when it saves.
	Key string
	// Data is the session's dict. A caller that gets it from an engine owns it. An engine
	// neither keeps nor changes the data that it is given.
	Data *py.Dict
	// ExpireDate is when the session ends. It is aware, or naive in TIME_ZONE if USE_TZ
	// is false. It is the zero value in records from an engine whose store does not say
	// when a session ends; see [ExpiryReporter]. Matches get_expiry_date.
	ExpireDate py.DateTime
	// Err is the reason if Data is nil: the data does not decode, or the session is gone.
	// It is for the functions passed to [Engine.Cycle] and [Merger.Merge], and for
	// [Lister].Records.
	Err error
	// ExpireAge is the time from now until ExpireDate, for engines that store a lifetime.
	// It is negative for a date in the past. It is set only in records to be stored: in
	// Create and Save, and by change in Cycle and Merge. Matches get_expiry_age.
	ExpireAge time.Duration
}

// A Stateless engine stores nothing. The key of a session contains the session, and only
// the browser keeps it, as the value of its cookie. Create, Save and Cycle put a new key
// into the record. Exists returns false, ClearExpired does nothing, and Delete returns
// [ErrStateless].
type Stateless interface {
	Engine
	// Stateless does nothing. It marks the engine.
	Stateless()
}

// ErrStateless reports an attempt to delete or list sessions that only the browsers of
// the visitors have.
var ErrStateless = errors.New("djangosession: the sessions are in the cookies of browsers, and cannot be deleted or listed: " +
	"to end all logins of a user, change the password or deactivate the user")

// ErrNoData reports a record without data after change of [Engine.Cycle] or
// [Merger.Merge].
var ErrNoData = errors.New("djangosession: the record has no data: set Record.Data, or return an error")

// An Engine stores sessions. It is the counterpart of a SESSION_ENGINE module. All
// methods are safe for concurrent use and return the context's error, wrapped, when it
// ends. Every implementation must pass the tests of package enginetest.
type Engine interface {
	// Load returns the session with this key. It returns [ErrNoSession] if it does not
	// exist or has expired, or if no session can have the key, and a [*DecodeError],
	// wrapped, if its data does not decode. Some engines return [ErrStartOver] or
	// [ErrUnknownFormat]. If the store is unreachable, that is another error, and never
	// ErrNoSession, which would log the visitor out.
	Load(ctx context.Context, key string) (*Record, error)
	// Exists reports whether a session with this key exists, even if it has expired.
	Exists(ctx context.Context, key string) (bool, error)
	// Create stores a new session, under another key than r.Key if it sets that. It
	// returns [ErrKeyTaken] if the key is in use, and
	// [ErrBadKey] for a key that cannot be stored; nothing is changed then. An engine
	// that loses the answer of its store retries once, for a short time that does not
	// depend on ctx, so that no session is left under a key that no browser has.
	Create(ctx context.Context, r *Record) error
	// Save replaces the data of a session. It returns [ErrSessionGone] if the session
	// does not exist, and never creates one. After another error, such as the end of ctx,
	// the session may or may not have been saved. If the store permits, the engine makes
	// sure that such a save never takes effect after a later one.
	Save(ctx context.Context, r *Record) error
	// Delete removes the session with this key, if it exists. A [Stateless] engine
	// returns [ErrStateless].
	Delete(ctx context.Context, key string) error
	// Cycle moves a session to another key atomically. It passes the session with the key
	// old, even if it has expired, to change, while it is locked against other writers.
	// It creates the changed session under its new key, and removes the old one. change
	// sets Key, Data, ExpireDate and ExpireAge. If the data does not decode, Data is nil
	// and Err has the reason. Cycle may call change several times, each time with the
	// session as stored at that time.
	//
	// Cycle returns [ErrSessionGone] if the key old has no session, the error of change,
	// [ErrKeyTaken] if the new key has a session, and [ErrBadKey] if it cannot be stored;
	// nothing is changed then. An engine that loses the answer of its store asks again,
	// for a short time that does not depend on ctx, and returns nil if the key was
	// changed. After an error, the outcome is unknown only if the engine could not ask.
	Cycle(ctx context.Context, old string, change func(stored *Record) error) error
	// ClearExpired removes expired sessions and returns their number, even with an error.
	ClearExpired(ctx context.Context, o ClearOptions) (int64, error)
}

// A Merger is an [Engine] that can read and write a session atomically.
// [Options].MergeSaves requires one.
type Merger interface {
	Engine
	// Merge passes the session with this key, even if it has expired, to change, while it
	// is locked against other writers, and stores the changed data and date. If the data
	// does not decode, Data is nil and Err has the reason; change sets Data or returns an
	// error. Merge returns [ErrSessionGone] if the session does not exist, or the error
	// of change; nothing is stored then. It may call change several times, each time with
	// the session as stored at that time.
	Merge(ctx context.Context, key string, change func(stored *Record) error) error
}

// ErrNoMerge reports that the engine is not a [Merger]. [Options].MergeSaves requires
// one.
var ErrNoMerge = errors.New("djangosession: the engine cannot merge: " +
	"use one that implements Merger, or unset Options.MergeSaves")

// ClearOptions configure [Engine.ClearExpired]. The zero value is a good choice.
type ClearOptions struct {
	// BatchSize is the largest number of sessions removed at once. If 0, BatchTime is the
	// limit. Engines that lock nothing use [DefaultBatchSize] and ignore BatchTime.
	BatchSize int
	// BatchTime is how long a batch should take: batches grow and shrink accordingly. If
	// 0, batches have BatchSize sessions. If both are 0, a batch takes a few milliseconds,
	// which other users of the database hardly notice.
	BatchTime time.Duration
	// Pause is the time between two batches, for other users of the database. If 0, it is
	// 10 ms if a batch locks the whole database, and otherwise as long as the batch took,
	// but not more than 10 ms.
	Pause time.Duration
	// Counted, if set, is called before the first batch with the number of expired
	// sessions, if the engine counts them first.
	Counted func(expired int64)
	// Progress, if set, is called after each batch with the number removed so far.
	Progress func(removed int64)
	// DryRun counts the expired sessions without removing them.
	DryRun bool
}

// DefaultBatchSize is the batch size of [ClearOptions].
const DefaultBatchSize = 1000

// A Lister is an [Engine] that can list its sessions.
type Lister interface {
	Engine
	// Records yields every session that has not expired. An error ends it and comes last.
	// If data does not decode, Data is nil and Err has the reason. Sessions that are
	// created or deleted during the loop may or may not be included. The loop's body may
	// use the engine.
	Records(ctx context.Context) iter.Seq2[*Record, error]
}

// A UserLister is a [Lister] that may find the sessions of a user without reading all.
type UserLister interface {
	Lister
	// RecordsOfUser is Records without sessions of which the engine knows that no user
	// with this id is logged in. It may yield others.
	RecordsOfUser(ctx context.Context, id string) iter.Seq2[*Record, error]
}

// ErrNoList reports that the engine is not a [Lister].
var ErrNoList = errors.New("djangosession: the engine cannot list its sessions")

// An ExpiryReporter is an [Engine] that may not know when its sessions end. An engine
// that does not implement it knows.
type ExpiryReporter interface {
	Engine
	// ReportsExpiry reports whether Load sets Record.ExpireDate.
	ReportsExpiry() bool
}

// ErrNoExpiry reports that the engine does not know when its sessions end.
// [Options].RenewBelow requires one that does.
var ErrNoExpiry = errors.New("djangosession: the store does not say when a session ends, so it cannot be renewed before: " +
	"unset Options.RenewBelow, or set SESSION_SAVE_EVERY_REQUEST in Django and here")
