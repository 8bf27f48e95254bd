package djangosession

import (
	"context"
	"errors"
	"iter"
	"time"
)

// observe returns the engine, or one that calls the hooks if there are any.
func (m *Manager) observe(engine Engine) Engine {
	if m.options.OnLoad == nil && m.options.OnStore == nil {
		return engine
	}
	if merger, ok := engine.(Merger); ok {
		return observedMerger{observed{engine, m}, merger}
	}
	return observed{engine, m}
}

// observed is an engine that calls [Options].OnLoad and OnStore.
type observed struct {
	Engine
	manager *Manager
}

// observedMerger is observed for an engine that can merge.
type observedMerger struct {
	observed
	merger Merger
}

func (o observed) Load(ctx context.Context, key string) (*Record, error) {
	start := time.Now()
	r, err := o.Engine.Load(ctx, key)
	if hook := o.manager.options.OnLoad; hook != nil {
		hook(ctx, LoadEvent{Outcome: o.outcome(err), Start: start, Duration: time.Since(start)})
	}
	return r, err
}

func (o observed) Create(ctx context.Context, r *Record) error {
	start := time.Now()
	err := o.Engine.Create(ctx, r)
	o.stored(ctx, StoreCreate, start, 1, err)
	return err
}

func (o observed) Save(ctx context.Context, r *Record) error {
	start := time.Now()
	err := o.Engine.Save(ctx, r)
	o.stored(ctx, StoreSave, start, 1, err)
	return err
}

func (o observed) Delete(ctx context.Context, key string) error {
	start := time.Now()
	err := o.Engine.Delete(ctx, key)
	o.stored(ctx, StoreDelete, start, 1, err)
	return err
}

func (o observed) Cycle(ctx context.Context, old string, change func(*Record) error) error {
	start, attempts := time.Now(), 0
	err := o.Engine.Cycle(ctx, old, func(r *Record) error { attempts++; return change(r) })
	o.stored(ctx, StoreCycle, start, attempts, err)
	return err
}

func (o observedMerger) Merge(ctx context.Context, key string, change func(*Record) error) error {
	start, attempts := time.Now(), 0
	err := o.merger.Merge(ctx, key, func(r *Record) error { attempts++; return change(r) })
	o.stored(ctx, StoreMerge, start, attempts, err)
	return err
}

// Records implements [Lister] if the engine does.
func (o observed) Records(ctx context.Context) iter.Seq2[*Record, error] {
	if lister, ok := o.Engine.(Lister); ok {
		return lister.Records(ctx)
	}
	return func(yield func(*Record, error) bool) { yield(nil, ErrNoList) }
}

// RecordsOfUser implements [UserLister] if the engine does.
func (o observed) RecordsOfUser(ctx context.Context, id string) iter.Seq2[*Record, error] {
	if lister, ok := o.Engine.(Lister); ok {
		return recordsOfUser(ctx, lister, id)
	}
	return o.Records(ctx)
}

// stored calls OnStore.
func (o observed) stored(ctx context.Context, operation StoreOperation, start time.Time, attempts int, err error) {
	if hook := o.manager.options.OnStore; hook != nil {
		hook(ctx, StoreEvent{
			Operation: operation, Outcome: o.outcome(err), Attempts: attempts, Start: start, Duration: time.Since(start),
		})
	}
}

// outcome returns what the error of an engine means.
func (o observed) outcome(err error) Outcome {
	_, corrupt := errors.AsType[*DecodeError](err)
	switch {
	case err == nil:
		return OutcomeOK
	case o.manager.outdated(err) != nil:
		return OutcomeOutdated
	case corrupt:
		return OutcomeCorrupt
	case errors.Is(err, ErrStartOver):
		return OutcomeEnded
	case errors.Is(err, ErrNoSession):
		return OutcomeMissing
	case errors.Is(err, ErrSessionGone):
		return OutcomeGone
	case errors.Is(err, ErrKeyTaken):
		return OutcomeKeyTaken
	case isRefusal(err), errors.Is(err, ErrStateless):
		return OutcomeRefused
	case errors.Is(err, context.Canceled):
		return OutcomeCanceled
	}
	return OutcomeFailed
}
