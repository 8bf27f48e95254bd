package djangosession

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"time"

	"github.com/djangobridge/djangobridge/py"
)

// ExpiryName is the name of the value in which Django stores a session's own expiry.
const ExpiryName = "_session_expiry"

// SetExpiry makes the session end this many seconds after each save. With 0, the browser
// deletes the cookie when it closes, and the stored session lives for SESSION_COOKIE_AGE.
// Matches set_expiry(int).
func (s *Session) SetExpiry(seconds int64) { s.Set(ExpiryName, seconds) }

// SetExpiryDuration makes the session end at the time d from now, however often it is
// saved. Matches set_expiry(timedelta).
func (s *Session) SetExpiryDuration(d time.Duration) {
	ends := s.manager.settings.now()
	ends.Time = ends.Time.Add(d).Truncate(time.Microsecond) // naive dates have no changes of the clock
	s.setExpiry(ends)
}

// SetExpiryTime makes the session end at t. If USE_TZ is false, it is stored as the local
// time of TIME_ZONE. Matches set_expiry(datetime).
func (s *Session) SetExpiryTime(t time.Time) {
	d := py.DateTime{Time: t.Truncate(time.Microsecond)}
	if !s.manager.settings.UseTZ {
		d = s.manager.settings.inSettings(t)
	}
	s.setExpiry(d)
}

// setExpiry stores a time in the form of the site's release: text since 4.1, a datetime
// before. PickleSerializer stores datetimes. The JSON serializer refuses them when the
// session is saved, as in Django.
func (s *Session) setExpiry(d py.DateTime) {
	if s.manager.settings.release.HasISOExpiry() {
		s.Set(ExpiryName, d.ISOFormat())
		return
	}
	s.Set(ExpiryName, d)
}

// SetExpiryDefault removes the session's own expiry, so that the settings determine it.
// Matches set_expiry(None).
func (s *Session) SetExpiryDefault() { s.PopDefault(ExpiryName, nil) }

// ExpiryArgs are the keyword arguments of get_expiry_age and get_expiry_date.
type ExpiryArgs struct {
	Modification time.Time // when the session was last changed; now if zero
	Expiry       any       // used instead of the session's own expiry if Override is set
	Override     bool
}

// GetExpiryAge returns the lifetime of the session in seconds: SESSION_COOKIE_AGE, the
// number that was set, including fractions, or the time left until the date that was set,
// rounded down. It is negative for a date in the past. The error is a [*ValueError] if
// the stored expiry is neither a number nor a date, has no zone although USE_TZ is true,
// or has one although USE_TZ is false. Matches get_expiry_age.
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

// GetExpiryDate returns when the session ends. The error is a [*ValueError] if the stored
// expiry is neither a number nor a date, or if the result is outside the years 1 to 9999.
// Matches get_expiry_date.
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

// GetExpireAtBrowserClose reports whether the cookie ends when the browser closes: if the
// expiry is 0, or if none is set and SESSION_EXPIRE_AT_BROWSER_CLOSE is true. Matches
// get_expire_at_browser_close.
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

// StoredExpiry returns when a session ends that was stored at this time, and the number
// of seconds until then, rounded down, for engines that store no date. Without an expiry
// of its own, a session lives for SESSION_COOKIE_AGE after it was stored. An expiry in
// seconds is also the number of seconds left, however long ago the session was stored,
// because Django's engine "file" never ends such sessions; ends is the zero value if it
// is out of range. Before Django 4.1, an expiry that is text is an error. The error is a
// [*ValueError]. Matches _expiry_date of that engine, and get_expiry_age.
func (c *Codec) StoredExpiry(d *py.Dict, stored time.Time) (ends py.DateTime, left float64, err error) {
	r := c.settings
	expiry, _ := d.Get(ExpiryName)
	expiry = own(expiry)
	_, isText := expiry.(string)
	_, isDate := expiry.(py.DateTime)
	switch {
	case !py.Truth(expiry):
		if ends, err = addSeconds(r.inSettings(stored), r.SessionCookieAge.Seconds()); err == nil {
			left, err = r.expiryAge(ends, r.now())
		}
	case isText && !r.release.HasISOExpiry():
		err = errTextExpiry
	case isText || isDate:
		if ends, err = r.parseExpiry(expiry); err == nil {
			left, err = r.expiryAge(ends, r.now())
		}
	default:
		if left, err = r.expiryAge(expiry, r.now()); err == nil {
			ends, _ = addSeconds(r.inSettings(stored), left)
		}
	}
	if err != nil {
		return py.DateTime{}, 0, &ValueError{Name: ExpiryName, Err: err}
	}
	return ends, left, nil
}

// now returns timezone.now(): aware, or naive in TIME_ZONE if USE_TZ is false.
func (r *resolved) now() py.DateTime { return r.inSettings(r.Clock()) }

func (r *resolved) inSettings(t time.Time) py.DateTime {
	t = t.Truncate(time.Microsecond)
	if r.UseTZ {
		return py.DateTime{Time: t.UTC()}
	}
	d := py.NaiveIn(t, r.loc)
	d.Fold = false // Python's datetime.now() does not set it either
	return d
}

// Errors of an expiry.
var (
	errExpiryRange = errors.New("the expiry is out of range")
	errTextExpiry  = errors.New("text is not an expiry before Django 4.1: use a number of seconds")
	errMixedZones  = errors.New("a date without a zone cannot be compared with one that has a zone (USE_TZ)")
)

func (r *resolved) expiryAge(expiry any, modification py.DateTime) (float64, error) {
	if !py.Truth(expiry) {
		return r.SessionCookieAge.Seconds(), nil
	}
	if f, ok := number(expiry); ok {
		return f, nil
	}
	if d, ok := expiry.(py.Decimal); ok { // a number from which Python cannot compute a date
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
		return py.DateTime{}, fmt.Errorf("a %s is not an expiry", py.TypeName(expiry))
	}
	return addSeconds(modification, seconds)
}

// parseExpiry reads an expiry that is a date.
func (r *resolved) parseExpiry(expiry any) (py.DateTime, error) {
	switch v := expiry.(type) {
	case py.DateTime:
		return v, nil
	case string:
		// Releases before 4.1 do not accept text, but text from a newer release is still
		// unambiguous.
		return py.ParseISOFormat(v)
	}
	return py.DateTime{}, fmt.Errorf("a %s is not an expiry", py.TypeName(expiry))
}

// number returns the value of a Python number, including bool.
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
	if !(math.Abs(seconds) < tenThousandYears) { // true for NaN too
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
