package messages

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/internal/cookies"
	"github.com/djangobridge/djangobridge/internal/httpmw"
	"github.com/djangobridge/djangobridge/internal/release"
)

// Django's storages, as MESSAGE_STORAGE names them.
const (
	FallbackStorage = "django.contrib.messages.storage.fallback.FallbackStorage" // the default: the cookie, then the session
	CookieStorage   = "django.contrib.messages.storage.cookie.CookieStorage"
	SessionStorage  = "django.contrib.messages.storage.session.SessionStorage"
)

const middlewarePath = "django.contrib.messages.middleware.MessageMiddleware"

// Options holds everything for which Django has no setting. The zero value behaves as
// Django does.
type Options struct {
	// Storage replaces MESSAGE_STORAGE, for a site with a storage class of its own that
	// stores messages exactly as one of Django's does: [FallbackStorage],
	// [CookieStorage] or [SessionStorage].
	Storage string
	// Enabled is for a site whose MIDDLEWARE contains a middleware of its own in place of
	// Django's MessageMiddleware.
	Enabled bool
	// ReadOnly refuses new messages with [djangosession.ErrReadOnly], and leaves those
	// that are shown for Django to show and remove. It is for programs that call
	// [Messages.NewStorage]: inside a read-only [djangosession.Manager],
	// [Messages.Middleware] needs no option.
	ReadOnly bool
	// Logger receives errors for which no caller waits. The default is slog.Default. No
	// text of a message is logged.
	Logger *slog.Logger
	// OnError is called with those errors, such as a [*LostError].
	OnError func(ctx context.Context, err error)
}

// Messages stores and shows the messages of one site. It is immutable and safe for
// concurrent use.
type Messages struct {
	codec    *Codec
	options  Options
	settings djangosession.Settings
	release  release.Release
	kind     string // the storage
	problem  error  // why requests have no messages
}

// New returns the messages of a site. The error is [djangosession.ErrIncompleteSettings]
// or a [*djangosession.SettingError]. If the site's MESSAGE_STORAGE, SIGNING_BACKEND or
// MIDDLEWARE rule out messages, New returns no error, because handlers without messages
// work: see [Messages.Check].
func New(s djangosession.Settings, o Options) (*Messages, error) {
	codec, err := NewCodec(s)
	problem, backend := errors.AsType[*djangosession.SettingError](err)
	backend = backend && problem.Setting == "SIGNING_BACKEND"
	if err != nil && !backend {
		return nil, err
	}
	rel, err := release.Parse(s.DjangoVersion)
	if err != nil {
		return nil, err
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	m := &Messages{codec: codec, options: o, release: rel, kind: s.MessageStorage}
	if o.Storage != "" {
		m.kind = o.Storage
	}
	switch m.kind {
	case "":
		m.kind = FallbackStorage
	case FallbackStorage, CookieStorage, SessionStorage:
	default:
		m.problem = &djangosession.SettingError{Setting: "MESSAGE_STORAGE", Problem: fmt.Sprintf("%q is not one of Django's "+
			"classes: if it stores messages as one of them does, set Storage in messages.Options to that class", m.kind)}
	}
	if backend {
		m.problem = problem
	}
	if s.Middleware != nil && !slices.Contains(s.Middleware, middlewarePath) && !o.Enabled {
		m.problem = ErrNotInstalled
	}
	s.SecretKey, s.SecretKeyFallbacks = "", nil // unused here, and fmt would print them
	m.settings = s
	return m, nil
}

// Check returns why requests of this site have no messages; nil if they do. The error is
// [ErrNotInstalled] or a [*djangosession.SettingError] that names the
// setting and the class. [Add] and the other functions return the same error.
func (m *Messages) Check() error { return m.problem }

// Codec returns the codec of the site; nil if [Messages.Check] reports SIGNING_BACKEND.
func (m *Messages) Codec() *Codec { return m.codec }

// Middleware gives requests their messages. Put it inside the session middleware.
// Messages that were added are stored, and those that were shown are removed, just before
// the header of the response is sent. A request that uses no messages does not load the
// session. It panics if next is nil, as [http.Handle] does. Matches MessageMiddleware.
func (m *Messages) Middleware(next http.Handler) http.Handler {
	if m == nil || next == nil {
		panic("messages: Messages.Middleware: nil messages or handler") //nolint:forbidigo // the program has not started yet
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Context().Value(storageKey{}) != nil { // it is inside another one
			next.ServeHTTP(w, r)
			return
		}
		inner := m.inner(r)
		defer httpmw.RemoveFiles(inner, r)
		next.ServeHTTP(w, inner)
	})
}

// inner returns the request with its storage.
func (m *Messages) inner(r *http.Request) *http.Request {
	ctx := r.Context()
	s := m.NewStorage(r.Header, djangosession.FromContext)
	shared := httpmw.From(ctx)
	switch {
	case s.problem != nil:
	case shared == nil:
		s.problem = errNoSession
	default:
		s.shared, s.readOnly = shared, s.readOnly || shared.ReadOnly
		shared.BeforeHeader(func(status int, header http.Header) { s.settle(ctx, status, header) })
		shared.AtReplace(func(header http.Header) { s.replaced(ctx, header) })
	}
	return r.WithContext(context.WithValue(ctx, storageKey{}, s))
}

// NewStorage returns the storage of a request with this header, for programs that do not
// use [Messages.Middleware]. The function session returns the session of the request. It
// is called when the session is needed, with the context of the method that needs it. It
// may load the session when it is first called, and must return the same one later,
// without using the storage. Call [Storage.Update] when the response is known.
func (m *Messages) NewStorage(header http.Header, session func(context.Context) (*djangosession.Session, error)) *Storage {
	s := &Storage{
		messages: m, problem: m.problem, session: session, readOnly: m.options.ReadOnly, level: m.settings.MessageLevel,
	}
	s.cookie, s.hasCookie = cookies.Find(header, CookieName)
	return s
}

// report reports an error for which no caller waits.
func (m *Messages) report(ctx context.Context, err error) {
	m.options.Logger.ErrorContext(ctx, "messages not stored", "error", err.Error())
	if m.options.OnError != nil {
		m.options.OnError(ctx, err)
	}
}

type storageKey struct{}

// From returns the storage of the request that ctx belongs to. The error is
// [ErrNoMiddleware], or that of [Messages.Check]. Matches get_messages.
func From(ctx context.Context) (*Storage, error) {
	s, ok := ctx.Value(storageKey{}).(*Storage)
	switch {
	case !ok:
		return nil, ErrNoMiddleware
	case s.problem != nil:
		return nil, s.problem
	}
	return s, nil
}
