package djangosession

import "time"

// A LoadEvent is passed to [Options].OnLoad.
type LoadEvent struct {
	Outcome  Outcome
	Start    time.Time
	Duration time.Duration // the time that the engine took
}

// A StoreEvent is passed to [Options].OnStore.
type StoreEvent struct {
	Operation StoreOperation
	Outcome   Outcome
	// Attempts is how often a merge or a change of key was tried. It is more than 1 after
	// a conflict with another writer, and 0 if the engine had no session to change. For
	// other operations it is 1.
	Attempts int
	Start    time.Time
	Duration time.Duration // the time that the engine took
}

// A StoreOperation is a call to the engine that may write.
type StoreOperation string

// The operations of a [StoreEvent].
const (
	StoreCreate StoreOperation = "create"    // a new session
	StoreSave   StoreOperation = "save"      // the whole session
	StoreMerge  StoreOperation = "merge"     // changed values only; also a renewal
	StoreCycle  StoreOperation = "cycle_key" // a change of key
	StoreDelete StoreOperation = "delete"    // a logout, or a session that the browser cannot use
)

// An Outcome is how a call to the engine ended.
type Outcome string

// The outcomes of a [LoadEvent] and a [StoreEvent].
const (
	OutcomeOK       Outcome = "ok"        // loaded, stored or deleted
	OutcomeCanceled Outcome = "canceled"  // the request has ended, usually because the client has disconnected
	OutcomeFailed   Outcome = "failed"    // the store is unreachable, too slow, or out of order
	OutcomeOutdated Outcome = "outdated"  // see ErrOutdatedSettings
	OutcomeMissing  Outcome = "missing"   // load: no such session, or it has expired
	OutcomeEnded    Outcome = "ended"     // load: a new session takes its place; see ErrStartOver
	OutcomeCorrupt  Outcome = "corrupt"   // the stored data does not decode
	OutcomeGone     Outcome = "gone"      // store: the session was deleted, usually by a logout elsewhere
	OutcomeRefused  Outcome = "refused"   // store: a value or a key that cannot be stored, or the manager is read-only
	OutcomeKeyTaken Outcome = "key_taken" // store: another session has this key
)
