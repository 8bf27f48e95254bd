// Package djangobridge_test holds the rules for the module as a whole.
package djangobridge_test

import (
	"errors"
	"fmt"
	"go/build"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/djangobridge/djangobridge"

// anything, in a rule, lifts all limits.
const anything = "..."

// importRules lists the packages of the module from the ground up, and for each what
// its code (tests aside) may import besides the standard library; what it may import,
// it may also reach through others. A name ending in /... stands for all packages below
// it, and the most precise name counts. A package without a rule fails the test, so
// every new one is given its place here.
func importRules() map[string][]string {
	return map[string][]string{
		"signing":              {},
		"py":                   {},
		"py/pyjson":            {"py"},
		"py/pickle":            {"py"},
		"py/...":               {"py", "py/..."},
		"djangosession":        {"signing", "py", "py/..."},
		"djangosession/...":    {"djangosession"},
		"djangosession/memory": {"djangosession", "djangosession/auth", "py"},
		// Login pages.
		"djangosession/auth/tokens": {"djangosession", "djangosession/auth", "signing"},
		"djangosession/auth/views": {
			"djangosession", "djangosession/auth", "djangosession/auth/tokens", "djangosession/csrf", "golang.org/x/text/...",
		},
		"djangosession/hashers": {
			"djangosession", "djangosession/auth", "golang.org/x/crypto/argon2", "golang.org/x/crypto/bcrypt", "golang.org/x/crypto/scrypt",
		},
		// For users of that library alone, who have it anyway.
		"djangosession/gopickle": {"djangosession", "github.com/nlpodyssey/gopickle/..."},
		"caches":                 {"djangosession", "py", "py/..."},
		"caches/cachetest":       {"caches", "djangosession", "py"},
		"caches/rediscache": {
			"caches", "djangosession", "py", "py/...", "github.com/redis/go-redis/...",
			"github.com/klauspost/compress/...", "github.com/pierrec/lz4/...", "github.com/ulikunitz/xz", "github.com/ulikunitz/xz/...",
		},
		"caches/memcached": {"caches", "djangosession", "py", "py/...", "github.com/bradfitz/gomemcache/..."},
		"files":            {"djangosession", "py"},
		"signedcookies":    {"djangosession", "py", "signing"},
		"tables":           {"djangosession", "djangosession/auth", "caches", "py"},
		"forwardauth":      {"djangosession", "djangosession/auth", "py", "py/..."},
		"fixtures":         {},
		".": { // the front door
			"djangosession", "djangosession/auth", "djangosession/auth/...", "djangosession/csrf", "djangosession/hashers",
			"djangosession/messages", "golang.org/x/text/...",
			"forwardauth", "tables", "caches", "files", "signedcookies", "py", "py/...",
		},
		// For tests of services.
		"sitetest": {".", "djangosession", "djangosession/...", "tables", "caches", "files"},
		// The ends of the tree: programs, which alone import database drivers, and
		// which nobody imports.
		"cmd/...":      {anything},
		"examples/...": {anything},
	}
}

// mayImportTesting names the packages that exist to be called from tests. Anywhere
// else, "testing" would add its flags and its weight to the users' programs.
func mayImportTesting() []string {
	return []string{"djangosession/enginetest", "caches/cachetest", "sitetest"}
}

// grabBags are names that say nothing of what is inside.
func grabBags() []string {
	return []string{"util", "utils", "common", "helper", "helpers", "misc", "shared", "internal"}
}

// goPackage is a package of this module without its tests.
type goPackage struct {
	path, name string
	imports    []string // direct
	deps       []string // imports, and what they reach inside this module
}

func TestPackagesImportOnlyWhatTheirPlaceAllows(t *testing.T) {
	t.Parallel()
	packages := listPackages(t)
	if len(packages) == 0 {
		t.Fatal("found no package")
	}
	for _, p := range packages {
		for _, complaint := range complaints(p) {
			t.Error(complaint)
		}
	}
}

// TestImportRulesRefuse breaks every kind of rule once, because a checker that cannot
// fail checks nothing.
func TestImportRulesRefuse(t *testing.T) {
	t.Parallel()
	const (
		driver   = "github.com/mattn/go-sqlite3"
		deflate  = "github.com/klauspost/compress/flate"
		gopickle = "github.com/nlpodyssey/gopickle/types"
	)
	ours := func(name string) string { return module + "/" + name }
	tests := []struct {
		name, pkg string
		deps      []string
		refused   bool
	}{
		{"standard library", "py", []string{"math/big", "vendor/golang.org/x/crypto/internal/alias", "C"}, false},
		{"layer below", "djangosession", []string{ours("signing"), ours("py"), ours("py/pyjson")}, false},
		{"two layers below", "tables", []string{ours("djangosession/auth"), ours("py/pickle"), ours("internal/zlib")}, false},
		{"deflate in the cache that needs it", "caches/rediscache", []string{deflate}, false},
		{"gopickle in its package", "djangosession/gopickle", []string{gopickle, ours("py/pickle")}, false},
		{"own internal package", "signing", []string{ours("signing/internal/blake2")}, false},
		{"shared internal package", "py/pyjson", []string{ours("internal/wtf8"), ours("py")}, false},
		{"driver in the program", "cmd/djangosession", []string{driver, ours("tables")}, false},
		{"x/crypto in its package", "djangosession/hashers", []string{"golang.org/x/crypto/argon2", ours("djangosession/auth")}, false},
		{"suite for tests", "djangosession/enginetest", []string{"testing", ours("djangosession")}, false},
		{"site for tests", "sitetest", []string{"testing", module, ours("signing")}, false},

		{"ground imports layer above", "py", []string{ours("py/pyjson")}, true},
		{"sibling formats", "py/pickle", []string{ours("py/pyjson")}, true},
		{"signing knows Python values", "signing", []string{ours("py")}, true},
		{"sessions know tables", "djangosession", []string{ours("tables")}, true},
		{"sessions know their own extension", "djangosession", []string{ours("djangosession/auth")}, true},
		{"extensions know each other", "djangosession/auth", []string{ours("djangosession/csrf")}, true},
		{"forward authentication knows tables", "forwardauth", []string{ours("tables")}, true},
		{"driver in the front door", "", []string{driver}, true},
		{"driver in tables", "tables", []string{driver}, true},
		{"x/crypto elsewhere", "djangosession/auth", []string{"golang.org/x/crypto/bcrypt"}, true},
		{"gopickle elsewhere", "djangosession/auth", []string{gopickle}, true},
		{"sessions know gopickle", "djangosession", []string{gopickle}, true},
		{"deflate elsewhere", "signing", []string{deflate}, true},
		{"foreign module with the same start", "caches/rediscache", []string{"github.com/klauspost/compressor"}, true},
		{"fixtures know sessions", "fixtures", []string{ours("djangosession")}, true},
		{"front door in libraries", "tables", []string{module}, true},
		{"library imports program", "tables", []string{ours("cmd/djangosession/run")}, true},
		{"internal package reaches up", "py", []string{ours("internal/wtf8"), ours("signing")}, true},
		{"testing in users' programs", "tables", []string{"testing"}, true},
		{"package without a rule", "cache", nil, true},
		{"grab-bag", "py/util", nil, true},
		{"internal grab-bag", "internal/common", nil, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got := complaints(goPackage{path: ours(test.pkg), name: path.Base(test.pkg), deps: test.deps})
			if refused := len(got) > 0; refused != test.refused {
				t.Errorf("refused = %v, want %v; complaints: %q", refused, test.refused, got)
			}
		})
	}
}

// complaints says what is wrong with the name and the imports of one package of this
// module.
func complaints(p goPackage) []string {
	name := strings.TrimPrefix(strings.TrimPrefix(p.path, module), "/")
	if name == "" {
		name = "."
	}
	var found []string
	if slices.Contains(grabBags(), p.name) || slices.Contains(grabBags(), path.Base(name)) {
		found = append(found, fmt.Sprintf("%q: a package is named after what it is for", name))
	}
	if isInternal(name) {
		return found // what it imports counts as imported by those who import it
	}
	if _, ok := ruleOf(name); !ok {
		return append(found, fmt.Sprintf("%q has no import rule: give it its place in importRules", name))
	}
	within := reach(name)
	for _, dep := range p.deps {
		if dep == "testing" && !slices.Contains(mayImportTesting(), name) {
			found = append(found, fmt.Sprintf("%q %s \"testing\"", name, how(p, dep)))
		}
		if !isAllowed(dep, within) {
			found = append(found, fmt.Sprintf("%q %s %q, which its place does not allow", name, how(p, dep), dep))
		}
	}
	return found
}

func how(p goPackage, dep string) string {
	if slices.Contains(p.imports, dep) {
		return "imports"
	}
	return "reaches, through what it imports,"
}

func isAllowed(dep string, within []string) bool {
	own, inModule := strings.CutPrefix(dep, module+"/")
	if dep == module {
		own, inModule = ".", true
	}
	if inModule {
		dep = own
	} else if first, _, _ := strings.Cut(dep, "/"); !strings.Contains(first, ".") {
		return true // the standard library: the paths of modules start with a host name
	}
	return inModule && isInternal(dep) || slices.ContainsFunc(within, func(pattern string) bool {
		return matches(dep, pattern)
	})
}

// reach lists what a package may import, directly or through others.
func reach(name string) []string {
	rule, _ := ruleOf(name)
	within := slices.Clone(importRules()[rule])
	for i := 0; i < len(within); i++ { // it grows on the way
		next, _ := ruleOf(within[i])
		for _, pattern := range importRules()[next] {
			if !slices.Contains(within, pattern) {
				within = append(within, pattern)
			}
		}
	}
	return within
}

// ruleOf finds the most precise rule for a package, or for a pattern that a rule
// contains.
func ruleOf(name string) (string, bool) {
	if _, ok := importRules()[name]; ok {
		return name, true
	}
	for dir := path.Dir(name); dir != "." && dir != "/"; dir = path.Dir(dir) {
		if _, ok := importRules()[dir+"/..."]; ok {
			return dir + "/...", true
		}
	}
	return "", false
}

func matches(name, pattern string) bool {
	above, all := strings.CutSuffix(pattern, "/...")
	return pattern == anything || name == pattern || all && strings.HasPrefix(name, above+"/")
}

func isInternal(name string) bool {
	return slices.Contains(strings.Split(path.Dir(name), "/"), "internal")
}

// listPackages reads the module's packages in this process: the go command, run as a
// child, would open files that the cache of test results does not see, and an old
// success would hide a new import.
func listPackages(t *testing.T) []goPackage {
	t.Helper()
	var packages []goPackage
	err := filepath.WalkDir(".", func(dir string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.IsDir() {
			return err
		}
		if dir != "." && isOutside(dir) {
			return filepath.SkipDir
		}
		p, err := build.ImportDir(dir, 0)
		var noGo *build.NoGoError
		if errors.As(err, &noGo) || err == nil && len(p.GoFiles)+len(p.CgoFiles) == 0 {
			return nil // no code, or only tests
		}
		if err != nil {
			return fmt.Errorf("%s: %w", dir, err)
		}
		packages = append(packages, goPackage{
			path: path.Join(module, filepath.ToSlash(dir)), name: p.Name, imports: p.Imports,
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for i := range packages {
		packages[i].deps = closure(packages[i], packages)
	}
	return packages
}

// isOutside tells folders that ./... leaves out as well, among them those that hold a
// module of their own.
func isOutside(dir string) bool {
	base := filepath.Base(dir)
	_, err := os.Stat(filepath.Join(dir, "go.mod"))
	return err == nil || base == "testdata" || base[0] == '.' || base[0] == '_'
}

// closure lists what a package imports, and what the packages of this module among that
// import in turn.
func closure(of goPackage, packages []goPackage) []string {
	deps := slices.Clone(of.imports)
	for i := 0; i < len(deps); i++ { // it grows on the way
		for _, p := range packages {
			if p.path != deps[i] {
				continue
			}
			for _, next := range p.imports {
				if !slices.Contains(deps, next) {
					deps = append(deps, next)
				}
			}
		}
	}
	return deps
}
