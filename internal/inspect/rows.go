package inspect

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/auth"
	"github.com/djangobridge/djangobridge/py"
	"github.com/djangobridge/djangobridge/tables"
)

const (
	// maxListed is the size in bytes up to which lists decode sessions.
	maxListed = 64 << 10
	// maxShown is the size up to which a session is decoded at all.
	maxShown = 32 << 20
)

// tooLarge is the reason of sessions above maxListed.
const tooLarge = "too large"

// A row is what a list shows of a session. It does not hold the session's data.
type row struct {
	key       string
	size      int64     // in bytes; -1 if unknown
	expires   time.Time // zero if unknown
	expired   bool
	user      string // the id of the logged-in user, or ""
	reason    string // why the session does not decode, or tooLarge; "" if it does
	signedAt  time.Time
	signature string // the name of the key that made the signature; "" if unknown
}

func (r *row) isUnreadable() bool { return r.reason != "" && r.reason != tooLarge }

// ofTable describes a row of a table.
func (h *Handler) ofTable(t *tables.Row) row {
	r := row{key: t.Key, size: t.Size, expires: t.ExpireDate, expired: t.Expired}
	if t.Size > maxListed {
		r.reason = tooLarge
		return r
	}
	d, err := h.site.Codec.Decode(t.Data)
	r.decoded(d, err)
	e := h.site.Codec.Explain(t.Data, djangosession.Candidates{})
	r.signedAt = e.SignedAt
	if e.SignedWith != nil {
		r.signature = e.SignedWith.Key
	}
	return r
}

// ofRecord describes a session of another store.
func (h *Handler) ofRecord(record *djangosession.Record) row {
	r := row{key: record.Key, size: -1}
	if !record.ExpireDate.Time.IsZero() {
		r.expires = record.ExpireDate.In(h.location())
	}
	r.decoded(record.Data, record.Err)
	if record.Data != nil {
		if data, err := h.site.Codec.Serializer().Dumps(record.Data); err == nil {
			r.size = int64(len(data))
		}
	}
	return r
}

// decoded adds what the values say.
func (r *row) decoded(d *py.Dict, err error) {
	if err != nil || d == nil {
		r.reason = reasonOf(err)
		return
	}
	r.user = userID(d)
}

// reasonOf names the reason why a session does not decode.
func reasonOf(err error) string {
	refused, ok := errors.AsType[*djangosession.DecodeError](err)
	switch {
	case ok:
		return strings.ReplaceAll(string(refused.Reason), "_", " ")
	case errors.Is(err, djangosession.ErrUnknownFormat):
		return "unknown format"
	}
	return "unreadable"
}

// userID returns the id of the logged-in user in the form of [auth.User], or "".
func userID(d *py.Dict) string {
	id, _ := d.Get(auth.SessionKey)
	switch id := py.Native(py.Resolve(id)).(type) {
	case string:
		return id
	case int64: // before Django 1.9
		return strconv.FormatInt(id, 10)
	case py.Str2: // of Python 2
		return string(id)
	}
	return ""
}

func (h *Handler) location() *time.Location {
	loc, err := h.site.Settings.Location()
	if err != nil {
		return time.UTC
	}
	return loc
}

// tableRow reads one row with its data; nil if no row has this key.
func (h *Handler) tableRow(ctx context.Context, key string) (*tables.Row, error) {
	rows, err := h.site.Table.RowsIn(ctx, tables.RowRange{From: key, Limit: 1, MaxData: maxShown})
	if err != nil || len(rows) == 0 || rows[0].Key != key {
		return nil, err
	}
	return &rows[0], nil
}
