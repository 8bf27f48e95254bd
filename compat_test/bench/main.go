// Command bench measures Django and this module on the same work in one run, and prints a row for each piece of it:
//
//	NAME django_us=N go_us=N ratio=N floor_us=N allocs=N
//
// Times are microseconds, of which ratio is ours as a part of Django's; allocs are ours alone. floor_us is the least that
// decoding can take in Go: the signature, base64, inflating and one look at every byte, with no values built; it is 0
// where there is no floor. Rows named loads and dumps are of pickles, where Django's part is CPython's pickler alone, which
// is written in C. The rows of whole requests end with django_per_s=N and go_per_s=N, the sessions that all clients together
// load in a second.
//
// With the argument "pages" it measures a whole page instead, and what the session middleware adds to a request that does not
// use the session; see [pageSite]. The rows begin with page, which is what a request takes at full load, and p99_full and
// p99_same, within which 99 of 100 are answered: at full load, and with as many requests a second for both. That is to
// run on at least two cores.
//
// Sessions, their text and the rows of the databases are Django's own; before it measures, the program checks that both
// sides read the same in them. The two take turns, many times, and of each the quickest turn counts: what the work takes
// when nothing else keeps the machine busy. Run it on one core, its working directory being compat_test:
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
	"runtime"
	"syscall"
	"time"

	"github.com/djangobridge/djangobridge/compat_test/servers"
	"github.com/djangobridge/djangobridge/internal/release"
)

// secret is the SECRET_KEY of both sides.
const secret = "a-secret-key-of-the-benchmark-which-is-as-long-as-those-are-that-django-makes"

// plan is how long and how often is measured.
type plan struct {
	rounds  int
	turn    time.Duration // of one side in a round
	serve   time.Duration // of a turn that measures whole requests
	clients int
}

func main() {
	p := plan{clients: 8}
	django := flag.String("django", release.VersionsFor("single")[0], "the release of Django to measure")
	flag.IntVar(&p.rounds, "rounds", 10, "how often each side has its turn")
	flag.DurationVar(&p.turn, "turn", 200*time.Millisecond, "how long a turn is: caches are cold at first")
	flag.DurationVar(&p.serve, "serve", 600*time.Millisecond, "how long a turn of whole requests is")
	flag.Parse()
	// Django's process has one core, and the child processes of this one share it with them.
	runtime.GOMAXPROCS(1)
	if err := run(os.Stdout, *django, p, flag.Arg(0)); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// run stops when it is interrupted or nobody reads on, and has ended the servers then.
func run(out io.Writer, django string, p plan, what string) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGPIPE)
	defer stop()
	if what == servePage {
		return serve(ctx)
	}
	python, err := interpreter(ctx, django)
	if err != nil {
		return err
	}
	for _, product := range []string{"sqlite", servers.MariaDB, servers.PostgreSQL} {
		if what == measurePages {
			err = measurePage(ctx, out, python, product, p)
		} else {
			err = withSite(ctx, python, product, func(s *site) error { return s.bench(ctx, out, p) })
		}
		if err != nil {
			return fmt.Errorf("%s: %w", product, err)
		}
	}
	return nil
}

// bench measures all work with a site and prints the rows.
func (s *site) bench(ctx context.Context, out io.Writer, p plan) error {
	var all []work
	if s.product == "sqlite" { // once, for the database does not matter to it
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
	django, ours, allocs, err := s.requests(ctx, p)
	if err != nil {
		return err
	}
	return row(out, "requests/"+s.product, &figures{django: 1e6 / django, ours: 1e6 / ours, allocs: allocs},
		fmt.Sprintf(" django_per_s=%.0f go_per_s=%.0f", django, ours))
}

// row prints the figures of one piece of work.
func row(out io.Writer, name string, f *figures, more string) error {
	_, err := fmt.Fprintf(out, "%s django_us=%.1f go_us=%.1f ratio=%.3f floor_us=%.1f allocs=%.0f%s\n",
		name, f.django, f.ours, f.ours/f.django, f.floor, f.allocs, more)
	return err
}
