package main

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/auth"
	"github.com/djangobridge/djangobridge/djangosession/csrf"
	"github.com/djangobridge/djangobridge/djangosession/memory"
	"github.com/djangobridge/djangobridge/tables"
)

type settingsCheckCommand struct {
	File string `arg:"" help:"The file, or - for standard input."`
}

// Help is what settings-check --help adds.
func (*settingsCheckCommand) Help() string {
	return `Says what is missing, unknown or contradictory in a settings file, one finding a line. Lines that begin with
"note" do not keep a service from opening the site. Neither secrets nor their lengths are printed.

The exit status is 0 if djangobridge.Open opens a site with this file, otherwise 1.

Example:

    djangosession settings-script | python manage.py shell > site.json && djangosession settings-check site.json`
}

// Run is the command.
func (c *settingsCheckCommand) Run(t *tool) error {
	data, err := c.read(t)
	if err != nil {
		return fmt.Errorf("read settings: %w", err)
	}
	s, found, err := djangosession.ReviewSettings(bytes.NewReader(data))
	if err != nil {
		return err
	}
	refused := false
	for _, f := range found {
		line := f.String()
		if f.Refused {
			refused = true
		} else {
			line = "note: " + line
		}
		if err := t.line([]byte(line)); err != nil {
			return err
		}
	}
	for _, err := range openingErrors(s) {
		refused = true
		if err := t.line([]byte(err.Error())); err != nil {
			return err
		}
	}
	if refused {
		return errSomeFailed
	}
	return t.line(fmt.Appendf(nil, "ok: Django %s, sessions in %q (%s), users in %q (%s, %s)", s.DjangoVersion,
		s.SessionDatabase.Alias, s.SessionDatabase.Vendor, s.UserDatabase.Alias, s.UserModel.Model, s.UserModel.Table))
}

// openingErrors returns what keeps the parts of a site from being built.
func openingErrors(s djangosession.Settings) []error {
	var problems []error
	if _, err := csrf.New(s, csrf.Options{}); err != nil {
		problems = append(problems, err)
	}
	engine, err := memory.New(s)
	if err != nil {
		return problems // and the review has said so
	}
	manager, err := djangosession.NewManager(engine, s)
	if err != nil {
		return append(problems, err)
	}
	quiet := auth.Options{Logger: slog.New(slog.DiscardHandler)}
	if _, err := auth.New(manager, &tables.Users{}, quiet); err != nil {
		problems = append(problems, err)
	}
	return problems
}

func (c *settingsCheckCommand) read(t *tool) ([]byte, error) {
	if c.File != "-" {
		return readUpTo(c.File, maxSettings)
	}
	data, err := io.ReadAll(io.LimitReader(t.stdin, maxSettings+1))
	if err == nil && len(data) > maxSettings {
		err = fmt.Errorf("standard input has more than %d bytes", maxSettings)
	}
	return data, err
}
