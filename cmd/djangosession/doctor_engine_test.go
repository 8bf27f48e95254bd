package main

import (
	"slices"
	"testing"

	"github.com/djangobridge/djangobridge/internal/doctor"
)

// TestDoctorUsesAnAcceptedEngineOfACache has a subclass that overrides load.
func TestDoctorUsesAnAcceptedEngineOfACache(t *testing.T) {
	t.Parallel()
	changes := subclass(cacheEngine)
	changes["SESSION_CACHE"] = map[string]any{
		"alias": "default", "backend": "django.core.cache.backends.filebased.FileBasedCache", "version": "1",
		"location": []string{t.TempDir()}, "options": map[string]any{"MAX_ENTRIES": 1000},
	}
	source := siteSource{Settings: siteSettings(t, changes), Database: demoDatabase(t)}
	for accepted, faults := range map[string]int{ownEngine: 0, "": 1} {
		source.AcceptEngine = accepted
		d, closers, err := (&doctorCommand{siteSource: source}).deployment()
		for _, closer := range closers {
			t.Cleanup(closer)
		}
		if err != nil {
			t.Fatal(err)
		}
		refused := slices.DeleteFunc(doctor.Examine(t.Context(), d), func(f doctor.Finding) bool {
			return f.Check != "session-engine" || f.Level != doctor.Fault
		})
		if len(refused) != faults {
			t.Errorf("accepted %q: faults %v", accepted, refused)
		}
	}
}
