package djangosession

import (
	"errors"
	"fmt"
	"time"

	"github.com/djangobridge/djangobridge/internal/signedtime"
)

// ErrOutdatedSettings reports that the site's settings, usually the SECRET_KEY, have
// changed since they were exported: a stored session does not decode although it was
// signed after [Settings].ExportedAt, or after the [Manager] was created if that is
// unknown. Django can read that session, and overwriting it would log its visitor out.
//
// Until the service has the new settings, such a session is empty for reading, keeps its
// key, and cannot be saved or moved to another key. A login, like [Session.Create],
// starts a new session and leaves the stored one in place; Flush deletes it. Errors that
// wrap ErrOutdatedSettings also wrap the [*DecodeError]. Django has no such check.
//
// If the engine is [Stateless], the text comes from a browser, which can make up the time
// of the signature: then a single error proves nothing, and it is logged as a warning.
var ErrOutdatedSettings = errors.New("djangosession: the settings of this service are out of date: a session that was stored " +
	"after they were exported does not decode: export them again (djangosession settings script) and reload them. " +
	"To rotate SECRET_KEY, give this service the new key in SECRET_KEY_FALLBACKS before Django signs with it: " +
	"see docs/key-rotation.md")

// ErrUnknownFormat reports a stored value that is not in the format that the settings
// describe, in a store that does not sign its values, such as a cache. Either the value
// is damaged, or the settings are not the site's and Django can read it. For [errors.Is]
// it is also an [ErrOutdatedSettings], and the session is treated in the same way.
// Engines wrap it.
var ErrUnknownFormat error = unknownFormatError{}

type unknownFormatError struct{}

func (unknownFormatError) Error() string {
	return "djangosession: the stored session is not in the format that the settings describe: " +
		"if Django can read it, export the settings again (djangosession settings script) and reload them"
}

// Is implements [errors.Is].
func (unknownFormatError) Is(target error) bool { return target == ErrOutdatedSettings }

// ErrMaxInflated reports a stored session that is larger than [Settings].MaxInflated
// permits. The site has signed or stored it, and Django, which has no limit, can read it.
// For [errors.Is] it is also an [ErrUnknownFormat], and the session is treated in the
// same way. It is the cause in a [*DecodeError].
var ErrMaxInflated error = maxInflatedError{}

type maxInflatedError struct{}

func (maxInflatedError) Error() string {
	return "Django can read the session: raise Settings.MaxInflated, which is MAX_INFLATED in a settings file " +
		"(add it after each export)"
}

// Is implements [errors.Is].
func (maxInflatedError) Is(target error) bool {
	return target == ErrUnknownFormat || target == ErrOutdatedSettings
}

// outdated returns an error that wraps [ErrOutdatedSettings] if err proves that the
// settings are outdated, err itself if it is one already, else nil.
func (m *Manager) outdated(err error) error {
	if errors.Is(err, ErrOutdatedSettings) {
		return err
	}
	refused, ok := errors.AsType[*DecodeError](err)
	if !ok || !signedtime.IsNewer(refused.SignedAt, m.settingsOf, m.settings.Clock()) {
		return nil
	}
	return fmt.Errorf("%w: %w", ErrOutdatedSettings, err)
}

// Outdated returns an error that wraps [ErrOutdatedSettings] if the session is empty
// because Django can read what is stored and this service cannot. It is nil for other
// sessions.
func (s *Session) Outdated() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.outdated
}

// newestSettings returns the time at which the settings were known to be the site's.
func newestSettings(s *Settings) time.Time {
	if s.ExportedAt.IsZero() {
		return s.Clock()
	}
	return s.ExportedAt
}
