package compat_test

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/djangobridge/djangobridge/internal/zlib"
)

// How many streams are compared, and from what they are made.
const (
	zlibStreams = 20_000
	zlibSeed    = "1"
)

// runZlibStreams calls a function of zlib_streams.py and returns what it prints.
func runZlibStreams(t *testing.T, function string, input []byte, args ...string) []byte {
	t.Helper()
	releases := releases()
	cmd := exec.CommandContext(t.Context(), python(t, releases[len(releases)-1]),
		append([]string{"-c", "import zlib_streams; zlib_streams." + function + "()"}, args...)...)
	cmd.Dir = "peers"
	cmd.Stdin = bytes.NewReader(input)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("zlib_streams.%s: %v\n%s", function, err, stderr.String())
	}
	return out
}

// zlibReasons are words of Python's refusals, with words of ours. The longest that a
// refusal contains counts.
func zlibReasons() map[string]string {
	return map[string]string{
		"Error -5": "cut off", "Error 2": "dictionary", "data check": "checksum", "window size": "header",
		"compression method": "header", "header check": "header", "block type": "no known type", "stored block": "complement",
		"too many": "too many codes", "too far": "too far", "distance code": "a code is invalid", "length code": "a code is invalid",
		"code lengths set": "for code lengths", "repeat": "repeated", "missing": "no code for its end",
		"lengths set": "for literals", "distances set": "for distances",
	}
}

// TestMutatedStreamsAreReadAsPythonReadsThem gives both the same streams, most of them
// damaged. Both accept the same ones, with the same content, and refuse the others for
// the same reason.
func TestMutatedStreamsAreReadAsPythonReadsThem(t *testing.T) {
	t.Parallel()
	reasons := zlibReasons()
	seen := map[string]int{}
	lines := bufio.NewScanner(bytes.NewReader(runZlibStreams(t, "make", nil, zlibSeed, strconv.Itoa(zlibStreams))))
	lines.Buffer(nil, 1<<24)
	n := 0
	for ; lines.Scan(); n++ {
		stream, verdict, _ := strings.Cut(lines.Text(), "\t")
		z, err := hex.DecodeString(stream)
		if err != nil {
			t.Fatal(err)
		}
		got, err := zlib.Decompress(nil, z, 1<<20)
		if content, ok := strings.CutPrefix(verdict, "ok "); ok {
			seen["accepted"]++
			if err != nil || hex.EncodeToString(got) != content {
				t.Errorf("%.2000s: %v, with %d bytes; Python reads %d", stream, err, len(got), len(content)/2)
			}
			continue
		}
		known := ""
		for word := range reasons {
			if strings.Contains(verdict, word) && len(word) > len(known) {
				known = word
			}
		}
		seen[known]++
		// Code lengths that have no code at all are refused at once. Python reads on until
		// the data ends, or until it misses the code for the end of a block.
		if (known == "missing" || known == "Error -5") && err != nil && strings.Contains(err.Error(), "for code lengths") {
			continue
		}
		if known == "" || err == nil || got != nil || !strings.Contains(err.Error(), reasons[known]) {
			t.Errorf("%.2000s: %v; Python says %q", stream, err, verdict)
		}
	}
	if lines.Err() != nil || n != zlibStreams {
		t.Fatalf("%d streams, %v", n, lines.Err())
	}
	for word := range reasons {
		if seen[word] == 0 {
			t.Errorf("no stream is refused because of %q", word)
		}
	}
	if seen["accepted"] < n/10 {
		t.Errorf("only %d of %d streams are accepted", seen["accepted"], n)
	}
}

// TestPythonReadsWhatGoCompresses has Python inflate texts of all sizes that Go has
// compressed at both levels.
func TestPythonReadsWhatGoCompresses(t *testing.T) {
	t.Parallel()
	var lines bytes.Buffer
	written := bufio.NewScanner(bytes.NewReader(runZlibStreams(t, "make", nil, zlibSeed, "2000")))
	written.Buffer(nil, 1<<24)
	count := 0
	for written.Scan() {
		_, verdict, _ := strings.Cut(written.Text(), "\t")
		content, ok := strings.CutPrefix(verdict, "ok ")
		if !ok {
			continue
		}
		text, err := hex.DecodeString(content)
		if err != nil {
			t.Fatal(err)
		}
		for _, level := range []zlib.Level{zlib.Default, zlib.Best} {
			fmt.Fprintf(&lines, "%x\t%s\n", zlib.Compress(nil, text, level), content)
			count++
		}
	}
	if written.Err() != nil || count < 1000 {
		t.Fatalf("%d streams, %v", count, written.Err())
	}
	if out := runZlibStreams(t, "check", lines.Bytes()); string(out) != "checked\n" {
		t.Errorf("Python reads other texts: %.3000s", out)
	}
}
