// Package doctor examines the deployment of a site: its settings, databases, caches and
// folders, a sample of its sessions, and its login page. It writes nothing.
//
// Every check is bounded in time, whatever the size of the tables: numbers of rows come
// from statistics, and shares from samples.
package doctor

import (
	"context"
	"database/sql"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/tables"
)

// A Level is how much a finding matters.
type Level string

// The levels.
const (
	OK      Level = "ok"
	Note    Level = "note"    // good to know, or a check that could not be made
	Warning Level = "warning" // sessions can get lost, or users can be logged out
	Fault   Level = "fault"   // the service does not work, or is not safe
)

// A Finding is the result of a check. It contains no secret, session key or session data.
type Finding struct {
	Check   string // the name of the check, which never changes
	Level   Level
	Problem string // for OK, what is in order
	Remedy  string // names the setting, the option or the command; "" for OK
}

// A Database is a database of the site.
type Database struct {
	DB      *sql.DB // nil if it cannot be opened
	Err     error   // why it cannot be opened
	Vendor  string  // Django's name of the product
	Dialect tables.Dialect
	File    string // of an SQLite database
}

// A Deployment is what the doctor examines.
type Deployment struct {
	File     string // of the settings
	Settings djangosession.Settings
	Review   []djangosession.Finding // of the settings

	// Sessions is the database of the sessions, or of their cache; nil if they are in
	// none. Users is that of the users, often the same.
	Sessions, Users *Database
	Schema          string // of the tables; "" for that of the connection

	ReadOnly bool         // the service only reads
	Page     *url.URL     // of the site; nil if it is not to be fetched
	HTTP     *http.Client // for Page; http.DefaultClient if nil
	Now      func() time.Time
}

// limit is how long an examination takes at most. Each check has a part of it.
const (
	limit      = 4500 * time.Millisecond
	checkLimit = 1500 * time.Millisecond
)

// Examine examines a deployment. It returns within 5 seconds.
func Examine(ctx context.Context, d Deployment) []Finding {
	if d.Now == nil {
		d.Now = time.Now
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	parts := []func(context.Context, *report){d.settings, d.cookies, d.code, d.databases, d.store, d.page}
	reports := make([]report, len(parts))
	var wait sync.WaitGroup
	for i, part := range parts {
		wait.Go(func() { part(ctx, &reports[i]) })
	}
	wait.Wait()
	var found []Finding
	for i := range reports {
		found = append(found, reports[i].found...)
	}
	order := []Level{Fault, Warning, Note, OK}
	slices.SortStableFunc(found, func(a, b Finding) int { return slices.Index(order, a.Level) - slices.Index(order, b.Level) })
	return found
}

// report collects findings.
type report struct{ found []Finding }

func (r *report) addf(level Level, check, remedy, format string, args ...any) {
	r.found = append(r.found, Finding{Check: check, Level: level, Problem: fmt.Sprintf(format, args...), Remedy: remedy})
}

func (r *report) okf(check, format string, args ...any) { r.addf(OK, check, "", format, args...) }

func (r *report) notef(check, remedy, format string, args ...any) {
	r.addf(Note, check, remedy, format, args...)
}

func (r *report) warnf(check, remedy, format string, args ...any) {
	r.addf(Warning, check, remedy, format, args...)
}

func (r *report) faultf(check, remedy, format string, args ...any) {
	r.addf(Fault, check, remedy, format, args...)
}

// unknown reports that a check could not be made.
func (r *report) unknown(check string, err error) {
	r.notef(check, "Correct that, and run the command again.", "Could not be checked: %v.", err)
}

// has reports whether a check has found something that is not in order.
func (r *report) has(check string) bool {
	return slices.ContainsFunc(r.found, func(f Finding) bool { return f.Check == check && f.Level != OK })
}

// okUnless adds an OK finding for a check that has found nothing.
func (r *report) okUnlessf(check, format string, args ...any) {
	if !r.has(check) {
		r.okf(check, format, args...)
	}
}

// within runs a check with its part of the time.
func within(ctx context.Context, run func(ctx context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, checkLimit)
	defer cancel()
	return run(ctx)
}

// Clocks that differ by less are in order.
const (
	clockTolerance = 2 * time.Second
	clockMaximum   = time.Minute
)

// clock compares a clock with that of this machine, of which the time is known to be
// between before and after.
func (d *Deployment) clock(r *report, check, whose string, got, before, after time.Time, precision time.Duration) {
	var skew time.Duration
	switch {
	case got.Add(precision).Before(before):
		skew = got.Sub(before)
	case got.After(after):
		skew = got.Sub(after)
	}
	const remedy = "Synchronize the clocks of all machines, Django's included, with NTP (see docs/running.md, Clocks)."
	direction := "ahead of"
	if skew < 0 {
		direction = "behind"
	}
	problem := fmt.Sprintf("The clock of %s is %v %s that of this machine: sessions end too early on one of the two, and too "+
		"late on the other.",
		whose, skew.Abs().Round(time.Second), direction)
	switch most := min(clockMaximum, d.Settings.SessionCookieAge/100); {
	case skew.Abs() <= clockTolerance:
		r.okf(check, "The clock of %s agrees with that of this machine.", whose)
	case skew.Abs() <= most:
		r.warnf(check, remedy, "%s", problem)
	default:
		r.faultf(check, remedy, "%s", problem)
	}
}

// share formats a part of a whole for people.
func share(part, whole int) string {
	if whole == 0 {
		return "0%"
	}
	percent := 100 * float64(part) / float64(whole)
	if percent < 1 && part > 0 {
		return "less than 1%"
	}
	return fmt.Sprintf("%.0f%%", percent)
}
