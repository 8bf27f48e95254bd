package tables

import (
	"errors"
	"fmt"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
)

// source is the part of the settings that describes a database.
type source struct {
	setting  string // the name of that part
	options  string // the type of the options that take precedence
	database *djangosession.Database
}

// dialect returns the dialect of the database. A given one must not contradict the
// settings.
func (f source) dialect(given Dialect) (Dialect, error) {
	var known Dialect
	for _, d := range dialects() {
		if d.vendor() == f.database.Vendor {
			known = d
		}
	}
	switch {
	case given != nil && known != nil && given.vendor() != known.vendor():
		return nil, &djangosession.SettingError{Setting: f.options + ".Dialect", Problem: fmt.Sprintf(
			"is %T, but %s of the settings has vendor %q: leave it out", given, f.setting, f.database.Vendor)}
	case given != nil:
		return given, nil
	}
	err := f.database.Check(f.setting)
	if missing, ok := errors.AsType[*djangosession.SettingError](err); ok && (*f.database == djangosession.Database{}) {
		missing.Problem += ", or set " + f.options + ".Dialect"
	}
	return known, err
}

// zone returns the zone of dates that the database stores without one.
func (f source) zone(given *time.Location) (*time.Location, error) {
	if given != nil {
		return given, nil
	}
	name := f.database.TimeZone // "" is UTC for LoadLocation too
	zone, err := time.LoadLocation(name)
	if err != nil || name == "Local" { // which is Go's name for the zone of this machine
		return nil, &djangosession.SettingError{Setting: f.setting, Problem: fmt.Sprintf(
			"has TIME_ZONE %q, which is not known on this machine", name)}
	}
	return zone, nil
}
