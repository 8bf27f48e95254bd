// Command bench measures Django and this module on the same work in one run, and prints a
// row for each piece of work:
//
//	NAME django_us=N go_us=N ratio=N floor_us=N allocs=N
//
// Times are in microseconds. ratio is our time divided by Django's. allocs are ours.
// floor_us is the minimum that the work can take in Go; it is 0 for work without such a
// minimum. For decoding, and for loading from a cookie, it is the signature, base64,
// inflating and one look at every byte, without building values. For loading and saving
// on any other engine, it is a bare read or write by the same client, and decoding or
// encoding; see [floors].
//
// Rows named loads and dumps are about pickles, where Django's part is only CPython's
// pickler, which is written in C. Rows named load and save end with the name of one of
// the [engines]. The files of an engine, and SQLite's database, are in memory, because a
// disk would take the same time for both sides. The rows of whole requests end with
// django_per_s=N and go_per_s=N, the number of sessions that all clients together load in
// a second.
//
// With the argument "pages" it measures a whole page with some of the engines instead,
// and what the session middleware adds to a request that does not use the session; see
// [pageSite]. The users are in the database, SQLite unless the row says another. The rows
// begin with page, the time of a request at full load, and p99_full and p99_same, the
// time within which 99 of 100 requests are answered: at full load, and with the same
// number of requests per second for both. Run it on at least two cores.
//
// With the argument "auth" it measures the answers to questions of nginx instead: the
// handler of package forwardauth, and a view of Django with the same answers. The rows
// begin with auth, auth_p99_full and auth_p99_same.
//
// Sessions and their text are Django's own. Before it
// measures, the program checks that both sides read the same values. The two sides take
// many turns, and the quickest turn of each counts: the time when nothing else uses the
// machine. Run it on one core, in the folder compat_test:
//
//	go run -exec "taskset -c 0" ./bench
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"regexp"
	"runtime"
	"syscall"
	"time"

	"github.com/djangobridge/djangobridge/internal/release"
)

// secret is the SECRET_KEY of both sides.
const secret = "a-secret-key-of-the-benchmark-which-is-as-long-as-those-are-that-django-makes"

// plan is the length and the number of measurements.
type plan struct {
	rounds  int
	turn    time.Duration // of one side in a round
	serve   time.Duration // of a turn that measures whole requests
	clients int
	asks    bool // the clients ask as nginx does, rather than for a page
}

func main() {
	p := plan{clients: 8}
	django := flag.String("django", release.VersionsFor("single")[0], "the release of Django to measure")
	flag.IntVar(&p.rounds, "rounds", 10, "how often each side has its turn")
	flag.DurationVar(&p.turn, "turn", 200*time.Millisecond, "how long a turn is: caches are cold at first")
	flag.DurationVar(&p.serve, "serve", 600*time.Millisecond, "how long a turn of whole requests is")
	only := flag.String("only", "", "a regular expression: measure only engines whose name it matches")
	flag.Parse()
	// Django's process has one core, and the child processes of this one share it with
	// them.
	runtime.GOMAXPROCS(1)
	if err := run(os.Stdout, *django, *only, p, flag.Arg(0)); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// run stops when it is interrupted or its output is closed. It ends the servers first.
func run(out io.Writer, django, names string, p plan, what string) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGPIPE)
	defer stop()
	if what == servePage {
		return serve(ctx, flag.Arg(1), flag.Arg(2), flag.Arg(3))
	}
	only, err := regexp.Compile(names)
	if err != nil {
		return err
	}
	python, err := interpreter(ctx, django)
	if err != nil {
		return err
	}
	p.asks = what == measureAuth
	for _, e := range engines() {
		if !only.MatchString(e.name) {
			continue
		}
		switch {
		case what != measurePages && what != measureAuth:
			err = withSite(ctx, python, &e, func(s *site) error { return s.bench(ctx, out, p) })
		case e.hasPage:
			err = measurePage(ctx, out, python, &e, p)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", e.name, err)
		}
	}
	return nil
}

// bench measures all work with a site and prints the rows.
func (s *site) bench(ctx context.Context, out io.Writer, p plan) error {
	var all []work
	if s.engine.name == sqlite { // once, because the engine does not matter to it
		codecs, err := s.codecs()
		if err != nil {
			return err
		}
		pickles, err := s.pickles()
		if err != nil {
			return err
		}
		all = append(all, codecs...)
		all = append(all, pickles...)
	}
	rows, err := s.rows(ctx)
	if err != nil {
		return err
	}
	for _, w := range append(all, rows...) {
		f, err := p.measure(w.sides)
		if err == nil {
			err = row(out, w.name, f, "")
		}
		if err != nil {
			return fmt.Errorf("%s: %w", w.name, err)
		}
	}
	if s.engine.module != dbModule {
		return nil
	}
	django, ours, allocs, err := s.requests(ctx, p)
	if err != nil {
		return err
	}
	return row(out, "requests/"+s.engine.name, &figures{django: 1e6 / django, ours: 1e6 / ours, allocs: allocs},
		fmt.Sprintf(" django_per_s=%.0f go_per_s=%.0f", django, ours))
}

// row prints the figures of one piece of work.
func row(out io.Writer, name string, f *figures, more string) error {
	_, err := fmt.Fprintf(out, "%s django_us=%.1f go_us=%.1f ratio=%.3f floor_us=%.1f allocs=%.0f%s\n",
		name, f.django, f.ours, f.ours/f.django, f.floor, f.allocs, more)
	return err
}
