package doctor_test

import (
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/internal/doctor"
	"github.com/djangobridge/djangobridge/signing"
)

// A session proves that the settings are outdated if it was signed since they were
// exported. A time in the future is damage: the same rule as in Manager.
func TestOnlySignaturesSinceTheExportAreProofs(t *testing.T) {
	t.Parallel()
	now := time.Now()
	for name, c := range map[string]struct {
		signed time.Time
		want   doctor.Level
	}{
		"before the export":    {signed: now.Add(-2 * time.Hour), want: doctor.OK},
		"since the export":     {signed: now.Add(-time.Minute), want: doctor.Fault},
		"by a clock ahead":     {signed: now.Add(time.Hour), want: doctor.Fault},
		"in the far future":    {signed: now.Add(48 * time.Hour), want: doctor.OK},
		"in the year 36812 AD": {signed: time.Unix(1<<40, 0), want: doctor.OK},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, db := demo(t)
			data := "x:" + signing.B62Encode(c.signed.Unix()) + ":signature"
			if _, err := db.DB.ExecContext(t.Context(), "INSERT INTO django_session VALUES ('damaged', ?, '2099-01-01 00:00:00')", data); err != nil {
				t.Fatal(err)
			}
			s, review := settings(t)
			s.ExportedAt = now.Add(-time.Hour)
			got := doctor.Level("")
			for _, f := range doctor.Examine(t.Context(), doctor.Deployment{Settings: s, Review: review, Sessions: db, Users: db}) {
				if f.Check == "settings-outdated" {
					got = f.Level
				}
			}
			if got != c.want {
				t.Errorf("level %v, want %v", got, c.want)
			}
		})
	}
}
