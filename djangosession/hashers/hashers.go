package hashers

import (
	"fmt"
	"log/slog"
	"runtime"
	"sync"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/auth"
	"github.com/djangobridge/djangobridge/internal/release"
)

// DefaultMaxMemory is the default of [Options].MaxMemory.
const DefaultMaxMemory = 256 << 20

// Options holds everything for which Django has no setting. The zero value is right for
// sites that use Django's hashers or subclasses with other parameters.
type Options struct {
	// Own contains the hashers of the site that are written in Python. Keys are their
	// algorithms, with which encoded passwords begin. One with the algorithm of a Django
	// hasher replaces it.
	Own map[string]Hasher

	// Concurrency is the number of passwords that are processed at a time; the default is
	// GOMAXPROCS. Other calls wait until their context ends. Memory use is at most about
	// Concurrency times the memory of one password, which is 100 MiB for Argon2 as Django
	// configures it.
	Concurrency int
	// MaxMemory is the most memory, in bytes, that checking one password may use; the
	// default is [DefaultMaxMemory]. Stored passwords that demand more are refused with
	// an [*auth.HasherError]. New only logs an error if new passwords would demand more.
	MaxMemory int

	// Logger receives one error for each hasher whose passwords cannot be checked, and
	// one for each hasher with a stored password that demands too much or has parameters
	// that are not supported. The default is slog.Default.
	Logger *slog.Logger
}

// A Hasher is a hasher of a site, for [Options].Own. It must be safe for concurrent use.
type Hasher interface {
	// Verify reports whether encoded is the encoding of password. It compares in constant
	// time. The error is for failures that do not depend on the password.
	Verify(password, encoded string) (bool, error)
	// Encode encodes a password with a new salt. It takes as long as Verify.
	Encode(password string) (string, error)
	// MustUpdate reports whether a password encoded by this hasher should be encoded
	// again, because its parameters have changed.
	MustUpdate(encoded string) bool
}

// Hashers checks and encodes the passwords of a site. It is immutable and safe for
// concurrent use. It implements [auth.Hashers].
type Hashers struct {
	preferred  *entry            // the first of PASSWORD_HASHERS
	standIn    algorithm         // sets the time of refusals if preferred has a problem; may be nil
	entries    map[string]*entry // by algorithm
	limit      limiter
	primitives *primitives
	maxMemory  int64
	logger     *slog.Logger
	told       sync.Map // toldKeys that have been logged
}

var _ auth.Hashers = (*Hashers)(nil)

// New returns the hashers of a site. It only logs an error if new passwords cannot be
// encoded, because the first of PASSWORD_HASHERS is unknown or demands too much. The
// error is a [*djangosession.SettingError].
func New(s djangosession.Settings, o Options) (*Hashers, error) {
	site, err := release.Parse(s.DjangoVersion)
	if err != nil {
		return nil, err
	}
	if err := o.fill(); err != nil {
		return nil, err
	}
	h := &Hashers{limit: newLimiter(o.Concurrency), maxMemory: int64(o.MaxMemory), logger: o.Logger}
	if err := h.load(&s, site, &o); err != nil {
		return nil, err
	}
	return h, nil
}

func (o *Options) fill() error {
	if o.Concurrency == 0 {
		o.Concurrency = runtime.GOMAXPROCS(0)
	}
	if o.MaxMemory == 0 {
		o.MaxMemory = DefaultMaxMemory
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	for name, n := range map[string]int{"Concurrency": o.Concurrency, "MaxMemory": o.MaxMemory} {
		if n < 0 {
			return &djangosession.SettingError{Setting: "Options." + name, Problem: "must not be negative"}
		}
	}
	for algorithm, own := range o.Own {
		if own == nil {
			return &djangosession.SettingError{Setting: "Options.Own", Problem: fmt.Sprintf("has no hasher for %q", algorithm)}
		}
	}
	return nil
}
