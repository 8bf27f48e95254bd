package djangosession

import (
	"context"
	"errors"
	"log/slog"
	"time"
)

// A SaveReason says why a session was saved, or that its cookie was deleted.
type SaveReason string

// The reasons of a [SaveEvent].
const (
	SaveModified      SaveReason = "modified"           // it was changed
	SaveEveryRequest  SaveReason = "save_every_request" // SESSION_SAVE_EVERY_REQUEST
	SaveRenewed       SaveReason = "renewed"            // it would have ended soon; see [Options].RenewBelow
	SaveLate          SaveReason = "late"               // it was changed after the header of the response was sent
	SaveCookieDeleted SaveReason = "cookie_deleted"     // it was flushed, has ended, or had no valid key; nothing was saved
)

// A SaveEvent is passed to [Options].OnSave.
type SaveEvent struct {
	Reason   SaveReason
	Status   int           // of the response; 0 if Reason is SaveLate
	Created  bool          // the session is new
	Duration time.Duration // the time that saving took
}

// reportSave reports a saved session or a deleted cookie.
func (m *Manager) reportSave(ctx context.Context, e SaveEvent) {
	m.options.Logger.DebugContext(ctx, "session saved", "reason", string(e.Reason), "status", e.Status, "created", e.Created,
		"duration", e.Duration)
	if m.options.OnSave != nil {
		m.options.OnSave(ctx, e)
	}
}

// reportError reports an error of the middleware.
func (m *Manager) reportError(ctx context.Context, err error) {
	level, message := slog.LevelError, "session not saved"
	if errors.Is(err, ErrHeaderSent) {
		message = "session used after the header of the response"
	} else if errors.Is(err, ErrSessionGone) { // not a failure of the service
		level = slog.LevelWarn
	}
	m.options.Logger.Log(ctx, level, message, "error", err.Error())
	if m.options.OnError != nil {
		m.options.OnError(ctx, err)
	}
}
