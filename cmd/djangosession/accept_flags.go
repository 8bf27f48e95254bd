package main

import (
	"slices"

	"github.com/djangobridge/djangobridge/djangosession"
)

// acceptFlags accept what this module does not know about a site. Each sets an option of
// package djangobridge, which settles the same findings.
type acceptFlags struct {
	//nolint:lll // a help text
	AcceptEngine string `help:"The site's SESSION_ENGINE, if it is a class of its own that stores sessions like Django's." placeholder:"ENGINE"`

	//nolint:lll // a help text
	AcceptDatabaseEngine string `help:"The ENGINE in the site's DATABASES, if it is one of its own that creates the same tables as Django's." placeholder:"ENGINE"`

	//nolint:lll // a help text
	KnownOverride texts `help:"A method of the site's user model, as the error message names it, that does not change who is logged in. Can be repeated." placeholder:"NAME"`
}

// acceptWords returns the flags as words of a shell's command line.
func (f *acceptFlags) acceptWords() []string {
	var words []string
	if f.AcceptEngine != "" {
		words = append(words, "--accept-engine", shellQuote(f.AcceptEngine))
	}
	if f.AcceptDatabaseEngine != "" {
		words = append(words, "--accept-database-engine", shellQuote(f.AcceptDatabaseEngine))
	}
	for _, name := range f.KnownOverride {
		words = append(words, "--known-override", shellQuote(name))
	}
	return words
}

// unsettled returns the findings that remain with the flags: notes, and the reasons why
// commands that open the site refuse it.
func (f *acceptFlags) unsettled(s *djangosession.Settings, found []djangosession.Finding) []djangosession.Finding {
	return slices.DeleteFunc(found, func(x djangosession.Finding) bool { return x.Refused && f.settles(s, x) })
}

// settles reports whether a flag settles a finding.
func (f *acceptFlags) settles(s *djangosession.Settings, x djangosession.Finding) bool {
	switch x.Setting {
	case engineSetting: // other engines have no such option
		return x.Kind == djangosession.UnknownFinding && f.AcceptEngine != "" && f.AcceptEngine == s.SessionEngine &&
			(usesTable(s) || engineName(s) == cacheEngine)
	case "SESSION_DATABASE":
		return f.settlesDatabase(&s.SessionDatabase)
	case "USER_DATABASE":
		return f.settlesDatabase(&s.UserDatabase)
	case "SESSION_CACHE.database":
		return f.settlesDatabase(&s.SessionCache.Database)
	case "USER_MODEL":
		return x.Override != "" && slices.Contains(f.KnownOverride, x.Override)
	}
	return false
}

// settlesDatabase reports whether the only problem is that the engine is unknown, and the
// flag names it.
func (f *acceptFlags) settlesDatabase(d *djangosession.Database) bool {
	_, known := djangosession.VendorOf(d.Engine)
	return !known && d.Engine != "" && d.Engine == f.AcceptDatabaseEngine && d.Error == "" && d.Alias == d.WriteAlias
}
