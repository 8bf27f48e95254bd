package main

import (
	"slices"

	"github.com/djangobridge/djangobridge/djangosession"
)

// unsettled returns the findings that remain with the flags: notes, and the reasons why
// commands that open the site refuse it.
func (f *siteSource) unsettled(s *djangosession.Settings, found []djangosession.Finding) []djangosession.Finding {
	return slices.DeleteFunc(found, func(x djangosession.Finding) bool { return x.Refused && f.settles(s, x) })
}

// settles reports whether a flag settles a finding. Each flag sets an option of package
// djangobridge, which settles the same.
func (f *siteSource) settles(s *djangosession.Settings, x djangosession.Finding) bool {
	switch x.Setting {
	case "SESSION_ENGINE": // other engines have no such option
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
func (f *siteSource) settlesDatabase(d *djangosession.Database) bool {
	_, known := djangosession.VendorOf(d.Engine)
	return !known && d.Engine != "" && d.Engine == f.AcceptDatabaseEngine && d.Error == "" && d.Alias == d.WriteAlias
}
