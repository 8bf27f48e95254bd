package tables

import (
	"testing"

	"github.com/djangobridge/djangobridge/djangosession"
)

// TestEveryDialectHasAnEngineOfDjango checks that exported settings can select each
// dialect.
func TestEveryDialectHasAnEngineOfDjango(t *testing.T) {
	t.Parallel()
	engines := map[string]string{
		"sqlite":     "django.db.backends.sqlite3",
		"postgresql": "django.db.backends.postgresql",
		"mysql":      "django.db.backends.mysql",
	}
	for _, d := range dialects() {
		if vendor, known := djangosession.VendorOf(engines[d.vendor()]); !known || vendor != d.vendor() {
			t.Errorf("%T: djangosession.VendorOf knows no engine with the vendor %q: add it there and to this test", d, d.vendor())
		}
	}
	if len(dialects()) != len(engines) {
		t.Errorf("%d dialects, and engines for %d", len(dialects()), len(engines))
	}
}
