package signedcookies

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/py"
	"github.com/djangobridge/djangobridge/signing"
)

// MaxCookieSize is the maximum size of the cookie in bytes: its name, "=" and its value,
// without attributes. Chrome and Firefox accept 4096 bytes for name and value, Safari
// 4093 in all. Django sends larger cookies too, which browsers silently drop.
const MaxCookieSize = 4093

// A SizeError reports a session that is too large for a cookie. It is not stored, and the
// browser keeps the cookie that it has.
type SizeError struct {
	Size int // of the cookie, in bytes, as MaxCookieSize counts
}

func (e *SizeError) Error() string {
	return fmt.Sprintf("signedcookies: the session makes a cookie of %d bytes, and browsers drop one of more than %d: "+
		"keep less in the session, or use another SESSION_ENGINE", e.Size, MaxCookieSize)
}

// Options configure what Django has no setting for. The zero value is a good choice.
type Options struct {
	// AcceptPickle accepts a site whose SESSION_SERIALIZER is PickleSerializer. With it,
	// anyone who learns SECRET_KEY can run code on Django's servers by sending a cookie.
	// This package never runs code from a pickle.
	AcceptPickle bool
}

// An Engine reads sessions from the values of cookies. It implements
// [djangosession.Stateless]. It is immutable and safe for concurrent use.
type Engine struct {
	codec *djangosession.Codec
	name  string
	age   time.Duration
	useTZ bool
	loc   *time.Location
}

var _ djangosession.Stateless = (*Engine)(nil)

// New returns the engine of a site. It does no I/O. The error is
// [djangosession.ErrIncompleteSettings] or a [*djangosession.SettingError], the latter
// also for a SESSION_ENGINE that may store sessions in another way.
func New(s djangosession.Settings, o Options) (*Engine, error) {
	codec, err := djangosession.NewCookieCodec(s)
	if err != nil {
		return nil, err
	}
	if err := s.CheckEngine("django.contrib.sessions.backends.signed_cookies"); err != nil {
		return nil, err
	}
	if _, pickles := codec.Serializer().(djangosession.PickleSerializer); pickles && !o.AcceptPickle {
		return nil, &djangosession.SettingError{
			Setting: "SESSION_SERIALIZER", Problem: "is PickleSerializer, and sessions are in cookies: anyone who learns " +
				"SECRET_KEY can run code on Django's servers; use JSONSerializer, or set signedcookies.Options.AcceptPickle",
		}
	}
	loc, err := s.Location()
	if err != nil {
		return nil, err
	}
	return &Engine{codec: codec, name: s.SessionCookieName, age: s.SessionCookieAge, useTZ: s.UseTZ, loc: loc}, nil
}

// Stateless implements [djangosession.Stateless].
func (*Engine) Stateless() {}

// Check returns nil because the engine needs nothing.
func (*Engine) Check(ctx context.Context) error { return done(ctx, "check") }

// done returns an error if ctx has ended.
func done(ctx context.Context, op string) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("signedcookies: %s: %w", op, err)
	}
	return nil
}

// Load implements [djangosession.Engine]. The record's ExpireDate is when the browser
// deletes the cookie or when it is too old, whichever is first. The error wraps
// [djangosession.ErrStartOver] if the cookie is invalid or expired, and then a
// [*djangosession.DecodeError] if it is a text of this engine that was signed with an
// unknown key or is damaged.
func (e *Engine) Load(ctx context.Context, key string) (*djangosession.Record, error) {
	if err := done(ctx, "load"); err != nil {
		return nil, err
	}
	d, err := e.codec.DecodeMaxAge(key, e.age)
	if err != nil {
		return nil, startOver(err)
	}
	return &djangosession.Record{Key: key, Data: d, ExpireDate: e.ends(key, d)}, nil
}

// startOver returns the error of Load for a cookie that does not decode. The log need not
// know of old cookies and of those of other engines.
func startOver(err error) error {
	refused, ok := errors.AsType[*djangosession.DecodeError](err)
	if ok && (refused.Reason == signing.SignatureExpired || refused.SignedAt.IsZero()) {
		return fmt.Errorf("signedcookies: load: %w", djangosession.ErrStartOver)
	}
	return fmt.Errorf("signedcookies: load: %w: %w", djangosession.ErrStartOver, err)
}

// ends returns when a session ends for the browser or for Django. Django ignores the
// expiry that the session itself contains.
func (e *Engine) ends(key string, d *py.Dict) py.DateTime {
	signed := signedAt(key)
	last := signed.Add(e.age)
	own, _, err := e.codec.StoredExpiry(d, signed)
	if err == nil && !own.Time.IsZero() && own.In(e.loc).Before(last) {
		return own
	}
	if e.useTZ {
		return py.DateTime{Time: last}
	}
	return py.NaiveIn(last, e.loc)
}

// signedAt returns the time in a text whose signature is valid.
func signedAt(text string) time.Time {
	text = text[:max(strings.LastIndexByte(text, ':'), 0)]
	seconds, _ := signing.B62Decode(text[strings.LastIndexByte(text, ':')+1:]) // a number out of range is its limit
	return time.Unix(seconds, 0).UTC()
}

// Exists implements [djangosession.Engine]. It returns false, as in Django.
func (*Engine) Exists(ctx context.Context, _ string) (bool, error) { return false, done(ctx, "exists") }

// Create implements [djangosession.Engine]. It changes the record's key to the value of
// the cookie. The error is a [*SizeError] or the serializer's.
func (e *Engine) Create(ctx context.Context, r *djangosession.Record) error { return e.sign(ctx, r) }

// Save implements [djangosession.Engine], like [Engine.Create].
func (e *Engine) Save(ctx context.Context, r *djangosession.Record) error { return e.sign(ctx, r) }

func (e *Engine) sign(ctx context.Context, r *djangosession.Record) error {
	if err := done(ctx, "save"); err != nil {
		return err
	}
	if r.Data == nil {
		return djangosession.ErrNoData
	}
	text, err := e.codec.Encode(r.Data)
	if err != nil {
		return err
	}
	if size := len(e.name) + len("=") + len(text); size > MaxCookieSize {
		return &SizeError{Size: size}
	}
	r.Key = text
	return nil
}

// Cycle implements [djangosession.Engine]. Sessions of any age are passed to change. The
// old key remains valid.
func (e *Engine) Cycle(ctx context.Context, old string, change func(*djangosession.Record) error) error {
	if err := done(ctx, "cycle"); err != nil {
		return err
	}
	r := &djangosession.Record{Key: old}
	d, err := e.codec.Decode(old)
	if err == nil {
		r.Data, r.ExpireDate = d, e.ends(old, d)
	} else {
		r.Err = fmt.Errorf("signedcookies: cycle: %w", err)
	}
	if err := change(r); err != nil {
		return err
	}
	return e.sign(ctx, r)
}

// Delete returns [djangosession.ErrStateless].
func (*Engine) Delete(ctx context.Context, _ string) error {
	if err := done(ctx, "delete"); err != nil {
		return err
	}
	return fmt.Errorf("signedcookies: delete: %w", djangosession.ErrStateless)
}

// ClearExpired implements [djangosession.Engine]. It does nothing, as in Django.
func (*Engine) ClearExpired(ctx context.Context, _ djangosession.ClearOptions) (int64, error) {
	return 0, done(ctx, "clear expired")
}
