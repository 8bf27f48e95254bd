package djangosession

import (
	"context"
	"errors"
	"log/slog"
	"time"
)

// A SaveReason says why a session was saved, or that its cookie was deleted.
type SaveReason string

// The reasons.
const (
	Modified      SaveReason = "modified"           // it was changed
	EveryRequest  SaveReason = "save_every_request" // SESSION_SAVE_EVERY_REQUEST
	Renewed       SaveReason = "renewed"            // it would have ended soon; see [Middleware].RenewBelow
	Late          SaveReason = "late"               // it was changed after the header of the response went out
	CookieDeleted SaveReason = "cookie_deleted"     // it was flushed, has ended, or the cookie was none: nothing was saved
)

// A SaveEvent is what [Middleware].OnSave is told.
type SaveEvent struct {
	Reason   SaveReason
	Status   int           // of the response; 0 if Reason is Late
	Created  bool          // the session is a new one
	Duration time.Duration // how long saving took
}

func (s *site) saved(ctx context.Context, e SaveEvent) {
	s.Logger.DebugContext(ctx, "session saved", "reason", string(e.Reason), "status", e.Status, "created", e.Created,
		"duration", e.Duration)
	if s.OnSave != nil {
		s.OnSave(ctx, e)
	}
}

func (s *site) report(ctx context.Context, err error) {
	level, message := slog.LevelError, "session not saved"
	if errors.Is(err, ErrHeaderSent) {
		message = "session used after the header of the response"
	} else if errors.Is(err, ErrSessionGone) { // nobody's fault
		level = slog.LevelWarn
	}
	s.Logger.Log(ctx, level, message, "error", err.Error())
	if s.OnError != nil {
		s.OnError(ctx, err)
	}
}
