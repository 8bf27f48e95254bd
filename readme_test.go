package djangobridge_test

import (
	"os"
	"strings"
	"testing"
)

// TestReadmeProgramIsTheExample holds that the program in the README is the one that
// the compiler sees.
func TestReadmeProgramIsTheExample(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	program, err := os.ReadFile("examples/visits/main.go")
	if err != nil {
		t.Fatal(err)
	}
	_, body, _ := strings.Cut(string(program), "func main() {")
	body, _, found := strings.Cut(body, "\n}\n")
	if !found || !strings.Contains(string(readme), body) {
		t.Error("the README does not show the program of examples/visits")
	}
}
