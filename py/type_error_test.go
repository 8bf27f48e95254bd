package py_test

import (
	"testing"

	"github.com/djangobridge/djangobridge/py"
)

// TestTypeErrorWithoutAType has one that a caller made.
func TestTypeErrorWithoutAType(t *testing.T) {
	t.Parallel()
	err := &py.TypeError{Path: "items[2]"}
	if got := err.Error(); got != "py: Go type nil has no Python form (at items[2])" {
		t.Errorf("got %q", got)
	}
}
