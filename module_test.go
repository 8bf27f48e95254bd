package djangobridge_test

import (
	"strings"
	"testing"
)

// TestOpenTelemetryIsOutsideTheModule checks that package oteldjango, a module of its
// own, adds nothing to this one: go.sum names every module of the graph.
func TestOpenTelemetryIsOutsideTheModule(t *testing.T) {
	t.Parallel()
	for _, file := range []string{"go.mod", "go.sum"} {
		text := readFile(t, file)
		if !strings.Contains(text, "github.com/klauspost/compress") {
			t.Fatalf("%s does not list a dependency that the module has", file)
		}
		for _, name := range []string{"opentelemetry", "prometheus", "oteldjango"} {
			if strings.Contains(text, name) {
				t.Errorf("%s names %s", file, name)
			}
		}
	}
	for _, file := range []string{"oteldjango/go.mod", "oteldjango/go.sum"} {
		if !strings.Contains(readFile(t, file), "opentelemetry") {
			t.Errorf("%s does not name what the search looks for", file)
		}
	}
}
