package djangosession

import (
	"fmt"
	"time"
)

// Location returns the zone TIME_ZONE, in which naive dates are read and written. The
// error is a [*SettingError]. Without TIME_ZONE, Django stores naive dates in the zone of
// its server, which is unknown here: if UseTZ is false, that is an error.
func (s *Settings) Location() (*time.Location, error) {
	name := s.TimeZone
	switch {
	case name == "" && !s.UseTZ:
		return nil, &SettingError{Setting: "TIME_ZONE", Problem: "is empty and USE_TZ is False: Django stores dates in the time " +
			"zone of its server: set TIME_ZONE to the name of that zone, and export the settings again"}
	case name == "":
		name = "UTC" // LoadLocation does the same, and Local would differ between machines
	}
	loc, err := time.LoadLocation(name)
	if err != nil || name == "Local" { // Local is Go's name for the zone of this machine
		return nil, &SettingError{Setting: "TIME_ZONE", Problem: fmt.Sprintf(
			"%q is not a time zone on this machine: correct it, or import time/tzdata", name)}
	}
	return loc, nil
}

// Clock returns the time of Now, truncated to microseconds like Python's.
func (s *Settings) Clock() time.Time {
	now := time.Now
	if s.Now != nil {
		now = s.Now
	}
	return now().Truncate(time.Microsecond)
}
