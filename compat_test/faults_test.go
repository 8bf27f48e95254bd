package compat_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/py"
	"github.com/djangobridge/djangobridge/tables"
)

// times is the number of repetitions: usually a few, or the number in a variable for
// measurements.
func times(t *testing.T, variable string, usual int) int {
	t.Helper()
	text := os.Getenv(variable)
	if text == "" {
		return usual
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("%s: %v", variable, err)
	}
	return n
}

// goSite has sessions in a new database in which Go created the table.
func goSite(t *testing.T, base *database) *pair {
	t.Helper()
	p := &pair{base: base}
	p.sessions, p.engine = p.site(t, djangosession.NewSettings("compat-secret-key"), tables.Options{})
	if err := p.engine.CreateTable(t.Context()); err != nil {
		t.Fatal(err)
	}
	return p
}

// writerVariable makes this program a writer that the test kills; see TestKilledWriters.
const writerVariable = "COMPAT_WRITER"

// writeForever creates, changes and moves sessions of all sizes.
func writeForever(source string) error {
	product, name, _ := strings.Cut(source, " ")
	db, dialect, err := openSource(product, name)
	if err != nil {
		return err
	}
	s := djangosession.NewSettings("compat-secret-key")
	engine, err := tables.New(db, s, tables.Options{Dialect: dialect, LockWait: time.Minute})
	if err != nil {
		return err
	}
	sessions, err := djangosession.NewManager(engine, s, djangosession.Options{})
	if err != nil {
		return err
	}
	ctx := context.Background()
	for n := 0; ; n++ {
		session := sessions.New()
		session.Set("text", strings.Repeat(strconv.Itoa(n), 1+n*n%5000))
		session.Set("n", n)
		session.Set("visitor", djangosession.NewKey())
		if err := session.Save(ctx); err != nil {
			return err
		}
		if n == 0 {
			fmt.Println("writing")
		}
		session.Set("n", n+1)
		if err := errors.Join(session.Save(ctx), session.CycleKey(ctx)); err != nil {
			return err
		}
	}
}

// TestKilledWriters kills writing processes at random moments. Afterwards every row
// decodes, and no visitor has two.
func TestKilledWriters(t *testing.T) {
	t.Parallel()
	kills := times(t, "COMPAT_KILLS", 10)
	for _, product := range databases() {
		t.Run(product, func(t *testing.T) {
			t.Parallel()
			p := goSite(t, newDatabase(t, product))
			for range kills {
				kill(t, p.base)
			}
			rows, visitors := 0, map[string]bool{}
			for row, err := range p.engine.Rows(t.Context()) {
				if err != nil {
					t.Fatal(err)
				}
				rows++
				d, err := p.engine.Codec().Decode(row.Data)
				if err != nil {
					t.Errorf("a row does not decode: %v", err)
					continue
				}
				v, _ := d.Get("visitor")
				visitor, ok := py.Resolve(v).(string)
				if !ok || visitors[visitor] {
					t.Errorf("a visitor has two sessions, or none")
				}
				visitors[visitor] = true
			}
			if rows < kills {
				t.Errorf("%d rows by %d writers", rows, kills)
			}
			t.Logf("%d writers killed, %d rows, all decode", kills, rows)
		})
	}
}

// kill starts a writer and ends it without warning.
func kill(t *testing.T, base *database) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), writerVariable+"="+base.source())
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var stderr strings.Builder
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	time.Sleep(time.Duration(rand.Int64N(int64(60 * time.Millisecond))))
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // it has been killed
	if err != nil || line != "writing\n" {
		t.Fatalf("the writer did not write: %q, %v\n%s", line, err, stderr.String())
	}
}

// TestServerRestarts stops and starts a server under load. Errors say so, and the pool
// recovers without help.
func TestServerRestarts(t *testing.T) {
	t.Parallel()
	for _, product := range serverProducts() {
		t.Run(product, func(t *testing.T) {
			t.Parallel()
			server := ownServer(t, chosen(product))
			p := goSite(t, databaseOn(t, server))
			key := func() string {
				s := p.sessions.New()
				save(t, s)
				return s.Key()
			}()
			ctx, cancel := context.WithCancel(t.Context())
			var done, failed atomic.Int64
			var clients sync.WaitGroup
			_, engine := p.site(t, p.sessions.Settings(), tables.Options{})
			merging := newManager(t, engine, p.sessions.Settings(), djangosession.Options{MergeSaves: true})
			for client := range 8 {
				sessions := p.sessions
				if client%2 == 0 {
					sessions = merging
				}
				clients.Go(func() {
					for ctx.Err() == nil {
						s, err := sessions.Load(ctx, key)
						if err == nil {
							err = s.Save(ctx)
						}
						switch {
						case err == nil:
							done.Add(1)
						case errors.Is(err, context.Canceled):
						case errors.Is(err, tables.ErrUnavailable):
							failed.Add(1)
							time.Sleep(5 * time.Millisecond)
						default:
							t.Errorf("an error without a name: %v", err)
							return
						}
					}
				})
			}
			settle := func(counter *atomic.Int64) {
				t.Helper()
				before := counter.Load()
				for range 6000 {
					if counter.Load() > before+20 {
						return
					}
					time.Sleep(10 * time.Millisecond)
				}
				t.Fatalf("after a minute: %d done, %d failed", done.Load(), failed.Load())
			}
			for range 2 {
				settle(&done)
				if err := server.Stop(); err != nil {
					t.Fatal(err)
				}
				settle(&failed)
				if err := server.Start(); err != nil {
					t.Fatal(err)
				}
			}
			settle(&done)
			cancel()
			clients.Wait()
			t.Logf("%d requests done, %d failed while the server was away", done.Load(), failed.Load())
		})
	}
}
