package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// All commands run with correct and with wrong arguments, and with secrets that are easy
// to find.
func TestNoOutputContainsASecret(t *testing.T) {
	const (
		canary = "c4nary"
		other  = canary + "-other"
		text   = "eyJhIjoxfQ:1r31eq:mvqAFpOL1fZXbE9_M4qDR7eYKgZG_5R2MwsvV9eChd8"
	)
	folder := t.TempDir()
	write := func(name, text string) string {
		file := filepath.Join(folder, name)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	good := write("good.json", `{"SECRET_KEY":"c4nary-file","SECRET_KEY_FALLBACKS":["c4nary-old"]}`)
	list := write("list.json", `{"SECRET_KEY":["c4nary-file"]}`)
	number := write("number.json", `{"SECRET_KEY":"c4nary-file","USE_TZ":"c4nary"}`)
	cut := write("cut.json", `{"SECRET_KEY":"c4nary-file`)
	raw := write("raw.json", `c4nary-file`)
	database := write("empty.sqlite3", "")

	lines := [][]string{
		{},
		{"--help"},
		{"decode", "--help"},
		{"sessions", "list", "--help"},
		{"decode", text},
		{"decode", "--secret-key", other, text},
		{"decode", "--secret-key=" + other, "--fallback", other, "--fallback=" + other, text},
		{"decode", "--secret-key", "-" + other, text},
		{"decode", "--fallback", "-" + other, text},
		{"decode", "--secret_key=" + other, text},
		{"decode", "--sercet-key=" + other, text},
		{"decode", "--sercet-key", other},
		{"decode", "--secret-key", other, "--max-age", "x"},
		{"decode", "--secret-key", other, "--serializer", "pickle"},
		{"decode", "--secret-key", other, "--django", "0.1", text},
		{"decode", "--no-such-flag", "--secret-key", other, text},
		{"decode", "--settings", good, text},
		{"decode", "--settings", list, text},
		{"decode", "--settings", number, text},
		{"decode", "--settings", cut, text},
		{"decode", "--settings", raw, text},
		{"encode", `{"a":1}`, `[`},
		{"explain", text, canary, `"` + text + `"`},
		{"explain", "--json", "--try-key", other, text, ""},
		{"sign", "value"},
		{"sign", "--sep", "a", "value"},
		{"sign", "--algorithm", "none", "value"},
		{"unsign", "value:x", "value:1r31eq:x"},
		{"dumps", `{"a":1}`, "x"},
		{"loads", text, ""},
		{"explain", "--cookie", "cart", "--try-key", other, "--try-salt", "x", text, canary + ":1r31eq:" + text[len(text)-43:]},
		{"unsign", "--cookie", "cart", text},
		{"loads", "--cookie-key", text},
		{"sessions", "list", database},
		{"sessions", "delete", "--user", canary, database},
		{"sessions", "delete", "--username", canary, database},
		{"sessions", "delete", database, canary + "key..."},
		{"sessions", "show", database, "key"},
		{"sessions", "delete", "--user", "1", database},
		{"sessions", "delete", database, "key"},
		{"clearsessions", database},
		{"clearsessions", "postgresql://user:" + canary + "@host/site"},
		{"clearsessions", "sqlite://user:" + canary + "@host/site"},
		{"clearsessions", "nosuch://user:" + canary + "@host/site"},
	}
	t.Setenv(secretVariable, canary)
	for _, line := range lines {
		var out bytes.Buffer
		run(line, strings.NewReader(text+"\n"), &out, &out)
		if out.Len() == 0 {
			t.Errorf("%q printed nothing", line)
		}
		if strings.Contains(out.String(), canary) {
			t.Errorf("%q printed a secret: %s", line, &out)
		}
	}
}
