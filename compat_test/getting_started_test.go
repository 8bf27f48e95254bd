package compat_test

import (
	"bytes"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// freePorts returns ports that no server listens on. They are below those that systems
// give to connections and to servers without a port of their own, so that nothing takes
// them before their use minutes later.
func freePorts(t *testing.T, n int) []string {
	t.Helper()
	ports := make([]string, 0, n)
	for _, i := range rand.Perm(10_000) {
		port := strconv.Itoa(20_000 + i)
		l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:"+port)
		if err != nil { // it is in use
			continue
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		if ports = append(ports, port); len(ports) == n {
			return ports
		}
	}
	t.Fatalf("only the ports %v are free", ports)
	return nil
}

// tutorial returns the commands of docs/getting-started.md as one program for the shell,
// and the Go program that the page begins with. Downloads are replaced by what is here:
// the program needs the variables ROOT, the folder of this module, and BIN, a folder in
// the PATH.
func tutorial(t *testing.T) (commands, first string) {
	t.Helper()
	page, err := os.ReadFile(filepath.Join("..", "docs", "getting-started.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, first, _ = strings.Cut(string(page), "```go\n")
	first, _, _ = strings.Cut(first, "```\n")
	var blocks strings.Builder
	for _, block := range regexp.MustCompile("(?s)\n```sh\n(.*?\n)```\n").FindAllStringSubmatch(string(page), -1) {
		blocks.WriteString(block[1])
	}
	commands = blocks.String()
	const module = "github.com/djangobridge/djangobridge"
	for _, r := range [][2]string{
		{"python3 -m venv venv\n. venv/bin/activate\npip install django\n", ""}, //nolint:dupword // two commands
		{
			"go install " + module + "/cmd/djangosession@latest\n",
			`(cd "$ROOT" && GOBIN="$BIN" go install ./cmd/djangosession)` + "\n",
		},
		{
			"go get " + module + " modernc.org/sqlite\n",
			`sed 's#^module .*#module example.com/shop#' "$ROOT"/go.mod > go.mod` + "\n" +
				`cp "$ROOT"/go.sum go.sum` + "\n" +
				"go mod edit -require " + module + "@v0.0.0 -replace " + module + `="$ROOT"` + "\n",
		},
		{"kill %go\n", "kill %go\nwait %go || true\n"},
		{"runserver 8000 &\n", "runserver 8000 &\nuntil curl -s -o wait http://127.0.0.1:8000/cart/; do sleep 0.2; done\n"},
	} {
		if !strings.Contains(commands, r[0]) {
			t.Fatalf("docs/getting-started.md has no %q", r[0])
		}
		commands = strings.ReplaceAll(commands, r[0], r[1])
	}
	return commands, first
}

// TestGettingStartedLeadsToASharedCart runs the commands of docs/getting-started.md,
// except for downloads and with other ports.
func TestGettingStartedLeadsToASharedCart(t *testing.T) {
	t.Parallel()
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	const run = "go run . &\n"
	ports := slices.Collect(slices.Chunk(freePorts(t, 2*len(releases())), 2))
	for i, release := range releases() {
		t.Run(release, func(t *testing.T) {
			t.Parallel()
			dir, bin, django, service := t.TempDir(), t.TempDir(), ports[i][0], ports[i][1]
			commands, first := tutorial(t)
			if err := os.WriteFile(filepath.Join(dir, "first.go"), []byte(first), 0o600); err != nil {
				t.Fatal(err)
			}
			parts := strings.Split(commands, run)
			if len(parts) != 4 {
				t.Fatalf("%d parts, want 4", len(parts))
			}
			for i, source := range []string{"../first.go", "$ROOT/examples/start/cart/main.go", "$ROOT/examples/start/form/main.go"} {
				parts[i] += `sed s/PORT/8001/ "` + source + "\" > main.go\n" + run +
					"until curl -s -o wait http://127.0.0.1:8001/; do sleep 0.2; done\n"
			}
			commands = strings.NewReplacer("8000", django, "8001", service, "PORT", "8001").Replace(strings.Join(parts, ""))

			cmd := exec.CommandContext(t.Context(), "timeout", "1200", "bash", "-c",
				"set -em\ntrap 'for job in $(jobs -p); do kill -- -$job || true; done' EXIT\n"+commands)
			cmd.Dir = dir
			path := filepath.Dir(python(t, release)) + ":" + bin + ":" + os.Getenv("PATH")
			cmd.Env = append(os.Environ(), "PATH="+path, "GOFLAGS=-mod=mod -buildvcs=false", "ROOT="+root, "BIN="+bin)
			var stdout, stderr bytes.Buffer
			cmd.Stdout, cmd.Stderr = &stdout, &stderr
			cmd.WaitDelay = 10 * time.Second // the servers have these too
			if err := cmd.Run(); err != nil {
				t.Fatalf("%v\n%s\n%s", err, &stdout, &stderr)
			}
			rest := stdout.String()
			for _, want := range []string{
				"Hello, anne!\n", "Location: /admin/login/?next=/go/",
				"cart: map[tea:1]\n", "Django sees anne, cart {'tea': 1}\n",
				"cart: map[tea:2]\n", "Django sees anne, cart {'tea': 2}\n", "403\n",
			} {
				_, after, found := strings.Cut(rest, want)
				if !found {
					t.Fatalf("no %q in\n%s\n%s", want, &stdout, &stderr)
				}
				rest = after
			}
		})
	}
}
