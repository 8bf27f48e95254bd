package compat_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/auth"
)

// chaosWriter begins the source of a writer that will be killed.
const chaosWriter = "writer "

// A chaosNote is what a writer says about a user's login. It says what it is about to do
// as well as what the database has acknowledged.
type chaosNote struct {
	User         string `json:"user"`
	Created      bool   `json:"created,omitempty"`      // the login is stored
	Value        string `json:"value,omitempty"`        // this value is stored
	Ending       bool   `json:"ending,omitempty"`       // a logout begins
	Ended        bool   `json:"ended,omitempty"`        // the logout has returned
	Unknown      bool   `json:"unknown,omitempty"`      // the writer does not know the key any more
	Unacceptable string `json:"unacceptable,omitempty"` // an error that should not be
}

// chaosWrite logs users in, changes their sessions and keys, and logs some of them out,
// until it is killed.
func chaosWrite(source string) error {
	c, err := newChaosSite(source)
	if err != nil {
		return err
	}
	sessions, login, err := chaosParts(c.engine, chaosKey, djangosession.Options{MergeSaves: true})
	if err != nil {
		return err
	}
	w := &chaosWriting{sessions: sessions, login: login, out: json.NewEncoder(os.Stdout)}
	for n := 0; ; n++ {
		if err := w.visit(context.Background(), fmt.Sprintf("%d-%d", os.Getpid(), n)); err != nil {
			return err
		}
	}
}

type chaosWriting struct {
	sessions *djangosession.Manager
	login    *auth.Auth
	out      *json.Encoder
}

// visit is what one user does. The error is that of writing notes.
func (w *chaosWriting) visit(ctx context.Context, user string) error {
	s := w.sessions.New()
	err := w.login.LoginSession(ctx, s, chaosUser(user))
	if err == nil {
		err = s.Save(ctx)
	}
	if err != nil { // the row may be there all the same
		return errors.Join(w.failed(user, err), w.out.Encode(chaosNote{User: user, Unknown: true}))
	}
	if err := w.out.Encode(chaosNote{User: user, Created: true}); err != nil {
		return err
	}
	for i := range 6 {
		value := fmt.Sprintf("value%d", i)
		s.Set(value, strings.Repeat(value, 1+i*i*30))
		change := s.Save
		if i%2 == 1 {
			change = s.CycleKey
		}
		if err := change(ctx); err != nil {
			return errors.Join(w.failed(user, err), w.out.Encode(chaosNote{User: user, Unknown: true}))
		}
		if err := w.out.Encode(chaosNote{User: user, Value: value}); err != nil {
			return err
		}
	}
	if rand.IntN(2) == 0 {
		return nil
	}
	if err := w.out.Encode(chaosNote{User: user, Ending: true}); err != nil {
		return err
	}
	if err := w.login.LogoutSession(ctx, s); err != nil {
		return w.failed(user, err)
	}
	return w.out.Encode(chaosNote{User: user, Ended: true})
}

// failed waits while the server is away, and reports errors of other kinds.
func (w *chaosWriting) failed(user string, err error) error {
	if !unavailable(err) {
		return w.out.Encode(chaosNote{User: user, Unacceptable: err.Error()})
	}
	time.Sleep(5 * time.Millisecond)
	return nil
}

// chaosBook is what writers have said.
type chaosBook struct {
	mu      sync.Mutex
	users   map[string]*chaosVisitor
	noted   atomic.Int64
	strange []string
}

type chaosVisitor struct {
	chaosNote
	values []string
}

func (b *chaosBook) note(n chaosNote) {
	b.mu.Lock()
	defer b.mu.Unlock()
	v := b.users[n.User]
	if v == nil {
		v = &chaosVisitor{}
		b.users[n.User] = v
	}
	v.Created, v.Ending, v.Ended, v.Unknown = v.Created || n.Created, v.Ending || n.Ending, v.Ended || n.Ended, v.Unknown || n.Unknown
	if n.Value != "" {
		v.values = append(v.values, n.Value)
	}
	if n.Unacceptable != "" {
		b.strange = append(b.strange, n.Unacceptable)
	}
	b.noted.Add(1)
}

// startWriter starts a process that writes, and returns what kills it.
func (b *chaosBook) startWriter(t *testing.T, source string) (kill func()) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), chaosVariable+"="+chaosWriter+source)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	read := make(chan struct{})
	go func() {
		defer close(read)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			var n chaosNote
			if json.Unmarshal(lines.Bytes(), &n) == nil { // the last line may be half of one
				b.note(n)
			}
		}
	}()
	return func() {
		t.Helper()
		if err := cmd.Process.Kill(); err != nil {
			t.Error(err)
		}
		<-read
		_ = cmd.Wait() // it has been killed
	}
}

// await waits until the writers have said more.
func (b *chaosBook) await(t *testing.T, more int64) {
	t.Helper()
	before := b.noted.Load()
	for deadline := time.Now().Add(time.Minute); b.noted.Load() < before+more; time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the writers have stopped")
		}
	}
}

// compare checks what is stored against what was said.
func (b *chaosBook) compare(t *testing.T, c *chaosSite) {
	t.Helper()
	_ = c.db.PingContext(t.Context()) // a connection to a server that was killed ends here
	stored := map[string][]*djangosession.Record{}
	for _, row := range c.rows(t) {
		stored[loginOf(row)] = append(stored[loginOf(row)], row)
	}
	for user, v := range b.users {
		rows := stored[user]
		switch {
		case len(rows) > 1:
			t.Errorf("one login has %d rows", len(rows))
		case len(rows) == 1 && v.Ended:
			t.Error("a login exists after its logout")
		case len(rows) == 0 && v.Created && !v.Ending && !v.Unknown:
			t.Error("an acknowledged login is lost")
		case len(rows) == 1:
			for _, name := range v.values {
				if !holds(rows[0], name) {
					t.Errorf("%s was acknowledged and is lost", name)
				}
			}
		}
	}
	for _, problem := range b.strange {
		t.Error(problem)
	}
}

// TestChaosOfKilledWriters kills writers at random moments. Everything that they
// acknowledged is stored, and no login has two rows.
func TestChaosOfKilledWriters(t *testing.T) {
	t.Parallel()
	kills := times(t, "CHAOS_KILLS", 6)
	onChaosDatabases(t, func(t *testing.T, source string) {
		c := newChaosTable(t, source)
		book := &chaosBook{users: map[string]*chaosVisitor{}}
		writers := []func(){book.startWriter(t, source), book.startWriter(t, source)}
		for n := range kills {
			book.await(t, 20+rand.Int64N(30))
			i := n % len(writers)
			writers[i]()
			writers[i] = book.startWriter(t, source)
		}
		for _, kill := range writers {
			kill()
		}
		book.compare(t, c)
		t.Logf("%d writers killed, %d logins, %d notes", kills, len(book.users), book.noted.Load())
	})
}

// TestChaosOfKilledServers crashes a database server under load and starts it again.
// Everything that it acknowledged is stored, and no login has two rows.
func TestChaosOfKilledServers(t *testing.T) {
	t.Parallel()
	kills := times(t, "CHAOS_SERVER_KILLS", 1)
	for _, product := range []string{"mariadb", "postgresql"} {
		t.Run(product, func(t *testing.T) {
			t.Parallel()
			server := ownServer(t, product)
			base := databaseOn(t, server)
			if product == "postgresql" { // the tests' servers trade safety for speed
				statement := "ALTER DATABASE " + base.name + " SET synchronous_commit = on"
				if _, err := base.open(t).ExecContext(t.Context(), statement); err != nil {
					t.Fatal(err)
				}
			}
			c := newChaosTable(t, base.source())
			book := &chaosBook{users: map[string]*chaosVisitor{}}
			writers := make([]func(), 0, 3)
			for range 3 {
				writers = append(writers, book.startWriter(t, base.source()))
			}
			for range kills {
				book.await(t, 100)
				time.Sleep(time.Duration(rand.IntN(50)) * time.Millisecond)
				if err := errors.Join(server.Kill(), server.Start()); err != nil {
					t.Fatal(err)
				}
			}
			book.await(t, 100)
			for _, kill := range writers {
				kill()
			}
			book.compare(t, c)
			t.Logf("the server killed %d times, %d logins, %d notes", kills, len(book.users), book.noted.Load())
		})
	}
}
