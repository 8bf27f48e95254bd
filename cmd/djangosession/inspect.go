package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strconv"
	"time"

	"github.com/djangobridge/djangobridge"
	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/internal/inspect"
	"github.com/djangobridge/djangobridge/signedcookies"
)

type inspectCommand struct {
	siteSource

	Write bool `help:"Let the page log users out and clear expired sessions. Otherwise it only reads."`

	Port int `default:"0" help:"Port of the page (default: a free one)."`

	Open bool `help:"Open the page in the browser."`
}

// Help is what inspect --help adds.
func (*inspectCommand) Help() string {
	return `Opens a web page on this machine that shows the sessions of a site: by user, with their values, and why some do not
decode; how large they are, how long they last, when they were saved, and which key signed them. Large tables are sampled.
With --write, the page can log a user out everywhere and clear expired sessions, each after a confirmation. Control-C ends it.

The page listens on 127.0.0.1. The printed address contains a token that works once, in one browser; other users of this
machine have no access without it. A terminal that opens a link may show it in the process list for a moment. --open
does not: it gives the browser a private file. Without a link, open the address without the token, and paste the token. To
see the page from another machine, forward the port with ssh -L 8765:127.0.0.1:8765 and use --port 8765 here.
` + siteHelp + `

Examples:

    djangosession inspect --settings site.json --open db.sqlite3
    DATABASE_URL=postgresql://user@host/name djangosession inspect --settings site.json --write`
}

// Run is the command.
func (c *inspectCommand) Run(t *tool) error {
	if c.Port < 0 || c.Port > 65535 {
		return usagef("--port must be from 0 to 65535")
	}
	ctx, cancel := t.interruptible()
	defer cancel()
	site, err := c.open(djangobridge.Options{}, c.Write)
	if err != nil {
		return err
	}
	defer site.close()
	if users, ok := site.Users.(interface {
		Check(ctx context.Context) error
	}); ok {
		if err := users.Check(ctx); err != nil {
			return err
		}
	}
	sessions, err := c.openSessions(ctx, t, site)
	if err != nil {
		return err
	}
	defer sessions.close()
	shown, err := c.inspected(ctx, site, sessions)
	if err != nil {
		return err
	}
	err = c.serve(ctx, t, shown)
	if _, interrupted := t.interrupted(); interrupted {
		return t.ended() // with the status that shells expect
	}
	return err
}

// openSessions opens the store of the sessions a second time, in a form that lists them.
func (c *inspectCommand) openSessions(ctx context.Context, t *tool, site *openedSite) (*store, error) {
	f := databaseFlags{Schema: c.Schema, AcceptEngine: c.AcceptEngine, LockTimeout: time.Second}
	f.Settings = c.Settings
	if sessionDatabase(&site.Settings) != nil {
		f.Database = cmp.Or(c.Database, os.Getenv(databaseVariable))
	}
	return f.open(ctx, t, site.Settings, use{write: c.Write, rows: true})
}

// inspected is the site as the page takes it.
func (c *inspectCommand) inspected(ctx context.Context, site *openedSite, sessions *store) (inspect.Site, error) {
	shown := inspect.Site{
		Settings: site.Settings, Engine: sessions.Engine, Table: sessions.table, Users: site.Users, Store: storeWords(site, sessions),
	}
	var err error
	switch {
	case sessions.table != nil:
		shown.Codec = sessions.table.Codec()
	case sessions.name == signedCookiesEngine:
		shown.Codec, err = djangosession.NewCookieCodec(site.Settings)
	default:
		shown.Codec, err = djangosession.NewCodec(site.Settings)
	}
	if err != nil {
		return shown, usageError{err}
	}
	if shown.Unlistable, err = sessions.unlistable(ctx); err != nil {
		return shown, err
	}
	if c.Write {
		shown.Clear, shown.Logout = sessions.ClearExpired, site.Login.LogoutEverywhere
	}
	return shown, nil
}

// unlistable says why a store does not list its sessions; "" if it does.
func (s *store) unlistable(ctx context.Context) (string, error) {
	if _, ok := s.Engine.(*signedcookies.Engine); ok {
		return s.whyNoList(), nil
	}
	if s.table != nil {
		return "", nil
	}
	lister, ok := s.Engine.(djangosession.Lister)
	if !ok {
		return s.whyNoList(), nil
	}
	const patience = 10 * time.Second
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for _, err := range lister.Records(ctx) {
		if errors.Is(err, djangosession.ErrNoList) {
			return s.whyNoList(), nil
		}
		if errors.Is(err, context.DeadlineExceeded) {
			err = fmt.Errorf("the store lists no session within %v: check that its server runs: %w", patience, err)
		}
		return "", err // the first session is enough
	}
	return "", nil
}

// storeWords says where the sessions are, without addresses and passwords.
func storeWords(site *openedSite, sessions *store) string {
	engine := or(site.Settings.SessionEngine, "the default engine")
	names := map[string]string{vendorSQLite: "SQLite", vendorPostgreSQL: "PostgreSQL", vendorMySQL: "MySQL or MariaDB"}
	if name := names[sessions.vendor]; name != "" {
		return engine + " in " + name
	}
	return engine
}

// serve serves the page until the context ends.
func (c *inspectCommand) serve(ctx context.Context, t *tool, shown inspect.Site) error {
	var lc net.ListenConfig
	listener, err := lc.Listen(ctx, "tcp4", net.JoinHostPort("127.0.0.1", strconv.Itoa(c.Port)))
	if err != nil {
		return fmt.Errorf("listen: %w (choose another --port, or leave it out)", err)
	}
	private := &privateFile{}
	defer private.remove()
	host := listener.Addr().String()
	handler, err := inspect.New(ctx, shown, inspect.Options{Host: host, OnToken: func(again bool) {
		private.remove()
		if again {
			t.complainf("the token was used a second time, and refused. If you did not do that, end the program with control-C: " +
				"somebody else has the token")
			return
		}
		t.notef("a browser used the token, and has access now")
	}})
	if err != nil {
		_ = listener.Close() // nothing was served
		return err
	}
	defer handler.Close()
	server := &http.Server{
		Handler: handler, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: time.Minute,
		IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10,
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	if err := c.announce(t, host, handler.Token(), private); err != nil {
		_ = server.Close() // the other error says more
		return err
	}
	select {
	case err := <-failed:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	const patience = 2 * time.Second
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	if err := server.Shutdown(grace); err != nil {
		_ = server.Close() // requests that take longer have been told to end
	}
	return nil
}

// announce prints the address, and opens it in a browser if that was asked for.
func (c *inspectCommand) announce(t *tool, host, token string, private *privateFile) error {
	address := "http://" + host + "/"
	if err := t.printf("Open %s?token=%s in a browser. The token works once.\n"+
		"Or open %s and enter the token. Control-C ends the program.\n", address, token, address); err != nil {
		return err
	}
	if !isTerminal(t.stdout) {
		t.notef("standard output is not a terminal: every reader of it has access until the token is used")
	}
	if !c.Open {
		return nil
	}
	if err := private.open(address + "?token=" + token); err != nil {
		t.notef("no browser could be started (%s): open the address yourself", err)
	}
	return nil
}
