package enginetest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
)

// The environment variables of the second process.
const (
	sourceVariable = "DJANGOSESSION_ENGINETEST_SOURCE"
	keyVariable    = "DJANGOSESSION_ENGINETEST_KEY"
	rounds         = 100
)

// RunTwoProcesses tests an engine that several processes share, from two processes at
// once. source tells open in both processes where the sessions are. The store must exist
// and be empty. The second process is the test program again, which runs only the test
// that calls this function. Everything that the test does before, it does twice.
func RunTwoProcesses(t *testing.T, source string, open func(t *testing.T, source string, s djangosession.Settings) Backend) {
	t.Helper()
	child := SecondProcess()
	if child {
		source = os.Getenv(sourceVariable)
	}
	s := djangosession.NewSettings("enginetest-secret-key")
	p := &process{suite: suite{Backend: open(t, source, s), clock: &clock{now: s.Clock()}, settings: s}}
	_, p.merges = p.Engine.(djangosession.Merger)
	p.use(t, djangosession.Options{MergeSaves: p.merges})
	if child {
		p.key = os.Getenv(keyVariable)
		p.work(t, "child")
		return
	}
	p.key = "0" + djangosession.NewKey()[1:]
	output := p.spawn(t, source)
	p.work(t, "parent")
	text := <-output
	p.check(t, text)
}

// SecondProcess reports whether this is the process that [RunTwoProcesses] started. Tests
// that prepare something first can skip that.
func SecondProcess() bool { return os.Getenv(sourceVariable) != "" }

// process is one of the two processes.
type process struct {
	suite

	key    string // both create a session under it; the key of their shared session differs in its first character
	merges bool
	won    bool // this process has created the session
}

func (p *process) sharedKey() string { return "s" + p.key[1:] }

// say sends a message to the first process, which reads the output of the second.
func say(what string) { _, _ = fmt.Fprintln(os.Stdout, "enginetest:", what) }

// work runs in both processes. It creates a session under the same key, and changes
// values of a shared session, different ones in each process.
func (p *process) work(t *testing.T, who string) {
	t.Helper()
	if err := p.Engine.Create(t.Context(), p.record(p.sharedKey(), nil)); err != nil && !errors.Is(err, djangosession.ErrKeyTaken) {
		t.Error(err)
	}
	switch err := p.Engine.Create(t.Context(), p.record(p.key, map[string]any{"by": who})); {
	case err == nil:
		say(who + " created")
		p.won = true
	case !errors.Is(err, djangosession.ErrKeyTaken):
		t.Error(err)
	}
	p.meet(t, who)
	for n := range rounds {
		session, err := p.sessions.Load(t.Context(), p.sharedKey())
		if err != nil {
			t.Error(err)
			return
		}
		session.Set(who, n)
		if err := session.Save(t.Context()); err != nil {
			t.Error(err)
			return
		}
	}
	say(who + " finished")
}

// meet waits until the other process is working too. Each creates a session of its own,
// and waits for that of the other.
func (p *process) meet(t *testing.T, who string) {
	t.Helper()
	mine, other := "c", "p"
	if who == "parent" {
		mine, other = other, mine
	}
	if err := p.Engine.Create(t.Context(), p.record(mine+p.key[1:], nil)); err != nil {
		t.Error(err)
	}
	for range 3000 {
		ok, err := p.Engine.Exists(t.Context(), other+p.key[1:])
		if err != nil {
			t.Error(err)
		}
		if ok {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("the other process has not started")
}

// spawn starts the second process. Its output arrives after it has ended.
func (p *process) spawn(t *testing.T, source string) <-chan string {
	t.Helper()
	name, _, _ := strings.Cut(t.Name(), "/")
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+name+"$", "-test.count=1") //nolint:gosec // this program
	cmd.Env = append(os.Environ(), sourceVariable+"="+source, keyVariable+"="+p.key)
	output := make(chan string, 1)
	go func() {
		out, err := cmd.CombinedOutput()
		text := string(out)
		if err != nil {
			text += "\n" + err.Error()
		}
		output <- text
	}()
	return output
}

// check inspects the sessions that both have left.
func (p *process) check(t *testing.T, child string) {
	t.Helper()
	if !strings.Contains(child, "enginetest: child finished") {
		t.Fatalf("the second process failed:\n%s", child)
	}
	if childCreated := strings.Contains(child, "enginetest: child created"); childCreated == p.won {
		t.Errorf("one process has to have created the session: parent %v, child %v", p.won, childCreated)
	}
	session := p.loaded(t, p.sharedKey())
	for _, who := range []string{"parent", "child"} {
		n, err := djangosession.Value[int](session, who)
		// Without merging the later writer wins, and may have lost the last values of the
		// other.
		if p.merges && (err != nil || n != rounds-1) {
			t.Errorf("the %s's value is %d, %v; want %d", who, n, err, rounds-1)
		}
	}
	for _, key := range []string{p.key, p.sharedKey(), "c" + p.key[1:], "p" + p.key[1:]} {
		if err := p.Engine.Delete(t.Context(), key); err != nil {
			t.Error(err)
		}
		p.wantMissing(t, key)
	}
}
