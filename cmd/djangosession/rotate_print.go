package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/djangobridge/djangobridge/internal/amount"
)

// rotationReport is the output of rotate as JSON.
type rotationReport struct {
	Step       string        `json:"step"`
	Reason     string        `json:"reason"`
	Remark     string        `json:"remark,omitempty"` // a doubt about the step
	Until      string        `json:"until,omitempty"`
	Actions    []action      `json:"actions,omitempty"`
	Loses      *bool         `json:"loses_sessions"` // null if it is unknown
	Engine     string        `json:"engine"`
	Django     string        `json:"django_version"`
	ExportedAt string        `json:"exported_at,omitempty"`
	Counted    bool          `json:"counted"`
	Live       int64         `json:"live"`
	Expired    int64         `json:"expired"`
	Keys       []keyReport   `json:"keys,omitempty"`
	Unknown    *keyReport    `json:"unknown_key,omitempty"`
	Newer      int64         `json:"signed_after_export_with_unknown_key"`
	Unread     int64         `json:"signed_after_export_and_undecodable"`
	Malformed  int64         `json:"malformed"`
	Logins     *loginsReport `json:"logins,omitempty"`
	Warnings   []string      `json:"warnings,omitempty"`
}

// keyReport is what one key has signed.
type keyReport struct {
	Name    string `json:"name"`
	Live    int64  `json:"live"`
	Expired int64  `json:"expired"`
	Oldest  string `json:"oldest_signature,omitempty"`
	Newest  string `json:"newest_signature,omitempty"`
	Ends    string `json:"last_session_ends,omitempty"`
}

// loginsReport counts logins by the key of their hash.
type loginsReport struct {
	Current  int64 `json:"hash_of_secret_key"`
	Fallback int64 `json:"hash_of_fallback_key"`
	Other    int64 `json:"invalid_hash"`

	Unchecked int64 `json:"not_compared"`
	Unread    int64 `json:"undecodable"` // of these
}

// print prints the result.
func (c *rotateCommand) print(t *tool, r *rotation) error {
	report := c.report(r)
	if c.JSON {
		return t.line(jsonLine(report))
	}
	if err := printCounts(t, r, report); err != nil || c.Check {
		return err
	}
	return printStep(t, report)
}

func (c *rotateCommand) report(r *rotation) *rotationReport {
	step := r.next()
	report := &rotationReport{
		Step: step.name, Reason: step.reason, Remark: step.remark, Until: jsonDate(step.until), Engine: r.settings.SessionEngine,
		Django: r.settings.DjangoVersion, ExportedAt: jsonDate(r.settings.ExportedAt), Counted: r.counted, Warnings: r.warnings(),
	}
	if loses, known := r.loses(); known {
		report.Loses = &loses
	}
	if !c.Check {
		report.Actions = c.actions(r, step)
	}
	if !r.counted {
		return report
	}
	report.Live, report.Expired = r.counts.live, r.counts.expired
	if len(r.keys) > 1 && releaseOf(*r.settings).HashesWithFallbackKeys() {
		l := r.counts.logins
		report.Logins = &loginsReport{l.current, l.fallback, l.other, l.unchecked, l.unread}
	}
	if !r.signed {
		return report
	}
	report.Newer, report.Unread, report.Malformed = r.counts.unknownNewer, r.counts.unreadNewer, r.counts.malformed
	for i, key := range r.keys {
		report.Keys = append(report.Keys, newKeyReport(key.name, &r.counts.keys[i]))
	}
	if u := &r.counts.unknown; u.live+u.expired > 0 {
		unknown := newKeyReport("unknown", u)
		report.Unknown = &unknown
	}
	return report
}

func newKeyReport(name string, c *keyCount) keyReport {
	return keyReport{name, c.live, c.expired, jsonDate(c.oldest), jsonDate(c.newest), jsonDate(c.ends)}
}

// warnings returns what the user has to know besides the step.
func (r *rotation) warnings() []string {
	var found []string
	switch s := r.settings; {
	case !r.hasFallbacks:
		found = append(found, "Django "+s.DjangoVersion+" has no SECRET_KEY_FALLBACKS: a new SECRET_KEY logs out all visitors. "+
			"Upgrade to 4.2 or later first to avoid that.")
	case !releaseOf(*s).HashesWithFallbackKeys():
		found = append(found, "Django "+s.DjangoVersion+" accepts no login whose hash was made with a fallback key: a new SECRET_KEY "+
			"logs out all users, although their sessions remain. Upgrade to 4.1.8 or later first to avoid that.")
	}
	switch {
	case r.counted && !r.signed:
		found = append(found, "Values in a cache are not signed, so sessions survive a new key. Logins do not, unless their hash was "+
			"renewed: only those are counted.")
	case r.engine == cachedDBEngine:
		found = append(found, "The counts are those of the table. Copies in the cache are not signed, and survive until "+
			"they are evicted.")
	case r.engine == fileEngine:
		found = append(found, "Expired files are not counted.")
	}
	if !r.counted {
		return found
	}
	if n := r.counts.unknown.live - r.counts.unknownNewer; n > 0 {
		found = append(found, areSessions(n)+" signed with a key that is not in these settings, before they were exported. Django "+
			"cannot read them either, unless its settings have another key (see \"djangosession explain\").")
	}
	if l := &r.counts.logins; l.unchecked > 0 {
		found = append(found, l.uncompared()+": whether dropping a fallback key ends them is unknown.")
	}
	if n := r.counts.malformed; n > 0 {
		found = append(found, areSessions(n)+" not signed in the form of this release, and cannot be read.")
	}
	return found
}

// printCounts prints the counts for people.
func printCounts(t *tool, r *rotation, report *rotationReport) error {
	var out strings.Builder
	switch {
	case r.counted:
		fmt.Fprintf(&out, "%s, %s\n", amount.Of(report.Live, "live session"), amount.Of(report.Expired, "expired session"))
		if r.signed {
			heading := fmt.Sprintf(keyLine, "SIGNED WITH", "LIVE", "OLDEST SIGNATURE", "NEWEST SIGNATURE", "LAST SESSION ENDS")
			out.WriteString("\n" + bold(t.stdout, heading) + "\n")
			for i, key := range r.keys {
				writeKey(&out, key.name, &r.counts.keys[i])
			}
			if r.counts.unknown.live > 0 {
				writeKey(&out, "unknown key", &r.counts.unknown)
			}
		}
	case len(r.keys) > 1:
		out.WriteString(r.uncountable() + ".\n")
	}
	if l := report.Logins; l != nil {
		fmt.Fprintf(&out, "\n%s with a hash of SECRET_KEY, %d of a fallback key, %d invalid",
			amount.Of(l.Current, "login"), l.Fallback, l.Other)
		if l.Unchecked > 0 {
			fmt.Fprintf(&out, ", %d not compared", l.Unchecked)
		}
		out.WriteString("\n")
	}
	for _, warning := range report.Warnings {
		out.WriteString("\nNote: " + warning + "\n")
	}
	if len(r.keys) > 1 {
		out.WriteString("\n" + r.verdict() + "\n")
	}
	return t.printf("%s", out.String())
}

const keyLine = "%-23s  %9s  %-23s  %-23s  %s"

func writeKey(out *strings.Builder, name string, c *keyCount) {
	date := func(d time.Time) string {
		if d.IsZero() {
			return "-"
		}
		return shownDate(d.UTC())
	}
	fmt.Fprintf(out, keyLine+"\n", name, strconv.FormatInt(c.live, 10), date(c.oldest), date(c.newest), date(c.ends))
}

// verdict says what dropping the fallback keys would lose.
func (r *rotation) verdict() string {
	loses, known := r.loses()
	switch {
	case !known:
		return "It is unknown whether dropping SECRET_KEY_FALLBACKS now would lose sessions."
	case !loses:
		return "Dropping SECRET_KEY_FALLBACKS now would lose no session."
	}
	var n int64
	for i := range r.keys[1:] {
		n += r.counts.keys[i+1].live
	}
	return fmt.Sprintf("Dropping SECRET_KEY_FALLBACKS now would lose %s and %s besides.", amount.Of(n, "session"),
		amount.Of(r.counts.logins.fallback, "login"))
}

// printStep prints the next step for people.
func printStep(t *tool, report *rotationReport) error {
	var out strings.Builder
	fmt.Fprintf(&out, "\n%s\n%s\n", bold(t.stdout, "Next step: "+report.Step), report.Reason)
	if report.Remark != "" {
		out.WriteString("\nCaution: " + report.Remark + "\n")
	}
	for i, a := range report.Actions {
		fmt.Fprintf(&out, "\n%d. %s\n", i+1, a.Do)
		if a.Run != "" {
			out.WriteString("\n       " + a.Run + "\n")
		}
	}
	return t.printf("%s", out.String())
}
