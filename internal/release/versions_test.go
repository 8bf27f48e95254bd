package release

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func TestListOfVersionsIsWellFormed(t *testing.T) {
	t.Parallel()
	row := regexp.MustCompile(`^\d+\.\d+\.\d+ +3\.\d+(,3\.\d+)* +[a-z]+ +[a-z]+(,[a-z]+)*$`)
	text, err := os.ReadFile("versions.txt")
	if err != nil {
		t.Fatal(err)
	}
	rows := 0
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSuffix(line, "\n")
		if strings.HasPrefix(line, "#") {
			continue
		}
		rows++
		if !row.MatchString(line) {
			t.Errorf("%q is not a row of a release, Pythons, a Debian release and uses", line)
		}
	}
	if got := len(Versions()); got != rows || got == 0 {
		t.Errorf("read %d of %d rows", got, rows)
	}
	for _, v := range Versions() {
		for _, use := range v.Uses {
			if !slices.Contains([]string{"fixtures", "compat", "suites", "single", "export"}, use) {
				t.Errorf("%s: unknown use %q", v.Name, use)
			}
		}
	}
	if single := VersionsFor("single"); len(single) != 1 {
		t.Errorf("%v have the use single, want one release", single)
	}
}

func TestVersionsAreInOrder(t *testing.T) {
	t.Parallel()
	sorted := slices.IsSortedFunc(Versions(), func(a, b Version) int {
		x, y := parsed(t, a.Name), parsed(t, b.Name)
		return slices.Compare(x[:], y[:])
	})
	if !sorted {
		t.Error("versions.txt is not in order, oldest release first")
	}
}

func TestEveryVersionHasItsIterations(t *testing.T) {
	t.Parallel()
	for _, v := range Versions() {
		r := parsed(t, v.Name)
		if !slices.ContainsFunc(iterations(), func(row iterationsRow) bool {
			return row.major == r[0] && row.minor == r[1]
		}) {
			t.Errorf("series.go has no row for %d.%d: add the iterations of its PBKDF2PasswordHasher", r[0], r[1])
		}
	}
	if !slices.IsSortedFunc(iterations(), func(a, b iterationsRow) int {
		return slices.Compare([]int{b.major, b.minor, b.iterations}, []int{a.major, a.minor, a.iterations})
	}) {
		t.Error("series.go is not in order, newest release first")
	}
}

func TestNewestIsTheLastVersion(t *testing.T) {
	t.Parallel()
	versions := Versions()
	if last := versions[len(versions)-1].Series(); last != Newest {
		t.Errorf("Newest is %s, and the last row of versions.txt is of %s", Newest, last)
	}
}

func parsed(t *testing.T, version string) Release {
	t.Helper()
	r, err := Parse(version)
	if err != nil {
		t.Fatal(err)
	}
	return r
}
