package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/djangobridge/djangobridge/fixtures"
	"github.com/djangobridge/djangobridge/py"
	"github.com/djangobridge/djangobridge/py/tagged"
)

// sessionCase is a case of the files about sessions; fixtures/README.md has the fields.
type sessionCase struct {
	Name        string
	Op          string
	Expect      string
	Settings    map[string]any
	Time        float64
	Store       string
	KeySalt     string `json:"key_salt"`
	Encoded     string
	MaxInflated int `json:"max_inflated"`
	Compressed  bool
	Session     json.RawMessage
	Decoded     json.RawMessage
}

// The texts that each Django release wrote go through decode, and the sessions through
// encode: all cases of one site through one process, one per line.
func TestVectorsThroughPipes(t *testing.T) {
	t.Setenv(secretVariable, "")
	for _, release := range fixtures.Releases() {
		for _, subject := range []string{"sessions", "refusals", "legacy", "rotation", "pickle"} {
			file, err := fixtures.Read[sessionCase](release + "/" + subject + ".json")
			if errors.Is(err, fs.ErrNotExist) && subject == "pickle" && release >= "django-5" {
				continue // those releases have no PickleSerializer
			}
			if err != nil {
				t.Fatal(err)
			}
			toDecode, toEncode := map[string][]sessionCase{}, map[string][]sessionCase{}
			for _, c := range file.Cases {
				site := siteOf(t, file.Django, c)
				if c.Op == "decode" && c.MaxInflated == 0 || c.Op == "encode" && c.Expect == "ok" {
					toDecode[site] = append(toDecode[site], c)
				}
				if c.Op == "encode" && subject != "pickle" { // its bytes depend on what is one object in Python
					site += "\n--timestamp\n" + strconv.FormatInt(int64(c.Time), 10)
					toEncode[site] = append(toEncode[site], c)
				}
			}
			for site, cases := range toDecode {
				decodeCases(t, release, strings.Split(site, "\n"), cases)
			}
			for site, cases := range toEncode {
				encodeCases(t, release, strings.Split(site, "\n"), cases)
			}
		}
	}
}

// siteOf returns flags that describe the site of a case, a line each.
func siteOf(t *testing.T, version string, c sessionCase) string {
	t.Helper()
	settings := map[string]any{"DJANGO_VERSION": version}
	maps.Copy(settings, c.Settings)
	data, err := json.Marshal(settings)
	if err != nil {
		t.Fatal(err)
	}
	flags := "--settings-json\n" + string(data) + "\n--store\n" + c.Store
	if !strings.HasSuffix(c.KeySalt, c.Store[strings.LastIndexByte(c.Store, '.')+1:]) { // a class with its own salt
		flags += "\n--salt\n" + c.KeySalt
	}
	return flags
}

// pipe runs a command on items. If flags contain --settings-json, it writes the settings
// to a file. Items with a line end, as Django 1.4 wrote them, cannot be lines; all items
// are arguments then.
func pipe(t *testing.T, command string, flags, items []string) (lines []string, status int) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "site.json")
	if err := os.WriteFile(file, []byte(flags[1]), 0o600); err != nil {
		t.Fatal(err)
	}
	args := append([]string{command, "--settings", file}, flags[2:]...)
	stdin := strings.Join(items, "\n") + "\n"
	if strings.Count(stdin, "\n") > len(items) {
		args, stdin = append(append(args, "--"), items...), ""
	}
	var stdout, stderr bytes.Buffer
	status = run(args, strings.NewReader(stdin), &stdout, &stderr)
	lines = strings.Split(strings.TrimSuffix(stdout.String(), "\n"), "\n")
	if len(lines) != len(items) || stderr.Len() > 0 {
		t.Fatalf("%q printed %d lines for %d items, and %s", args, len(lines), len(items), &stderr)
	}
	return lines, status
}

func decodeCases(t *testing.T, release string, flags []string, cases []sessionCase) {
	t.Helper()
	items := make([]string, len(cases))
	for i, c := range cases {
		items[i] = c.Encoded
	}
	lines, status := pipe(t, "decode", flags, items)
	wantStatus := statusOK
	for i, c := range cases {
		var line struct {
			Session json.RawMessage `json:"session"`
			Error   problem         `json:"error"`
		}
		if err := json.Unmarshal([]byte(lines[i]), &line); err != nil {
			t.Fatalf("%s %s: decode printed %s", release, c.Name, lines[i])
		}
		want := c.Session
		if c.Decoded != nil && c.Expect == "ok" {
			want = c.Decoded
		}
		if c.Expect == "ok" && bytes.HasPrefix(bytes.TrimSpace(want), []byte("{")) {
			if line.Session == nil || !py.Equal(mustLoad(t, line.Session), mustLoad(t, want)) {
				t.Errorf("%s %s: decode printed %s, want %s", release, c.Name, lines[i], want)
			}
			continue
		}
		wantStatus = statusFailed
		reason := c.Expect
		if reason == "ok" { // Django's store returns a value that is not a session, and fails later
			reason = "bad_serialization"
		}
		if line.Error.Reason != reason {
			t.Errorf("%s %s: decode printed %s, want %s", release, c.Name, lines[i], reason)
		}
	}
	if status != wantStatus {
		t.Errorf("%s %s and others: status %d, want %d", release, cases[0].Name, status, wantStatus)
	}
}

func encodeCases(t *testing.T, release string, flags []string, cases []sessionCase) {
	t.Helper()
	items := make([]string, len(cases))
	for i, c := range cases {
		var text bytes.Buffer
		if err := json.Compact(&text, c.Session); err != nil {
			t.Fatal(err)
		}
		items[i] = text.String()
	}
	lines, status := pipe(t, "encode", flags, items)
	wantStatus := statusOK
	for i, c := range cases {
		switch {
		case c.Expect != "ok":
			wantStatus = statusFailed
			if !strings.HasPrefix(lines[i], `{"error":`) {
				t.Errorf("%s %s: encode printed %s, want %s", release, c.Name, lines[i], c.Expect)
			}
		case c.Compressed: // zlib's output differs from library to library
			if strings.HasPrefix(lines[i], "{") {
				t.Errorf("%s %s: encode printed %s", release, c.Name, lines[i])
			}
		case lines[i] != c.Encoded:
			t.Errorf("%s %s: encode printed %s, want %s", release, c.Name, lines[i], c.Encoded)
		}
	}
	if status != wantStatus {
		t.Errorf("%s %s and others: status %d, want %d", release, cases[0].Name, status, wantStatus)
	}
}

func mustLoad(t *testing.T, text json.RawMessage) any {
	t.Helper()
	v, err := tagged.Loads(text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return v
}
