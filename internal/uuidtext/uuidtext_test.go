package uuidtext_test

import (
	"testing"

	"github.com/djangobridge/djangobridge/internal/uuidtext"
)

func TestTextsInAnyFormAreTheSameUUID(t *testing.T) {
	t.Parallel()
	const digits = "00112233445566778899aabbccddeeff"
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{digits, "00112233-4455-6677-8899-AABBCCDDEEFF", true},
		{digits, digits[:31] + "0", false},
		{"x", digits, false},
		{digits, "x", false},
		{"x", "x", false},
	} {
		if uuidtext.Same(c.a, c.b) != c.same {
			t.Errorf("%s and %s", c.a, c.b)
		}
	}
}
