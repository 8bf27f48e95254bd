package main

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"strconv"
	"time"

	"github.com/djangobridge/djangobridge"
	"github.com/djangobridge/djangobridge/djangosession"
)

type rotateCommand struct {
	siteSource

	Check bool `help:"Only count: print by which key the sessions are signed, and whether dropping SECRET_KEY_FALLBACKS loses any."`

	Switched bool `help:"SECRET_KEY is the new key: Django signs with it already. Needed only if no session can tell."`

	//nolint:lll // a help text
	Since time.Time `help:"With --switched, if the sessions cannot be counted: when the last process loaded settings with the new SECRET_KEY, such as 2026-11-29T12:00:00Z (default: when these were exported)." placeholder:"TIME"`

	Recent time.Duration `default:"5m" help:"A process signs with the old key if it did so within this time."`

	JSON bool `help:"Print a JSON object."`
}

const defaultRecent = 5 * time.Minute // as in the tag of Recent

// Help is what rotate --help adds.
func (*rotateCommand) Help() string {
	return `Counts the live sessions by the key that signed them, and says which step of the rotation of SECRET_KEY is next, with its
commands. It only reads, and checks signatures: it decodes a session only to compare the hash of its login. Run it before and
after each step. docs/key-rotation.md is the runbook.

The steps (in JSON: "step"):

  start          SECRET_KEY is the only key: make a new one known to all processes
  switch         the new key is a fallback, and has signed nothing: sign with it
  finish_switch  a process still signs with the old key: deploy it
  wait           sessions of the old key are alive: drop it when the last one has ended
  drop           no session needs the old key: remove it
  export         Django's settings are newer than this file: export them again

Sessions in a cache are not signed: there the hashes of logins are counted. Sessions in memcached, in cookies and in
django-redis-sessions cannot be counted by key; there the dates count: those of the old key have ended SESSION_COOKIE_AGE
after the last process has loaded settings with the new one (--since).

If all sessions of the old key have ended and were cleared, it looks like a new key, and the step is switch, with a remark (in
JSON: "remark"). Then use --switched, and do not exchange the keys again.

Exit status: 0 the step can be done now, or with --check: the step is drop, so nothing needs the old key; 1 the sessions could
not be counted; 2 wrong usage; 3 wait, or with --check: any step before drop; 4 the settings are out of date.
` + siteHelp + `

Examples:

    djangosession rotate --settings site.json db.sqlite3
    djangosession rotate --check --settings site.json && echo nothing needs the old key
    djangosession rotate --json --settings site.json | jq -r .step`
}

// Exit statuses of rotate in addition to those of all commands.
const (
	statusWait     = 3
	statusOutdated = 4
)

// statusError ends a command that has printed everything.
type statusError int

func (statusError) Error() string { return "" }

// Run is the command.
func (c *rotateCommand) Run(t *tool) error {
	switch {
	case c.Recent < 0:
		return usagef("--recent must not be negative")
	case !c.Since.IsZero() && !c.Switched:
		return usagef("--since is for a SECRET_KEY that has changed: it needs --switched")
	}
	site, err := c.open(djangobridge.Options{}, false)
	if err != nil {
		return err
	}
	defer site.close()
	ctx, cancel := t.interruptible()
	defer cancel()
	if err := site.Check(ctx); err != nil {
		return err
	}
	r, err := c.count(ctx, t, site)
	if err != nil {
		return err
	}
	if err := c.print(t, r); err != nil {
		return err
	}
	if status := r.status(c.Check); status != statusOK {
		return statusError(status)
	}
	return nil
}

// count looks at the sessions.
func (c *rotateCommand) count(ctx context.Context, t *tool, site *openedSite) (*rotation, error) {
	s := &site.Settings
	r := &rotation{
		settings: s, now: s.Clock(), recent: c.Recent, switched: c.Switched, since: c.Since,
		engine: engineName(s), keys: keysOf(s), hasFallbacks: releaseOf(*s).HasFallbackKeys(),
	}
	source, err := newSessionSource(site, c.Schema)
	if err != nil || source == nil {
		return r, err
	}
	counter, err := newKeyCounter(site, source, r.keys)
	if err != nil {
		return nil, err
	}
	err = counter.run(ctx, t, runtime.GOMAXPROCS(0))
	if errors.Is(err, djangosession.ErrNoList) {
		return r, nil
	}
	if err != nil {
		return nil, err
	}
	r.counted, r.signed, r.counts = true, source.signed, counter.total
	return r, nil
}

// signingKey is a key of the site.
type signingKey struct {
	name   string // in the settings
	secret string
}

// keysOf returns the keys with which the site verifies, each once. The first one signs.
func keysOf(s *djangosession.Settings) []signingKey {
	keys := []signingKey{{"SECRET_KEY", s.SecretKey}}
	if !releaseOf(*s).HasFallbackKeys() {
		return keys
	}
	for i, secret := range s.SecretKeyFallbacks {
		isKnown := slices.ContainsFunc(keys, func(k signingKey) bool { return k.secret == secret })
		if secret != "" && !isKnown { // Django reads an empty one as SECRET_KEY
			keys = append(keys, signingKey{fallbackName(i), secret})
		}
	}
	return keys
}

func fallbackName(i int) string { return "SECRET_KEY_FALLBACKS[" + strconv.Itoa(i) + "]" }
