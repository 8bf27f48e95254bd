package djangosession

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"time"
)

// seconds is a number of seconds.
type seconds time.Duration

func (s *seconds) UnmarshalJSON(b []byte) error {
	var f *float64
	if err := json.Unmarshal(b, &f); err != nil {
		return err
	}
	if f == nil {
		return errors.New("must be a number of seconds")
	}
	if math.Abs(*f) >= math.MaxInt64/float64(time.Second) {
		return errors.New("is more than 292 years")
	}
	*s = seconds(*f * float64(time.Second))
	return nil
}

// csrfAge is CSRF_COOKIE_AGE: a number of seconds, or None.
type csrfAge time.Duration

func (a *csrfAge) UnmarshalJSON(b []byte) error {
	if isNull(b) {
		*a = 0
		return nil
	}
	if err := (*seconds)(a).UnmarshalJSON(b); err != nil {
		return err
	}
	if *a == 0 {
		return errors.New("0 makes browsers delete the cookie at once")
	}
	return nil
}

// unixTime is a point in time as a number of seconds since 1970.
type unixTime time.Time

func (t *unixTime) UnmarshalJSON(b []byte) error {
	var f *float64
	if err := json.Unmarshal(b, &f); err != nil {
		return err
	}
	if f == nil || *f < 0 || *f > maxUnixTime {
		return errors.New("must be the number of seconds since 1970")
	}
	*t = unixTime(time.UnixMicro(int64(math.Round(*f * 1e6))).UTC())
	return nil
}

// maxUnixTime is the end of the year 9999.
const maxUnixTime = 253402300799

// required is a string for which Django does not accept None.
type required string

func (r *required) UnmarshalJSON(b []byte) error {
	if isNull(b) {
		return errors.New("must not be None")
	}
	return json.Unmarshal(b, (*string)(r))
}

// optional is a string for which Django also accepts None or False.
type optional string

func (o *optional) UnmarshalJSON(b []byte) error {
	if isNull(b) || string(b) == "false" {
		*o = ""
		return nil
	}
	return json.Unmarshal(b, (*string)(o))
}

// secret is a string, or bytes in the form {"$bytes": base64}.
type secret string

func (s *secret) UnmarshalJSON(b []byte) error {
	var tagged struct {
		Bytes *string `json:"$bytes"`
	}
	if json.Unmarshal(b, &tagged) == nil && tagged.Bytes != nil {
		raw, err := base64.StdEncoding.DecodeString(*tagged.Bytes)
		if err != nil {
			return errors.New("its bytes are not base64")
		}
		*s = secret(raw)
		return nil
	}
	return json.Unmarshal(b, (*string)(s))
}

type secrets []string

func (s *secrets) UnmarshalJSON(b []byte) error {
	var list []secret
	if err := json.Unmarshal(b, &list); err != nil {
		return err
	}
	*s = nil
	for _, k := range list {
		*s = append(*s, string(k))
	}
	return nil
}

// proxyHeader is a name and a value, or None.
type proxyHeader [2]string

func (h *proxyHeader) UnmarshalJSON(b []byte) error {
	var list []string
	if err := json.Unmarshal(b, &list); err != nil {
		return err
	}
	switch len(list) {
	case 0:
		*h = proxyHeader{}
	case len(h):
		*h = proxyHeader(list)
	default:
		return errors.New("must have a name and a value")
	}
	return nil
}

// limit is a number, or None. Django compares integers with it, so that a fraction has no
// effect.
type limit int64

func (l *limit) UnmarshalJSON(b []byte) error {
	*l = -1
	if isNull(b) {
		return nil
	}
	var n int64
	if json.Unmarshal(b, &n) != nil {
		var f float64
		if err := json.Unmarshal(b, &f); err != nil {
			return err
		}
		if f >= math.MaxInt64 { // more bytes than exist
			return nil
		}
		n = int64(math.Floor(f))
	}
	*l = limit(max(n, 0))
	return nil
}

// truth is a value of which Django only asks whether it is true, such as 1.
type truth bool

func (t *truth) UnmarshalJSON(b []byte) error {
	var value any
	if err := json.Unmarshal(b, &value); err != nil {
		return err
	}
	switch v := value.(type) {
	case nil:
		*t = false
	case bool:
		*t = truth(v)
	case float64:
		*t = v != 0
	case string:
		*t = v != ""
	case []any:
		*t = len(v) > 0
	case map[string]any:
		*t = len(v) > 0
	}
	return nil
}

// timeout is a number of seconds. A longer one than a duration can be has the same effect
// as the longest.
type timeout time.Duration

func (t *timeout) UnmarshalJSON(b []byte) error {
	var f float64
	if json.Unmarshal(b, &f) == nil && f >= math.MaxInt64/float64(time.Second) {
		*t = math.MaxInt64
		return nil
	}
	return (*seconds)(t).UnmarshalJSON(b)
}

// maxInflated is a number of bytes.
type maxInflated int

func (m *maxInflated) UnmarshalJSON(b []byte) error {
	var n int
	if err := json.Unmarshal(b, &n); err != nil {
		return err
	}
	const most = 1 << 30 // four times as much is a file
	if n < 0 || n > most {
		return fmt.Errorf("must be a number of bytes from 0 to %d", most)
	}
	*m = maxInflated(n)
	return nil
}

func isNull(b []byte) bool { return string(b) == "null" }
