package doctor_test

import (
	"strings"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/internal/doctor"
	"github.com/djangobridge/djangobridge/py"
	"github.com/djangobridge/djangobridge/signing"
)

// TestLargeSessionProvesNothingAboutTheKey has a session that only a larger MaxInflated
// reads, signed before and after the settings were exported.
func TestLargeSessionProvesNothingAboutTheKey(t *testing.T) {
	t.Parallel()
	for _, signed := range []time.Duration{-time.Hour, time.Hour} {
		_, db := demo(t)
		s, review := settings(t)
		s.ExportedAt = time.Now()
		larger := s
		larger.MaxInflated = 2 * signing.DefaultMaxInflated
		larger.Now = func() time.Time { return s.ExportedAt.Add(signed) }
		codec, err := djangosession.NewCodec(larger)
		if err != nil {
			t.Fatal(err)
		}
		d := py.NewDict(1)
		d.Set("large", strings.Repeat("a", signing.DefaultMaxInflated))
		text, err := codec.Encode(d)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.DB.ExecContext(t.Context(), "INSERT INTO django_session VALUES (?, ?, '2999-01-01 00:00:00')",
			djangosession.NewKey(), text); err != nil {
			t.Fatal(err)
		}
		told := false
		for _, f := range doctor.Examine(t.Context(), doctor.Deployment{Settings: s, Review: review, Sessions: db, Users: db}) {
			if f.Check == "settings-outdated" && f.Level == doctor.Fault {
				t.Errorf("signed %v after the export: %+v", signed, f)
			}
			told = told || f.Check == "sessions-decode" && strings.Contains(f.Remedy, "MaxInflated")
		}
		if !told {
			t.Errorf("signed %v after the export: MaxInflated is not named", signed)
		}
	}
}
