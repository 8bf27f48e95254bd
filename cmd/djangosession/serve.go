package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/djangobridge/djangobridge"
	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/auth"
	"github.com/djangobridge/djangobridge/forwardauth"
)

type serveCommand struct {
	siteSource

	Listen string `default:"127.0.0.1:8788" help:"Where proxies ask: HOST:PORT, or unix:PATH." placeholder:"ADDRESS"`

	//nolint:lll // a help text
	API string `help:"Where services of this machine read GET /user and GET /session: a loopback address, or unix:PATH." placeholder:"ADDRESS"`

	SocketMode string `default:"0660" help:"Permissions of Unix sockets, in octal." placeholder:"MODE"`

	TLSCert string `help:"Certificate for --listen. It is read again for each connection." name:"tls-cert" placeholder:"FILE"`

	TLSKey string `help:"Private key of that certificate." name:"tls-key" placeholder:"FILE"`

	TLSCA string `help:"Authorities: accept only clients with a certificate of theirs." name:"tls-client-ca" placeholder:"FILE"`

	Rules string `help:"Requirements by host, method and path, in JSON (see docs/forward-auth.md)." placeholder:"FILE"`

	Host []string `help:"A host besides ALLOWED_HOSTS for which proxies ask. Can be repeated." placeholder:"NAME"`

	AllowInPaths string `help:"Those of the characters ;?# that paths may contain." placeholder:"CHARACTERS"`

	Groups bool `help:"Send the groups of the user too, which takes another query."`

	//nolint:lll // a help text
	KnownMiddleware texts `help:"An entry of MIDDLEWARE that neither replaces the user nor ends sessions. Can be repeated." placeholder:"NAME"`

	//nolint:lll // a help text
	InactiveBackend texts `help:"One of AUTHENTICATION_BACKENDS that accepts users who are not active. Can be repeated." placeholder:"NAME"`

	Misses float64 `default:"50" help:"How many cookies without a session one address may bring each second; -1 for no limit."`

	MissesBurst int `default:"1000" help:"How many of them at once."`

	Timeout time.Duration `default:"5s" help:"How long an answer may take."`

	Grace time.Duration `default:"20s" help:"How long requests may take that are being answered when the program ends."`

	Connections int `default:"10" help:"How many connections to a database to keep open."`

	Verbose bool `help:"Log each answer."`
}

// Help is what serve --help adds.
func (*serveCommand) Help() string {
	return `Answers reverse proxies whether a visitor is logged in: nginx auth_request, Traefik forwardAuth, Caddy forward_auth and
Envoy ext_authz. They ask at /auth/PROXY/REQUIREMENT, such as /auth/nginx/staff. docs/forward-auth.md explains requirements
and headers, and examples/forward-auth contains configurations. It never writes: neither sessions nor users nor cookies.

/healthz says that the program runs, and /readyz that the database and the cache answer. SIGHUP and a new settings file
reload settings and rules; SIGTERM ends the program after the requests that are being answered.
` + siteHelp + `

Examples:

    djangosession serve --settings site.json db.sqlite3
    DATABASE_URL=postgresql://user@host/name djangosession serve --settings site.json --listen unix:/run/djangosession/auth.sock`
}

// Run is the command.
func (c *serveCommand) Run(t *tool) error {
	if c.Timeout <= 0 || c.Grace < 0 || c.Connections < 1 || c.MissesBurst < 1 || c.Misses == 0 {
		return usagef("--timeout, --connections and --misses-burst must be positive, --grace not negative, and --misses not 0")
	}
	listeners, err := c.listen()
	if err != nil {
		return err
	}
	defer listeners.close()
	logger := slog.New(slog.NewTextHandler(t.stderr, &slog.HandlerOptions{Level: c.level()}))
	site, err := c.open(c.options(logger), false)
	if err != nil {
		return err
	}
	defer site.close()
	for _, db := range []connection{site.sessions, site.users} {
		if db.db != nil {
			db.db.SetMaxOpenConns(c.Connections)
			db.db.SetMaxIdleConns(c.Connections)
		}
	}
	answers := &answering{command: c, logger: logger}
	handler, err := djangobridge.NewReloader(site.Site, answers.build)
	if err != nil {
		return usageError{err}
	}
	defer handler.Close() //nolint:errcheck // nothing was written

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	defer signal.Stop(hangups)
	if err := answers.check(ctx, site.Site); err != nil {
		logger.Warn("not ready yet", "error", plain(err))
	}
	go handler.Watch(ctx, djangobridge.WatchOptions{Signals: hangups}) // from now on, site may be replaced and closed
	return answers.serve(ctx, listeners, handler)
}

func (c *serveCommand) level() slog.Level {
	if c.Verbose {
		return slog.LevelDebug
	}
	return slog.LevelInfo
}

func (c *serveCommand) options(logger *slog.Logger) djangobridge.Options {
	return djangobridge.Options{
		Sessions: djangosession.Options{Logger: logger},
		Auth: auth.Options{
			Logger: logger, KnownMiddleware: slices.Clone(c.KnownMiddleware), InactiveBackends: slices.Clone(c.InactiveBackend),
		},
	}
}

// forwardAuth returns the handler for a site, and reads the rules again.
func (c *serveCommand) forwardAuth(site *djangobridge.Site, logger *slog.Logger) (*forwardauth.Handler, error) {
	o := forwardauth.Options{
		Hosts: c.Host, AllowInPaths: c.AllowInPaths, Groups: c.Groups, MissesPerSecond: c.Misses, MissesAtOnce: c.MissesBurst,
		Timeout: c.Timeout, Logger: logger,
	}
	if c.Rules != "" {
		data, err := readUpTo(c.Rules, maxSettings)
		if err != nil {
			return nil, fmt.Errorf("--rules: %w", err)
		}
		if o.Rules, err = forwardauth.ReadRules(strings.NewReader(string(data))); err != nil {
			return nil, fmt.Errorf("--rules %s: %w", c.Rules, err)
		}
	}
	h, err := site.ForwardAuth(o)
	if errors.Is(err, forwardauth.ErrMiddleware) {
		return nil, fmt.Errorf("%w (see --known-middleware in --help)", err)
	}
	return h, err
}

// serve serves until ctx ends. Then it refuses new requests and waits for the others.
func (a *answering) serve(ctx context.Context, on *listening, handler http.Handler) error {
	servers := make([]*http.Server, 0, len(on.all))
	ended := make(chan error, len(on.all))
	for _, l := range on.all {
		s := &http.Server{
			Handler: handler, ErrorLog: slog.NewLogLogger(a.logger.Handler(), slog.LevelWarn),
			ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: a.command.Timeout + 10*time.Second,
			IdleTimeout: 2 * time.Minute, MaxHeaderBytes: maxHeader,
			BaseContext: func(net.Listener) context.Context {
				return context.WithValue(context.WithoutCancel(ctx), apiKey{}, l.api)
			},
		}
		servers = append(servers, s)
		a.logger.Info("listening", "address", l.Addr().String(), "api", l.api)
		go func() { ended <- s.Serve(l) }()
	}
	var err error
	select {
	case err = <-ended:
	case <-ctx.Done():
		a.ending.Store(true)
		a.logger.Info("ending", "reason", "signal")
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), a.command.Grace)
	defer cancel()
	for _, s := range servers {
		err = errors.Join(err, s.Shutdown(grace))
	}
	return err
}

// maxHeader is the maximum size of the headers of a request, in bytes: more than proxies
// accept.
const maxHeader = 64 << 10
