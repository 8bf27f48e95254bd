package compat_test

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/djangobridge/djangobridge/py"
	"github.com/djangobridge/djangobridge/py/pickle"
	"github.com/djangobridge/djangobridge/py/tagged"
)

// The number of random values of each protocol: more with the last release, and fewer
// with the others, which differ only in Django's own types. PICKLE_SEED selects other
// values.
const (
	randomPickles = 5000
	fewerPickles  = 500
	randomSeed    = "1"
)

// runPickleValues calls a function of pickle_values.py and returns what it prints.
func runPickleValues(t *testing.T, python, function string, count, protocol int, input []byte) []byte {
	t.Helper()
	seed := os.Getenv("PICKLE_SEED")
	if seed == "" {
		seed = randomSeed
	}
	cmd := exec.CommandContext(t.Context(), python, "-c", "import pickle_values; pickle_values."+function+"()",
		seed, strconv.Itoa(count), strconv.Itoa(protocol))
	cmd.Dir = "peers"
	cmd.Env = append(os.Environ(), "PYTHONHASHSEED=0") // the order of sets
	cmd.Stdin = bytes.NewReader(input)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("pickle_values.%s: %v\n%s", function, err, stderr.String())
	}
	return out
}

// TestRandomPicklesOfPython reads random nested values that Python pickled, compares them
// with Python's own description, and has Python compare the pickles that Go writes.
func TestRandomPicklesOfPython(t *testing.T) {
	t.Parallel()
	releases := releases()
	for _, release := range releases {
		count := fewerPickles
		if release == releases[len(releases)-1] {
			count = randomPickles
		}
		for protocol := range 6 {
			t.Run(release+"/protocol-"+strconv.Itoa(protocol), func(t *testing.T) {
				t.Parallel()
				python := python(t, release)
				// Protocols 0 and 1 are written as 2. Python 3.13, which Django 6 needs,
				// names nested classes differently in 2 and 3.
				exact := protocol >= 4 || protocol >= 2 && release < "6"
				var written bytes.Buffer
				n, same := 0, 0
				lines := bufio.NewScanner(bytes.NewReader(runPickleValues(t, python, "make", count, protocol, nil)))
				lines.Buffer(nil, 1<<24)
				for ; lines.Scan(); n++ {
					pickled, text, _ := strings.Cut(lines.Text(), "\t")
					if tryRandomPickle(t, n, protocol, pickled, text, exact, &written) {
						same++
					}
				}
				if lines.Err() != nil || n != count {
					t.Fatalf("%d values, %v", n, lines.Err())
				}
				if out := runPickleValues(t, python, "check", count, protocol, written.Bytes()); string(out) != "checked\n" {
					t.Errorf("Python loads other values: %.3000s", out)
				}
				if protocol >= 2 {
					t.Logf("protocol %d: %d of %d written back untouched are the same bytes", protocol, same, count)
				}
			})
		}
	}
}

// tryRandomPickle reads a value and writes it to be checked, once in its native form and
// once made from its JSON. It reports whether writing the untouched value gives the same
// pickle, which is required if exact is set.
func tryRandomPickle(t *testing.T, n, protocol int, pickled, text string, exact bool, written *bytes.Buffer) (same bool) {
	t.Helper()
	data, err := base64.StdEncoding.DecodeString(pickled)
	if err != nil {
		t.Fatal(err)
	}
	v, err := pickle.Loads(data)
	if err != nil {
		t.Errorf("value %d: %v\n%.300s", n, err, text)
		written.WriteString("-\n")
		return false
	}
	got, err := tagged.Dumps(v)
	if err != nil || string(got) != text {
		at := difference(string(got), text)
		t.Errorf("value %d: %v\nGo     %.300s\nPython %.300s", n, err, got[at:], text[at:])
	}
	ofJSON, err := tagged.LoadsString(text)
	if err != nil || !py.Equal(ofJSON, v) {
		t.Errorf("value %d: JSON read as another value, %v\n%.300s", n, err, text)
	}
	for _, value := range []any{py.Native(v), ofJSON} {
		out, err := pickle.Dumps(value, max(protocol, 2))
		if err != nil {
			t.Errorf("value %d: %v\n%.300s", n, err, text)
		}
		written.WriteString(base64.StdEncoding.EncodeToString(out) + " ")
	}
	written.WriteByte('\n')
	again, err := pickle.Dumps(v, max(protocol, 2))
	if same = bytes.Equal(again, data); err != nil || exact && !same {
		const head = 11 // of a pickle, with the length of its frame
		again, data = again[min(head, len(again)):], data[min(head, len(data)):]
		at := difference(string(again), string(data))
		t.Errorf("value %d: %v\nwritten back %.300q\nread         %.300q", n, err, again[at:], data[at:])
	}
	return same
}

// difference is a place shortly before the first at which two texts differ.
func difference(a, b string) int {
	at := 0
	for at < min(len(a), len(b)) && a[at] == b[at] {
		at++
	}
	return max(at-100, 0)
}
