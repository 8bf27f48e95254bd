// Mutate changes a package in one place at a time and runs its tests. A change that no
// test notices is a survivor. It shows behaviour that the tests do not check.
//
// All mutants of a package are compiled into one test program, through an overlay of the
// go command. The source is not changed. An environment variable enables one mutant per
// run. First each test runs alone, to record which mutants it reaches.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"
)

const usage = `mutate [flags] PACKAGE ...

Changes each package, a folder below the module's root, in one place at a time, and reports the changes that its tests
do not notice.

What is changed: boundaries and directions of comparisons; && and ||; conditions (forced to true or false); "!"
(dropped); statements (removed); returned values (to zero, errors to nil); whole numbers and characters (one more);
+ and -; true and false. Constants, package variables and the capacities of make are left alone.

`

type options struct {
	root       string
	packages   []string
	also       []string
	sample     int
	seed       uint64
	match      *regexp.Regexp
	equivalent string
	jobs       int
	list       bool
	verbose    bool
}

func main() {
	o, err := parse(os.Args[1:], os.Stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return
	case err != nil:
		fmt.Fprintln(os.Stderr, "mutate:", err)
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err = run(ctx, o, os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "mutate:", err)
		os.Exit(1)
	}
}

func parse(args []string, help io.Writer) (options, error) {
	var o options
	flags := flag.NewFlagSet("mutate", flag.ContinueOnError)
	flags.SetOutput(help)
	flags.Usage = func() {
		_, _ = io.WriteString(help, usage)
		flags.PrintDefaults()
	}
	flags.StringVar(&o.root, "module", ".", "the root of the module")
	also := flags.String("also", "", "comma-separated packages whose tests get to see survivors as well")
	flags.IntVar(&o.sample, "sample", 0, "how many mutants to try of each package, drawn at random; 0 tries all")
	flags.Uint64Var(&o.seed, "seed", 0, "the seed of the sample; 0 takes one from the clock")
	match := flags.String("match", "", "a regular expression: only mutants whose line in the report matches")
	flags.StringVar(&o.equivalent, "equivalent", "", "a file of mutants that do not count, with the reasons")
	flags.IntVar(&o.jobs, "jobs", runtime.NumCPU(), "how many to try at a time")
	flags.BoolVar(&o.list, "list", false, "print the mutants instead of trying them")
	flags.BoolVar(&o.verbose, "v", false, "print all verdicts, not only survivors")
	if err := flags.Parse(args); err != nil {
		return o, fmt.Errorf("%w", err)
	}
	var err error
	if o.match, err = regexp.Compile(*match); err != nil {
		return o, fmt.Errorf("-match: %w", err)
	}
	if o.root, err = filepath.Abs(o.root); err != nil {
		return o, fmt.Errorf("-module: %w", err)
	}
	o.also = strings.FieldsFunc(*also, func(r rune) bool { return r == ',' || r == ' ' })
	o.packages = flags.Args()
	switch {
	case len(o.packages) == 0:
		return o, errors.New("no package given; mutate -help explains")
	case o.jobs < 1:
		return o, errors.New("-jobs has to be at least 1")
	}
	if o.seed == 0 {
		o.seed = uint64(time.Now().UnixNano())
	}
	return o, nil
}

// run reports on all packages.
func run(ctx context.Context, o options, out io.Writer) error {
	known := equivalents{}
	if o.equivalent != "" {
		var err error
		if known, err = readEquivalents(o.equivalent); err != nil {
			return err
		}
	}
	var scores []score
	for _, name := range o.packages {
		s, err := measure(ctx, o, filepath.ToSlash(filepath.Clean(name)), known, out)
		if err != nil {
			return err
		}
		scores = append(scores, s)
	}
	if o.list {
		return nil
	}
	return printScores(out, scores, o.seed)
}

// measure tries the mutants of one package.
func measure(ctx context.Context, o options, name string, known equivalents, out io.Writer) (score, error) {
	source, err := load(o.root, name)
	if err != nil {
		return score{}, err
	}
	all, outputs := walk(source)
	for _, entry := range known.stale(name, all) {
		fmt.Fprintln(out, "matches no mutant, remove it from the list of equivalents:", entry) //nolint:errcheck // as for all output
	}
	chosen, equivalent := known.split(all)
	chosen = choose(o, chosen)
	result := score{name: name, all: len(all), equivalent: equivalent, tried: len(chosen)}
	if o.list {
		for _, m := range chosen {
			fmt.Fprintln(out, m) //nolint:errcheck // as for all output
		}
		return result, nil
	}
	folder, err := os.MkdirTemp("", "mutate")
	if err != nil {
		return score{}, fmt.Errorf("make folder: %w", err)
	}
	defer os.RemoveAll(folder) //nolint:errcheck // the system removes it eventually
	overlayFile, err := overlay(folder, source, outputs)
	if err != nil {
		return score{}, err
	}
	var suites []*suite
	for _, tests := range append([]string{name}, o.also...) {
		if tests == name && len(suites) > 0 {
			continue
		}
		s, err := build(ctx, folder, o.root, overlayFile, tests)
		if err != nil {
			return score{}, err
		}
		for _, skipped := range s.skip {
			fmt.Fprintln(out, "left out, as it fails with the switches inside:", tests, skipped) //nolint:errcheck // as for all output
		}
		suites = append(suites, s)
	}
	tryAll(ctx, suites, chosen, o.jobs, func(m mutant, v verdict) {
		result.count(v)
		if o.verbose || v == survived || v == unreached {
			fmt.Fprintf(out, "%s: %s\n", v, m) //nolint:errcheck // as for all output
		}
	})
	if err := ctx.Err(); err != nil {
		return score{}, fmt.Errorf("%w", err)
	}
	return result, nil
}

// choose selects the mutants that match, and a random sample of them.
func choose(o options, mutants []mutant) []mutant {
	mutants = slices.DeleteFunc(mutants, func(m mutant) bool { return !o.match.MatchString(m.String()) })
	if o.sample == 0 || o.sample >= len(mutants) {
		return mutants
	}
	random := rand.New(rand.NewPCG(o.seed, 0)) //nolint:gosec // not used for a secret
	random.Shuffle(len(mutants), func(i, j int) { mutants[i], mutants[j] = mutants[j], mutants[i] })
	mutants = mutants[:o.sample]
	slices.SortFunc(mutants, func(a, b mutant) int { return cmp.Compare(a.id, b.id) })
	return mutants
}
