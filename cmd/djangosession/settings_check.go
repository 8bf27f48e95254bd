package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/auth"
	"github.com/djangobridge/djangobridge/djangosession/csrf"
	"github.com/djangobridge/djangobridge/djangosession/memory"
	"github.com/djangobridge/djangobridge/tables"
)

type settingsCheckCommand struct {
	acceptFlags

	//nolint:lll // a help text
	AcceptSetting texts `help:"A setting with a refused value that the service replaces with an option in Go, as the finding names it, such as SESSION_CACHE.key_function. Can be repeated." placeholder:"SETTING"`

	JSON bool `help:"Print one JSON object."`

	File string `arg:"" help:"The file, or - for standard input."`
}

// Help is what settings check --help adds.
func (*settingsCheckCommand) Help() string {
	return `Reports what is missing, unknown, contradictory or invalid in a settings file, one finding per line, and what to do
about it. It connects to nothing. Findings that begin with "note" do not keep a service from opening the site. Secrets are
never printed.

Some findings name an option of djangobridge.Open, with which a service opens the site. Accept them with the flag for that
option: --accept-engine (AcceptEngine), --accept-database-engine (Dialect), --known-override (KnownOverrides), and otherwise
--accept-setting, with the name in the finding: SESSION_CACHE.key_function (Cache.KeyFunction), SESSION_CACHE.backend
(OpenCache; ReadOnly for LocMemCache beside a table), SESSION_ENGINE, SESSION_DATABASE and those of SESSION_CACHE
(OpenEngine), USER_MODEL and USER_DATABASE (Users). Other findings about the same setting remain, except with
--accept-setting, which accepts all values, also later ones. With one of a session engine or its cache, the store of the
settings is not checked.

--json prints {"ok":...,"findings":[{"kind":...,"setting":...,"problem":...,"refused":...}]}. The kinds are missing,
unknown, contradictory, risk and invalid; "refused" is false for notes; "ok" is false if any finding is refused.

Exit status: 0 djangobridge.Open opens a site with this file, 1 it refuses the file, 2 the file cannot be read or contains
no settings.

Examples:

    (umask 077; djangosession settings script | python manage.py shell > site.json) && djangosession settings check site.json
    djangosession settings check --accept-setting SESSION_CACHE.key_function site.json
    djangosession settings check --json site.json | jq -r '.findings[] | select(.refused) | .setting'`
}

// invalidFinding is the kind of settings with values that cannot be used.
const invalidFinding djangosession.FindingKind = "invalid"

// Run is the command.
func (c *settingsCheckCommand) Run(t *tool) error {
	for _, name := range c.AcceptSetting {
		if !slices.Contains(acceptable(), name) {
			return usagef("--accept-setting must be one of %s", strings.Join(acceptable(), ", "))
		}
	}
	data, err := c.read(t)
	if err != nil {
		return usagef("read settings: %w", err)
	}
	s, found, err := c.review(data)
	if err != nil {
		return err
	}
	ok := true
	for _, f := range found {
		ok = ok && !f.Refused
	}
	show := printFindings
	if c.JSON {
		show = printFindingsAsJSON
	}
	if err := show(t, &s, found, ok); err != nil {
		return err
	}
	if !ok {
		return errSomeFailed
	}
	return nil
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

// review returns what is wrong with settings, without the findings that flags settle. The
// error is a [usageError] if data contains no settings.
func (c *settingsCheckCommand) review(data []byte) (djangosession.Settings, []djangosession.Finding, error) {
	s, found, err := djangosession.ReviewSettings(bytes.NewReader(data))
	problems := []error{err}
	if err == nil {
		found = slices.DeleteFunc(c.unsettled(&s, found), func(x djangosession.Finding) bool { return c.isAccepted(&s, x) })
		problems = append(openingErrors(s), c.engineError(&s))
		if !c.replacesStore() && !slices.ContainsFunc(found, func(f djangosession.Finding) bool { return f.Refused }) {
			problems = append(problems, storeErrors(s, c.AcceptEngine)...)
		}
	}
	for _, err := range slices.DeleteFunc(problems, func(err error) bool { return err == nil }) {
		invalid, is := errors.AsType[*djangosession.SettingError](err)
		if !is {
			return s, nil, usagef("%w: export the settings again, and look at the error output of manage.py "+
				"(see djangosession settings script --help)", err)
		}
		f := djangosession.Finding{Kind: invalidFinding, Setting: invalid.Setting, Problem: invalid.Problem, Refused: true}
		found = append(found, f)
	}
	return s, found, nil
}

// isAccepted reports whether --accept-setting settles a finding. As in djangobridge.Open,
// no option replaces overrides and the hash of the session in a user model.
func (c *settingsCheckCommand) isAccepted(s *djangosession.Settings, x djangosession.Finding) bool {
	hash := s.UserModel.SessionAuthHash
	if x.Setting == "USER_MODEL" && (x.Override != "" || hash != "django" && hash != "absent") {
		return false
	}
	if !x.Refused || !slices.Contains(c.AcceptSetting, x.Setting) {
		return false
	}
	switch x.Setting { // other contradictions have no option
	case engineSetting:
		return x.Kind == djangosession.UnknownFinding
	case "SESSION_CACHE.backend":
		isCopy := s.SessionCache.Backend == locMemBackend && usesTable(s)
		return x.Kind == djangosession.UnknownFinding || isCopy || slices.Contains(c.AcceptSetting, engineSetting)
	}
	return true
}

// acceptable are the settings that an option in Go can replace.
func acceptable() []string {
	return []string{
		engineSetting, "SESSION_CACHE", "SESSION_CACHE.backend", "SESSION_CACHE.key_function", "SESSION_CACHE.database",
		"SESSION_DATABASE", "USER_DATABASE", "USER_MODEL",
	}
}

// replacesStore reports whether an option in Go replaces the store of the settings, or a
// part of it, so that the rest cannot be checked.
func (c *settingsCheckCommand) replacesStore() bool {
	return slices.ContainsFunc(c.AcceptSetting, func(name string) bool {
		return name == engineSetting || strings.HasPrefix(name, "SESSION_CACHE")
	})
}

// engineError returns the error of opening a site with another SESSION_ENGINE than that
// of --accept-engine.
func (c *settingsCheckCommand) engineError(s *djangosession.Settings) error {
	if c.AcceptEngine == "" || c.AcceptEngine == s.SessionEngine {
		return nil
	}
	return &djangosession.SettingError{Setting: engineSetting, Problem: fmt.Sprintf(
		"is %q, but --accept-engine names %q", s.SessionEngine, c.AcceptEngine)}
}

// openingErrors returns what keeps the parts of a site from being built. It leaves out
// what the review has reported.
func openingErrors(s djangosession.Settings) []error {
	var problems []error
	if _, err := csrf.New(s, csrf.Options{}); err != nil {
		problems = append(problems, err)
	}
	engine, err := memory.New(s)
	if err != nil {
		return problems
	}
	sessions, err := djangosession.NewManager(engine, s, djangosession.Options{})
	if err != nil {
		return append(problems, err)
	}
	quiet := auth.Options{Logger: slog.New(slog.DiscardHandler)}
	if _, err := auth.New(sessions, &tables.Users{}, quiet); err != nil {
		problems = append(problems, err)
	}
	return problems
}

// printFindings prints findings for people.
func printFindings(t *tool, s *djangosession.Settings, found []djangosession.Finding, ok bool) error {
	for _, f := range found {
		line := f.String()
		if !f.Refused {
			line = "note: " + line
		}
		if err := t.line([]byte(line)); err != nil {
			return err
		}
	}
	if !ok {
		return nil
	}
	return t.line(fmt.Appendf(nil, "ok: Django %s, sessions in %s, users in %q (%s, %s)", s.DjangoVersion, placeOfSessions(s),
		s.UserDatabase.Alias, s.UserModel.Model, s.UserModel.Table))
}

// placeOfSessions says where the site stores its sessions.
func placeOfSessions(s *djangosession.Settings) string {
	table := fmt.Sprintf("%q (%s)", s.SessionDatabase.Alias, s.SessionDatabase.Vendor)
	cache := fmt.Sprintf("the cache %q (%s)", s.SessionCache.Alias, s.SessionCache.Backend)
	switch name := engineName(s); name {
	case cacheEngine:
		return cache
	case cachedDBEngine:
		return table + " and " + cache
	case fileEngine:
		return "files"
	case signedCookiesEngine:
		return "cookies"
	case redisSessionsEngine:
		return "Redis (" + name + ")"
	}
	return table
}

// printFindingsAsJSON prints findings for programs.
func printFindingsAsJSON(t *tool, _ *djangosession.Settings, found []djangosession.Finding, ok bool) error {
	type finding struct {
		Kind    djangosession.FindingKind `json:"kind"`
		Setting string                    `json:"setting"`
		Problem string                    `json:"problem"`
		Refused bool                      `json:"refused"`
	}
	list := make([]finding, 0, len(found))
	for _, f := range found {
		list = append(list, finding{Kind: f.Kind, Setting: f.Setting, Problem: f.Problem, Refused: f.Refused})
	}
	return t.line(jsonLine(map[string]any{"ok": ok, "findings": list}))
}
