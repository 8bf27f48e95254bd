// Command bench measures this module beside Django, and beside scs, on the same work in
// one run. It prints a row for each piece of work, and at the end a table of the
// [targets]:
//
//	NAME django_us=N go_us=N ratio=N floor_us=N of_floor=N allocs=N
//
// Times are in microseconds. ratio is our time divided by Django's. allocs are ours.
// floor_us is the minimum that the work can take in Go, or 0 if no minimum was measured,
// and of_floor is our time divided by it:
//
//   - For decoding and encoding, it is the signature, base64, inflating or deflating with
//     the same package, and one look at every byte, without any value; see [floor].
//   - For a pickle, it is one look at every opcode; see [walk].
//   - For loading and saving, it is a bare read or write by the same client, with a
//     prepared statement if it is a database, and decoding or encoding; see [floors].
//
// Rows named loads and dumps are about pickles, where Django's part is only CPython's
// pickler, which is written in C. Rows named load and save end with the name of one of
// the [engines]. The files of an engine, and SQLite's database, are in memory, because a
// disk would take the same time for both sides. The rows of whole requests end with
// django_per_s=N and go_per_s=N, the number of sessions that all clients together load in
// a second.
//
// An argument selects a part of this:
//
//   - "sessions" is all of the above.
//   - "scs" is the same page by scs and by this module, in one process and without a
//     network; see [scsPages]. The rows have scs_us instead of django_us.
//   - "pages" is a whole page with some of the engines under load, and what the session
//     middleware adds to a request that does not use the session; see [pageSite]. The
//     users are in the database, SQLite unless the row says another. The rows begin with
//     page, the time of a request at full load, and p99_full and p99_same, the time
//     within which 99 of 100 requests are answered: at full load, and with the same
//     number of requests per second for both.
//   - "auth" is the answers to questions of nginx: the handler of package forwardauth,
//     and a view of Django with the same answers. The rows begin with auth,
//     auth_p99_full and auth_p99_same. This part runs only when it is asked for.
//   - "latency" is the time of a load by the number of rows in the table; see
//     [bench.latency]. The rows are latency/ENGINE/ROWS p50_us=N p99_us=N, and -plot FILE
//     draws them. This part runs only when it is asked for. It needs 8 GB of memory.
//
// Sessions and their text are Django's own. Before it measures, the program checks that
// both sides read the same values. The two sides take many turns, and the quickest turn
// of each counts: the time when nothing else uses the machine. Everything but the clients
// of pages runs on one core. Pages need at least two. Run it in the folder compat_test:
//
//	go run ./bench
//
// With -write FILE, it also puts the figures into the tables of a Markdown file.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"regexp"
	"runtime"
	"runtime/pprof"
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

// options are what the command line asks for.
type options struct {
	django  string         // a release
	only    *regexp.Regexp // matches the names of engines
	write   string         // a Markdown file, or ""
	plot    string         // likewise a picture
	most    int            // rows of a curve
	profile string         // a file, or ""
	plan    plan
}

func main() {
	o := options{plan: plan{clients: 8}}
	flag.StringVar(&o.django, "django", release.VersionsFor("single")[0], "the release of Django to measure")
	flag.IntVar(&o.plan.rounds, "rounds", 10, "how often each side has its turn")
	flag.DurationVar(&o.plan.turn, "turn", 200*time.Millisecond, "how long a turn is: caches are cold at first")
	flag.DurationVar(&o.plan.serve, "serve", 600*time.Millisecond, "how long a turn of whole requests is")
	flag.StringVar(&o.write, "write", "", "a Markdown `file`: put the figures into its tables")
	flag.StringVar(&o.plot, "plot", "", "an SVG `file`: draw the curves of latency")
	flag.IntVar(&o.most, "rows", 10_000_000, "the largest number of rows of latency")
	flag.StringVar(&o.profile, "cpuprofile", "", "a `file`: write where the time of this process goes, for go tool pprof")
	only := flag.String("only", "", "a regular expression: measure only engines whose name it matches")
	flag.Parse()
	// Django's process has one core, and the child processes of this one share it with
	// them.
	runtime.GOMAXPROCS(1)
	var err error
	if o.only, err = regexp.Compile(*only); err == nil {
		err = run(os.Stdout, &o, flag.Args())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// Arguments of this program; see its comment.
const (
	measureSessions = "sessions"
	measureSCS      = "scs"
	measurePages    = "pages"
	measureAuth     = "auth"
	measureLatency  = "latency"
	servePage       = "page" // and nothing else: it is the server that pages measures
)

// run stops when it is interrupted or its output is closed. It ends the servers first.
func run(out io.Writer, o *options, args []string) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGPIPE)
	defer stop()
	parts := []string{measureSessions, measureSCS, measurePages}
	switch {
	case len(args) == 4 && args[0] == servePage:
		return serve(ctx, args[1], args[2], args[3])
	case len(args) > 0:
		parts = args
	}
	b := &bench{report: &report{out: out}, options: o}
	if err := b.prepare(ctx); err != nil {
		return err
	}
	if err := b.profiled(func() error {
		for _, part := range parts {
			if err := b.measure(ctx, part); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		return err
	}
	if err := b.printVerdicts(); err != nil || o.write == "" {
		return err
	}
	return b.writeTo(o.write)
}

// bench is a run of this program.
type bench struct {
	*options
	*report

	python string // the interpreter
	cores  cores
}

func (b *bench) prepare(ctx context.Context) (err error) {
	if b.python, err = interpreter(ctx, b.django); err != nil {
		return err
	}
	b.cores, err = findCores(ctx)
	return err
}

// profiled calls do and writes the profile, if there is to be one.
func (b *bench) profiled(do func() error) error {
	if b.profile == "" {
		return do()
	}
	file, err := os.Create(b.profile)
	if err != nil {
		return err
	}
	if err = pprof.StartCPUProfile(file); err == nil {
		err = do()
		pprof.StopCPUProfile()
	}
	return errors.Join(err, file.Close())
}

// measure measures one part.
func (b *bench) measure(ctx context.Context, part string) error {
	// Everything runs on one core, until clients move to another.
	if err := moveTo(ctx, b.cores.servers); err != nil {
		return err
	}
	switch part {
	case measureSCS:
		return b.scs(ctx)
	case measureLatency:
		return b.latency(ctx)
	}
	b.plan.asks = part == measureAuth
	for _, e := range engines() {
		if !b.only.MatchString(e.name) {
			continue
		}
		var err error
		switch part {
		case measureSessions:
			err = withSite(ctx, b.python, &e, func(s *site) error { return s.bench(ctx, b) })
		case measurePages, measureAuth:
			if e.hasPage {
				err = b.page(ctx, &e)
			}
		default:
			err = errors.New("there is no part of this name; go doc shows them")
		}
		if err != nil {
			return fmt.Errorf("%s: %s: %w", part, e.name, err)
		}
	}
	return nil
}

// bench measures all work with a site and prints the rows.
func (s *site) bench(ctx context.Context, b *bench) error {
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
		if err := b.work(&w); err != nil {
			return fmt.Errorf("%s: %w", w.name, err)
		}
	}
	if s.engine.module != dbModule {
		return nil
	}
	django, ours, allocs, err := s.requests(ctx, b.plan)
	if err != nil {
		return err
	}
	return b.add(&result{
		name: "requests/" + s.engine.name, table: tablePages, label: "sessions per second, " + s.engine.label,
		figures:         figures{theirs: 1e6 / django, ours: 1e6 / ours, allocs: allocs},
		isRate:          true,
		theirsPerSecond: django, oursPerSecond: ours,
	})
}

// work measures a piece of work and prints its row.
func (b *bench) work(w *work) error {
	f, err := b.plan.measure(w.sides)
	if err != nil {
		return err
	}
	return b.add(&result{name: w.name, table: w.table, label: w.label, figures: f})
}
