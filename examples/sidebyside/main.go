// Sidebyside is a web shop on Django in which Go has taken over some pages. Visitors use
// one browser and one session for both. The program sets up the Django site, starts it,
// the Go service and a reverse proxy in front of both, and prints the address. README.md
// explains how it works.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

func main() {
	o := options{fallbacks: []string{}} // null is not a list of keys
	flag.StringVar(&o.addr, "addr", "127.0.0.1:0", "`address` of the site; port 0 takes a free one")
	flag.StringVar(&o.dir, "dir", defaultDir(), "`folder` that keeps the database and Django itself between runs")
	flag.StringVar(&o.python, "python", "", "a `Python` that has Django; without it, one is installed into the folder")
	flag.StringVar(&o.secretKey, "secret-key", "", "the site's SECRET_KEY; without it, a random one that the folder keeps")
	flag.Func("fallback", "a `key` among SECRET_KEY_FALLBACKS, once for each", func(key string) error {
		o.fallbacks = append(o.fallbacks, key)
		return nil
	})
	flag.StringVar(&o.engine, "engine", "db", "session `engine`: "+strings.Join(engines(), ", "))
	flag.DurationVar(&o.sessionAge, "session-age", 14*24*time.Hour, "SESSION_COOKIE_AGE")
	flag.DurationVar(&o.grace, "grace", 3*time.Second, "time for requests in progress at the end")
	flag.Parse()
	if flag.NArg() > 0 || !slices.Contains(engines(), o.engine) {
		flag.Usage()
		os.Exit(2)
	}

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	ctx, cancel := context.WithCancel(ctx)
	go endWithParent(cancel)
	err := run(ctx, o)
	cancel()
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "sidebyside:", err)
		os.Exit(1)
	}
}

func defaultDir() string {
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	return filepath.Join(cache, "djangobridge-sidebyside")
}

// endWithParent calls cancel when the process that started this one has ended. It is
// needed because "go run", for one, does not forward the signals that end it.
func endWithParent(cancel func()) {
	for parent := os.Getppid(); os.Getppid() == parent; {
		time.Sleep(300 * time.Millisecond)
	}
	cancel()
}
