package djangosession

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"time"

	"github.com/djangobridge/djangobridge/py"
)

// ExpiryName is the name of the value in which Django keeps a session's own expiry.
const ExpiryName = "_session_expiry"

// SetExpiry makes the session end this many seconds after each save; 0 makes the browser drop the cookie when it closes,
// while what is stored lives for SESSION_COOKIE_AGE. Matches set_expiry(int).
func (s *Session) SetExpiry(seconds int64) { s.Set(ExpiryName, seconds) }

// SetExpiryDuration makes the session end this long from now, whenever it is saved. Matches set_expiry(timedelta).
func (s *Session) SetExpiryDuration(d time.Duration) {
	s.setExpiry(s.manager.settings.inSettings(s.manager.settings.Clock().Add(d)))
}

// SetExpiryTime makes the session end at this point in time. Where USE_TZ is false it is stored as the clocks of
// TIME_ZONE show it. Matches set_expiry(datetime).
func (s *Session) SetExpiryTime(t time.Time) {
	d := py.DateTime{Time: t.Truncate(time.Microsecond)}
	if !s.manager.settings.UseTZ {
		d = s.manager.settings.inSettings(t)
	}
	s.setExpiry(d)
}

// setExpiry stores a point in time as the site's release does: as text since 4.1. Before, it is a datetime, which
// PickleSerializer stores, and which the JSON serializer refuses when the session is saved, there as here.
func (s *Session) setExpiry(d py.DateTime) {
	if s.manager.settings.release.HasISOExpiry() {
		s.Set(ExpiryName, d.ISOFormat())
		return
	}
	s.Set(ExpiryName, d)
}

// SetExpiryDefault removes the session's own expiry, so that it ends as the settings say. Matches set_expiry(None).
func (s *Session) SetExpiryDefault() { s.PopDefault(ExpiryName, nil) }

// ExpiryArgs are the keyword arguments of get_expiry_age and get_expiry_date.
type ExpiryArgs struct {
	Modification time.Time // when the session was last changed; now if zero
	Expiry       any       // the expiry to take instead of the session's, if Override is set
	Override     bool
}

// GetExpiryAge returns how long the session lives, in seconds: SESSION_COOKIE_AGE, the number
// that was set (a fraction is kept), or the time left until the date that was set, rounded
// down. It is negative for a date in the past. The error is a [*ValueError]: the stored expiry
// is neither a number nor a date, or has no zone where USE_TZ is true, or the other way round.
// Matches get_expiry_age.
func (s *Session) GetExpiryAge() (float64, error) { return s.GetExpiryAgeWith(ExpiryArgs{}) }

// GetExpiryAgeWith is [Session.GetExpiryAge] with arguments.
func (s *Session) GetExpiryAgeWith(args ExpiryArgs) (float64, error) {
	expiry, modification := s.expiryArgs(args)
	age, err := s.manager.settings.expiryAge(expiry, modification)
	if err != nil {
		return 0, &ValueError{Name: ExpiryName, Err: err}
	}
	return age, nil
}

// GetExpiryDate returns when the session ends. The error is a [*ValueError]: the stored expiry
// is neither a number nor a date, or leads out of the years 1 to 9999. Matches get_expiry_date.
func (s *Session) GetExpiryDate() (time.Time, error) { return s.GetExpiryDateWith(ExpiryArgs{}) }

// GetExpiryDateWith is [Session.GetExpiryDate] with arguments.
func (s *Session) GetExpiryDateWith(args ExpiryArgs) (time.Time, error) {
	expiry, modification := s.expiryArgs(args)
	date, err := s.manager.settings.expiryDate(expiry, modification)
	if err != nil {
		return time.Time{}, &ValueError{Name: ExpiryName, Err: err}
	}
	return date.In(s.manager.settings.loc), nil
}

// GetExpireAtBrowserClose reports whether the cookie ends with the browser: if the expiry is 0, or if none is set and the
// settings say so. Matches get_expire_at_browser_close.
func (s *Session) GetExpireAtBrowserClose() bool {
	expiry, _ := s.Get(ExpiryName)
	if expiry == nil {
		return s.manager.settings.SessionExpireAtBrowserClose
	}
	return isZero(expiry)
}

func (s *Session) expiryArgs(args ExpiryArgs) (any, py.DateTime) {
	expiry := args.Expiry
	if !args.Override {
		expiry, _ = s.Get(ExpiryName)
	} else if p, err := py.From(expiry); err == nil {
		expiry = p
	}
	if args.Modification.IsZero() {
		return expiry, s.manager.settings.now()
	}
	return expiry, s.manager.settings.inSettings(args.Modification)
}

// now is timezone.now(): aware, or naive in TIME_ZONE where USE_TZ is false.
func (r *resolved) now() py.DateTime { return r.inSettings(r.Clock()) }

func (r *resolved) inSettings(t time.Time) py.DateTime {
	t = t.Truncate(time.Microsecond)
	if r.UseTZ {
		return py.DateTime{Time: t.UTC()}
	}
	d := py.NaiveIn(t, r.loc)
	d.Fold = false // Python's datetime.now() does not tell either
	return d
}

// Errors of an expiry.
var (
	errExpiryRange = errors.New("the expiry is out of range")
	errMixedZones  = errors.New("a date without a zone cannot be compared with one that has a zone (USE_TZ)")
)

func (r *resolved) expiryAge(expiry any, modification py.DateTime) (float64, error) {
	if !py.Truth(expiry) {
		return r.SessionCookieAge.Seconds(), nil
	}
	if f, ok := number(expiry); ok {
		return f, nil
	}
	if d, ok := expiry.(py.Decimal); ok { // of which Python makes no date
		return d.Float64(), nil
	}
	date, err := r.parseExpiry(expiry)
	if err != nil {
		return 0, err
	}
	if date.Naive != modification.Naive {
		return 0, errMixedZones
	}
	sec := date.Time.Unix() - modification.Time.Unix()
	if date.Time.Nanosecond() < modification.Time.Nanosecond() {
		sec--
	}
	return float64(sec), nil
}

func (r *resolved) expiryDate(expiry any, modification py.DateTime) (py.DateTime, error) {
	if date, ok := expiry.(py.DateTime); ok {
		return date, nil
	}
	if text, ok := expiry.(string); ok && (text != "" || r.release.HasISOExpiry()) {
		return r.parseExpiry(text)
	}
	seconds := r.SessionCookieAge.Seconds()
	if f, ok := number(expiry); ok && f != 0 {
		seconds = f
	} else if py.Truth(expiry) {
		return py.DateTime{}, fmt.Errorf("a %s is no expiry", py.TypeName(expiry))
	}
	return addSeconds(modification, seconds)
}

// parseExpiry reads an expiry that is a date.
func (r *resolved) parseExpiry(expiry any) (py.DateTime, error) {
	switch v := expiry.(type) {
	case py.DateTime:
		return v, nil
	case string:
		// Releases before 4.1 do not take text; a value that came from a newer one still means what it says.
		return py.ParseISOFormat(v)
	}
	return py.DateTime{}, fmt.Errorf("a %s is no expiry", py.TypeName(expiry))
}

// number returns the value of a Python number, bool included.
func number(v any) (float64, bool) {
	switch v := v.(type) {
	case bool:
		if v {
			return 1, true
		}
		return 0, true
	case int64:
		return float64(v), true
	case float64:
		return v, true
	case *big.Int:
		f, _ := new(big.Float).SetInt(v).Float64()
		return f, true
	}
	return 0, false
}

// isZero reports whether v == 0 in Python.
func isZero(v any) bool {
	switch v.(type) {
	case bool, int64, *big.Int, float64, complex128, py.Decimal:
		return !py.Truth(v)
	}
	return false
}

// addSeconds returns d + timedelta(seconds=seconds).
func addSeconds(d py.DateTime, seconds float64) (py.DateTime, error) {
	const tenThousandYears = 10_000 * 366 * 86400
	if !(math.Abs(seconds) < tenThousandYears) { // NaN too
		return py.DateTime{}, errExpiryRange
	}
	whole, fraction := math.Modf(seconds)
	micros := int64(math.RoundToEven(fraction * 1e6))
	t := d.Time
	t = time.Unix(t.Unix()+int64(whole), int64(t.Nanosecond())+micros*1000).In(t.Location())
	if t.Year() < 1 || t.Year() > 9999 {
		return py.DateTime{}, errExpiryRange
	}
	return py.DateTime{Time: t, Naive: d.Naive}, nil
}
