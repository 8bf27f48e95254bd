// Package memory keeps sessions and users in the memory of the process, for tests and
// experiments. Its engine stores the same text as a database. Package sitetest has a
// whole site in memory.
package memory

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/py"
)

// MaxKeyLength is the maximum length of a session key in characters, as in Django's
// table.
const MaxKeyLength = 40

// An Engine keeps sessions in a map. It implements [djangosession.Engine].
type Engine struct {
	codec *djangosession.Codec
	loc   *time.Location
	useTZ bool
	now   func() time.Time

	mu   sync.Mutex
	rows map[string]row
}

type row struct {
	data   string
	expire time.Time
}

// New returns an empty engine. The error is that of [djangosession.NewCodec].
func New(s djangosession.Settings) (*Engine, error) {
	codec, err := djangosession.NewCodec(s)
	if err != nil {
		return nil, err
	}
	loc, err := s.Location()
	if err != nil {
		return nil, err
	}
	return &Engine{codec: codec, loc: loc, useTZ: s.UseTZ, now: s.Clock, rows: map[string]row{}}, nil
}

// Load implements [djangosession.Engine].
func (e *Engine) Load(ctx context.Context, key string) (*djangosession.Record, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("memory: load: %w", err)
	}
	e.mu.Lock()
	r, ok := e.rows[key]
	e.mu.Unlock()
	if !ok || !r.expire.After(e.now()) {
		return nil, djangosession.ErrNoSession
	}
	d, err := e.codec.Decode(r.data)
	if err != nil {
		return nil, fmt.Errorf("memory: load: %w", err)
	}
	return &djangosession.Record{Key: key, Data: d, ExpireDate: e.date(r.expire)}, nil
}

// date returns a date in the form that sessions use.
func (e *Engine) date(t time.Time) py.DateTime {
	if e.useTZ {
		return py.DateTime{Time: t}
	}
	return py.NaiveIn(t, e.loc)
}

// Exists implements [djangosession.Engine].
func (e *Engine) Exists(ctx context.Context, key string) (bool, error) {
	if err := ctx.Err(); err != nil {
		return false, fmt.Errorf("memory: exists: %w", err)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	_, ok := e.rows[key]
	return ok, nil
}

// Create implements [djangosession.Engine].
func (e *Engine) Create(ctx context.Context, r *djangosession.Record) error {
	if !possibleKey(r.Key) {
		return djangosession.ErrBadKey
	}
	return e.put(ctx, r, false, djangosession.ErrKeyTaken)
}

func (e *Engine) encode(r *djangosession.Record) (string, error) {
	if r.Data == nil {
		return "", djangosession.ErrNoData
	}
	return e.codec.Encode(r.Data)
}

// possibleKey reports whether Django's table could hold this key.
func possibleKey(key string) bool {
	return key != "" && utf8.RuneCountInString(key) <= MaxKeyLength && utf8.ValidString(key) && !strings.Contains(key, "\x00")
}

// Save implements [djangosession.Engine].
func (e *Engine) Save(ctx context.Context, r *djangosession.Record) error {
	return e.put(ctx, r, true, djangosession.ErrSessionGone)
}

// put stores r if the presence of its key equals wanted, and returns otherwise if not.
func (e *Engine) put(ctx context.Context, r *djangosession.Record, wanted bool, otherwise error) error {
	data, err := e.encode(r)
	if err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("memory: save: %w", err)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if _, ok := e.rows[r.Key]; ok != wanted {
		return otherwise
	}
	e.rows[r.Key] = row{data: data, expire: r.ExpireDate.In(e.loc)}
	return nil
}

// Merge implements [djangosession.Merger].
func (e *Engine) Merge(ctx context.Context, key string, change func(*djangosession.Record) error) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("memory: merge: %w", err)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	stored, ok := e.rows[key]
	if !ok {
		return djangosession.ErrSessionGone
	}
	r := e.record("merge", key, stored)
	if err := change(r); err != nil {
		return err
	}
	data, err := e.encode(r)
	if err == nil {
		e.rows[key] = row{data: data, expire: r.ExpireDate.In(e.loc)}
	}
	return err
}

// record returns the record for a stored session.
func (e *Engine) record(op, key string, stored row) *djangosession.Record {
	r := &djangosession.Record{Key: key, ExpireDate: e.date(stored.expire)}
	d, err := e.codec.Decode(stored.data)
	if err != nil {
		r.Err = fmt.Errorf("memory: %s: %w", op, err)
		return r
	}
	r.Data = d
	return r
}

// Cycle implements [djangosession.Engine].
func (e *Engine) Cycle(ctx context.Context, old string, change func(*djangosession.Record) error) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("memory: cycle: %w", err)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	stored, ok := e.rows[old]
	if !ok {
		return djangosession.ErrSessionGone
	}
	r := e.record("cycle", old, stored)
	if err := change(r); err != nil {
		return err
	}
	if !possibleKey(r.Key) {
		return djangosession.ErrBadKey
	}
	if _, taken := e.rows[r.Key]; taken {
		return djangosession.ErrKeyTaken
	}
	data, err := e.encode(r)
	if err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("memory: cycle: %w", err)
	}
	e.rows[r.Key] = row{data: data, expire: r.ExpireDate.In(e.loc)}
	delete(e.rows, old)
	return nil
}

// Delete implements [djangosession.Engine].
func (e *Engine) Delete(ctx context.Context, key string) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("memory: delete: %w", err)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.rows, key)
	return nil
}

// ClearExpired implements [djangosession.Engine]. It clears everything in one batch
// because a map is never locked for long.
func (e *Engine) ClearExpired(ctx context.Context, o djangosession.ClearOptions) (int64, error) {
	if err := ctx.Err(); err != nil {
		return 0, fmt.Errorf("memory: clear expired: %w", err)
	}
	e.mu.Lock()
	now, n := e.now(), int64(0)
	for key, r := range e.rows {
		if r.expire.Before(now) {
			n++
			if !o.DryRun {
				delete(e.rows, key)
			}
		}
	}
	e.mu.Unlock()
	if o.Progress != nil {
		o.Progress(n)
	}
	return n, nil
}

// SetRow stores text under a key unchecked, to simulate a damaged or foreign row in a
// table.
func (e *Engine) SetRow(key, text string, expire time.Time) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.rows[key] = row{data: text, expire: expire}
}

// Row returns the text stored under a key.
func (e *Engine) Row(key string) (text string, expire time.Time, ok bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	r, ok := e.rows[key]
	return r.data, r.expire, ok
}

// Records implements [djangosession.Lister].
func (e *Engine) Records(ctx context.Context) iter.Seq2[*djangosession.Record, error] {
	return func(yield func(*djangosession.Record, error) bool) {
		e.mu.Lock()
		rows, now := maps.Clone(e.rows), e.now()
		e.mu.Unlock()
		for key, stored := range rows {
			if err := ctx.Err(); err != nil {
				yield(nil, fmt.Errorf("memory: list: %w", err))
				return
			}
			if !stored.expire.After(now) {
				continue
			}
			if !yield(e.record("list", key, stored), nil) {
				return
			}
		}
	}
}
