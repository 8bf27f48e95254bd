package pickle

import (
	"encoding/hex"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
)

// Every opcode that takes values is read with too few values or the wrong ones on the
// stack, and every opcode with an operand is read with a truncated operand. Go may refuse
// input that Python reads only if Go has no type for the value, or if it is a number in a
// form that no pickler writes.
func TestOpcodesTakeWhatPythonLetsThemTake(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/opcodes.txt")
	if err != nil {
		t.Fatal(err)
	}
	stricter := []string{dropped, noTarget, "sets the state of a value that cannot have one", badNumber}
	read, refused := 0, 0
	for line := range strings.Lines(string(text)) {
		digits, want, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		data, err := hex.DecodeString(digits)
		if err != nil {
			t.Fatal(err)
		}
		v, err := Options{Encoding: "ASCII"}.Loads(data)
		problem, ok := errors.AsType[*SyntaxError](err)
		switch {
		case err != nil && !ok:
			t.Errorf("%q: %T %v", data, err, err)
		case want == "-" && (err == nil || v != nil):
			t.Errorf("%q: got %s, %v; Python refuses it", data, canon(v), err)
		case want == "-":
			refused++
		case err != nil && !slices.Contains(stricter, problem.Problem):
			t.Errorf("%q: %v; Python reads it", data, err)
		case err == nil && want != "?" && canon(v) != want:
			t.Errorf("%q:\n got %s\nwant %s", data, canon(v), want)
		case err == nil:
			read++
		}
	}
	if read < 1600 || refused < 10000 {
		t.Errorf("%d read, %d refused", read, refused)
	}
}
