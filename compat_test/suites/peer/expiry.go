package main

import (
	"context"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/py"
)

// expiry handles operations on the expiry of the session.
func (h *held) expiry(ctx context.Context, op string, a *args) (any, error) {
	if err := h.load(ctx); err != nil {
		return nil, err
	}
	s := h.session
	settings := h.site.sessions.Settings()
	loc, err := settings.Location()
	if err != nil {
		return nil, err
	}
	switch op {
	case "set_expiry":
		setExpiry(s, a, loc)
		return nil, nil
	case "get_expiry_age":
		return s.GetExpiryAgeWith(expiryArgs(a, loc))
	case "get_expiry_date":
		date, err := s.GetExpiryDateWith(expiryArgs(a, loc))
		if err == nil && !settings.UseTZ {
			return py.NaiveIn(date, loc), nil
		}
		return py.DateTime{Time: date}, err
	case "get_expire_at_browser_close":
		return s.GetExpireAtBrowserClose(), nil
	}
	return nil, errUnknownOp
}

// setExpiry calls the method for the type of set_expiry's argument.
func setExpiry(s *djangosession.Session, a *args, loc *time.Location) {
	switch {
	case a.has("duration"):
		s.SetExpiryDuration(time.Duration(get[int64](a, "duration")) * time.Microsecond)
	case a.has("date"):
		s.SetExpiryTime(get[py.DateTime](a, "date").In(loc))
	case a.has("seconds"):
		s.SetExpiry(get[int64](a, "seconds"))
	default:
		s.SetExpiryDefault()
	}
}

func expiryArgs(a *args, loc *time.Location) djangosession.ExpiryArgs {
	var e djangosession.ExpiryArgs
	if a.has("modification") {
		e.Modification = get[py.DateTime](a, "modification").In(loc)
	}
	e.Expiry, e.Override = a.values.Get("expiry")
	return e
}
