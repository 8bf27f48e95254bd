package djangobridge

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/djangobridge/djangobridge/djangosession"
)

// A RefusedError lists the reasons why the site cannot be opened safely from its
// settings.
type RefusedError struct {
	File     string                  // "" if the error is that of [New]
	Findings []djangosession.Finding // at least one
}

func (e *RefusedError) Error() string {
	lines := make([]string, 0, len(e.Findings))
	for _, f := range e.Findings {
		lines = append(lines, f.String())
	}
	return fmt.Sprintf("djangobridge: cannot open the site described by %s: %s", cmp.Or(e.File, "these settings"),
		strings.Join(lines, "; "))
}

// settles reports whether an option resolves a finding.
func (o *Options) settles(s *djangosession.Settings, f djangosession.Finding) bool {
	switch f.Setting {
	case "SESSION_ENGINE":
		return f.Kind == djangosession.UnknownFinding && (o.Tables.AcceptEngine != "" || o.Cache.AcceptEngine != "" ||
			o.OpenEngine != nil)
	case "SESSION_CACHE":
		return o.OpenEngine != nil
	case "SESSION_CACHE.backend":
		return o.OpenEngine != nil || f.Kind == djangosession.UnknownFinding && o.OpenCache != nil ||
			s.SessionCache.Backend == locMemBackend && o.usesTable(s) && o.ReadOnly
	case "SESSION_CACHE.key_function":
		return o.Cache.KeyFunction != nil || o.OpenEngine != nil
	case "SESSION_CACHE.database":
		return o.OpenCache != nil || o.OpenEngine != nil || o.settlesDatabase(&s.SessionCache.Database)
	case "SESSION_DATABASE":
		return o.OpenEngine != nil || o.settlesDatabase(&s.SessionDatabase)
	case "USER_DATABASE":
		return o.Users != nil || o.settlesDatabase(&s.UserDatabase)
	case "USER_MODEL":
		if f.Override != "" {
			return slices.Contains(o.KnownOverrides, f.Override)
		}
		hash := s.UserModel.SessionAuthHash // it must be known even if Options.Users reads the users
		return o.Users != nil && (hash == "django" || hash == "absent")
	}
	return false
}

// settlesDatabase reports whether the only problem is that the engine is unknown, and the
// caller has set its dialect.
func (o *Options) settlesDatabase(d *djangosession.Database) bool {
	_, known := djangosession.VendorOf(d.Engine)
	return o.Dialect != nil && !known && d.Engine != "" && d.Error == "" && d.Alias == d.WriteAlias
}
