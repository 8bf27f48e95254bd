package compat_test

import (
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/djangobridge/djangobridge/internal/release"
)

// TestPBKDF2Iterations compares the iterations in internal/release with Django's own. The
// tests of logins cannot see a wrong number, because they use fewer iterations to be
// quick.
func TestPBKDF2Iterations(t *testing.T) {
	t.Parallel()
	const ask = "from django.contrib.auth.hashers import PBKDF2PasswordHasher as h; print(h.iterations)"
	for _, version := range releases() {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			r, err := release.Parse(version)
			if err != nil {
				t.Fatal(err)
			}
			out, err := exec.CommandContext(t.Context(), python(t, version), "-c", ask).CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			if got, want := strconv.Itoa(r.PBKDF2Iterations()), strings.TrimSpace(string(out)); got != want {
				t.Errorf("internal/release has %s iterations, Django has %s", got, want)
			}
		})
	}
}
