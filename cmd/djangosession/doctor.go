package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"net/url"
	"os"
	"strings"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/internal/amount"
	"github.com/djangobridge/djangobridge/internal/doctor"
)

type doctorCommand struct {
	siteSource

	//nolint:lll // a help text
	URL string `help:"Address of the site: fetches its login page once, and compares the cookies with the settings." name:"url" placeholder:"https://HOST/"`

	ReadOnly bool `help:"The service only reads: rights to write are not needed."`

	Verbose bool `help:"Also print what is in order." short:"v"`

	JSON bool `help:"Print one JSON object."`
}

// Help is what doctor --help adds.
func (*doctorCommand) Help() string {
	return `Checks a deployment: the settings, the databases with their tables and rights, the cache or the folder of the sessions, a
sample of the sessions and their logins, cookies, the proxy and clocks. It writes nothing, and takes less than 5 seconds,
whatever the size of the tables. Run it as the user and on the machine of the service.

Each finding has a name, a problem and a remedy. A FAULT keeps the service from working, or is not safe. With a WARNING,
sessions can get lost. A NOTE is good to know, or says what could not be checked. docs/doctor.md lists the names.

--json prints {"ok":...,"findings":[{"check":...,"level":...,"problem":...,"remedy":...}]}. The levels are ok, note, warning and
fault; "ok" is false if there is a fault.

Exit status: 0 no faults, 1 faults, 2 wrong usage or no settings.
` + siteHelp + `

Examples:

    djangosession doctor --settings site.json db.sqlite3
    DATABASE_URL=postgresql://shop@db.example.com/shop djangosession doctor --settings site.json --url https://shop.example.com/
    djangosession doctor --settings site.json --json db.sqlite3 | jq -r '.findings[] | select(.level == "fault") | .check'`
}

// Run is the command.
func (c *doctorCommand) Run(t *tool) error {
	d, closers, err := c.deployment()
	defer func() {
		for _, closer := range closers {
			closer()
		}
	}()
	if err != nil {
		return err
	}
	ctx, cancel := t.interruptible()
	defer cancel()
	found := doctor.Examine(ctx, d)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	show := c.print
	if c.JSON {
		show = printDiagnosis
	}
	if err := show(t, found); err != nil {
		return err
	}
	if hasFault(found) {
		return errSomeFailed
	}
	return nil
}

// deployment describes what to examine. Databases that cannot be opened are findings.
func (c *doctorCommand) deployment() (d doctor.Deployment, closers []func(), err error) {
	data, err := readUpTo(c.Settings, maxSettings)
	if err != nil {
		return d, nil, usagef("--settings: %w", err)
	}
	d = doctor.Deployment{File: c.Settings, Schema: c.Schema, ReadOnly: c.ReadOnly}
	if d.Settings, d.Review, err = djangosession.ReviewSettings(bytes.NewReader(data)); err != nil {
		return d, nil, usagef("--settings %s: %w: export the settings again (see djangosession settings script "+
			"--help)", c.Settings, err)
	}
	d.Review = c.unsettled(&d.Settings, d.Review)
	if c.URL != "" {
		d.Page, err = url.Parse(c.URL)
		if err != nil || d.Page.Scheme != "http" && d.Page.Scheme != "https" || d.Page.Host == "" {
			return d, nil, usagef("--url must be an address such as https://www.example.com/")
		}
	}
	first := cmp.Or(c.Database, os.Getenv(databaseVariable))
	second := cmp.Or(c.UsersDatabase, os.Getenv(usersDatabaseVariable))
	open := func(text string, of *djangosession.Database) (*doctor.Database, error) {
		if text == "" {
			return nil, nil //nolint:nilnil // it was not given
		}
		opened, err := openDiagnosed(text, of)
		if err == nil && opened.DB != nil {
			closers = append(closers, func() { _ = opened.DB.Close() })
		}
		return opened, err
	}
	sessions := sessionDatabase(&d.Settings)
	if sessions == nil {
		d.Users, err = open(cmp.Or(first, second), &d.Settings.UserDatabase)
		return d, closers, err
	}
	if d.Sessions, err = open(first, sessions); err != nil {
		return d, closers, err
	}
	switch {
	case second != "":
		d.Users, err = open(second, &d.Settings.UserDatabase)
	case sessions.Alias == d.Settings.UserDatabase.Alias:
		d.Users = d.Sessions
	}
	return d, closers, err
}

// openDiagnosed opens a database. Errors besides those of usage are part of the result.
func openDiagnosed(text string, of *djangosession.Database) (*doctor.Database, error) {
	open, err := openerOf(text)
	if err != nil {
		return nil, err
	}
	// Poolers need not keep prepared statements.
	const mode = "default_query_exec_mode"
	if isPostgreSQL := strings.HasPrefix(strings.ToLower(text), "postgres"); isPostgreSQL && !strings.Contains(text, mode) {
		separator := "?"
		if strings.Contains(text, "?") {
			separator = "&"
		}
		text += separator + mode + "=exec"
	}
	c, err := open(text, false)
	if _, isUsage := errors.AsType[usageError](err); isUsage {
		return nil, err
	}
	opened := &doctor.Database{DB: c.db, Err: err, Vendor: c.vendor, Dialect: c.dialect}
	if c.vendor == vendorSQLite {
		opened.File = sqliteFile(text)
	}
	if err == nil && of.Vendor != "" && of.Vendor != c.vendor {
		_ = c.db.Close() // it was not used
		opened.DB = nil
		opened.Err = errors.New("it is a " + c.vendor + " database, and the settings say that the site's is " + of.Vendor)
	}
	return opened, nil
}

// sqliteFile returns the path in the URL of an SQLite database.
func sqliteFile(text string) string {
	name := text
	if u, err := url.Parse(text); err == nil && (u.Scheme == "sqlite" || u.Scheme == "sqlite3") {
		if name = u.Path; u.Opaque != "" {
			name, _ = url.PathUnescape(u.Opaque) // which the opener has done
		}
		if relative := strings.TrimPrefix(name, "/"); !isFile(name) && isFile(relative) {
			name = relative
		}
	}
	return name
}

func hasFault(found []doctor.Finding) bool {
	for _, f := range found {
		if f.Level == doctor.Fault {
			return true
		}
	}
	return false
}

// print prints findings for people.
func (c *doctorCommand) print(t *tool, found []doctor.Finding) error {
	counts := map[doctor.Level]int64{}
	for _, f := range found {
		counts[f.Level]++
		if f.Level == doctor.OK && !c.Verbose {
			continue
		}
		line := bold(t.stdout, strings.ToUpper(string(f.Level))+" "+f.Check) + ": " + printable(f.Problem) + "\n"
		if f.Remedy != "" {
			line += "    " + printable(f.Remedy) + "\n"
		}
		if err := t.printf("%s", line); err != nil {
			return err
		}
	}
	return t.printf("%s, %s, %s; %s in order\n",
		amount.Of(counts[doctor.Fault], "fault"), amount.Of(counts[doctor.Warning], "warning"),
		amount.Of(counts[doctor.Note], "note"), amount.Of(counts[doctor.OK], "check"))
}

// printDiagnosis prints findings for programs.
func printDiagnosis(t *tool, found []doctor.Finding) error {
	type finding struct {
		Check   string       `json:"check"`
		Level   doctor.Level `json:"level"`
		Problem string       `json:"problem"`
		Remedy  string       `json:"remedy,omitempty"`
	}
	list := make([]finding, 0, len(found))
	for _, f := range found {
		list = append(list, finding(f))
	}
	return t.line(jsonLine(map[string]any{"ok": !hasFault(found), "findings": list}))
}
