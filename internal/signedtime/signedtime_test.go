package signedtime_test

import (
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/internal/signedtime"
)

// The times are those in sessions that Django has signed; older forms have none.
func TestSessionsKnowWhenTheyWereSigned(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Time{
		".eJyrVkosLcnIKy4sTUxJzUwpVrJSqlWKz0xRslJKySxOLVGqBQB6yAqH:1kVwJx:signature": time.Unix(1603456645, 0),
		"e30:0:signature":      time.Unix(0, 0),
		"e30:signature":        {},
		"e30::signature":       {},
		"":                     {},
		"MWM4Njk0OWE2Y2I0Zjk6": {},
	} {
		if got := signedtime.Of(text); !got.Equal(want) {
			t.Errorf("%s: %v, want %v", text, got, want)
		}
	}
}

func TestLateSignaturesAreDamaged(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	exported := now.Add(-time.Hour)
	for after, want := range map[time.Duration]bool{
		-time.Minute: true, -time.Hour: false, -2 * time.Hour: false, signedtime.Tolerance: true, signedtime.Tolerance + 1: false,
	} {
		if got := signedtime.IsNewer(now.Add(after), exported, now); got != want {
			t.Errorf("%v after now: %v, want %v", after, got, want)
		}
	}
}
