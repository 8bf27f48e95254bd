package main

import (
	"os"
	"path/filepath"
	"testing"
)

func TestFiguresReplaceRowsOfTheirTable(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "page.md")
	const before = `# Speed

<!-- bench: sessions -->

| | Django | Go |
|---|---|---|
| decode | 1 | 2 | 3 | 4 | 5 | 6 |
| decode 2 KB | 1 | 2 | 3 | 4 | 5 | 6 |

| | Other |
|---|---|
| decode | 9 |

<!-- bench: targets -->

| | Target | Measured | Met |
|---|---|---|---|
`
	const after = `# Speed

<!-- bench: sessions -->

| | Django | Go |
|---|---|---|
| decode | 20.0 | 4.0 | 0.20 | 2.0 | 2.00 | 7 |
| decode 2 KB | 1 | 2 | 3 | 4 | 5 | 6 |
| encode | 20.0 | 5.0 | 0.25 | 5.0 | 1.00 | 7 |

| | Other |
|---|---|
| decode | 9 |

<!-- bench: targets -->

| | Target | Measured | Met |
|---|---|---|---|
| decode: share <= 0.18 | 0.20 | no |
| encode: share <= 0.25 | 0.25 | yes |
`
	if err := os.WriteFile(file, []byte(before), 0o600); err != nil {
		t.Fatal(err)
	}
	r := &report{results: []result{
		{name: "decode/login", table: tableSessions, label: "decode", figures: figures{theirs: 20, ours: 4, floor: 2, allocs: 7}},
		{name: "encode/login", table: tableSessions, label: "encode", figures: figures{theirs: 20, ours: 5, floor: 5, allocs: 7}},
	}}
	if err := r.writeTo(file); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != after {
		t.Errorf("got\n%s", got)
	}
	r.results[0].table = tablePages
	if err := r.writeTo(file); err == nil {
		t.Error("a page without the table is no error")
	}
}

func TestEachTargetHasARow(t *testing.T) {
	t.Parallel()
	for _, target := range targets() {
		r := &report{results: []result{{name: target.row, figures: figures{theirs: 100, ours: 1, floor: 1, allocs: 1}}}}
		found := false
		for _, v := range r.verdicts() {
			found = found || v.target == target
			if !v.met(v.measured) {
				t.Errorf("%+v is not met by %g", v.target, v.measured)
			}
		}
		if !found {
			t.Errorf("no verdict on %+v", target)
		}
	}
}
