package signing_test

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/fixtures"
	"github.com/djangobridge/djangobridge/signing"
)

// secret is a key in a vector: text, or bytes in base64.
type secret string

func (s *secret) UnmarshalJSON(data []byte) error {
	var b struct {
		Bytes []byte `json:"$bytes"`
	}
	if json.Unmarshal(data, &b) == nil && b.Bytes != nil {
		*s = secret(b.Bytes)
		return nil
	}
	return json.Unmarshal(data, (*string)(s))
}

// age is a max_age in a vector: seconds, or a timedelta.
type age time.Duration

func (a *age) UnmarshalJSON(data []byte) error {
	var delta struct {
		Parts []int64 `json:"$timedelta"` // days, seconds, microseconds
	}
	if json.Unmarshal(data, &delta) == nil && len(delta.Parts) == 3 {
		seconds := delta.Parts[0]*86400 + delta.Parts[1]
		*a = age(time.Duration(seconds)*time.Second + time.Duration(delta.Parts[2])*time.Microsecond)
		return nil
	}
	var seconds float64
	err := json.Unmarshal(data, &seconds)
	// Django accepts any number; a Duration ends at 292 years.
	*a = age(min(max(seconds*float64(time.Second), math.MinInt64), math.MaxInt64-1024))
	return err
}

type vector struct {
	Name     string
	Op       string
	Expect   string
	Time     float64
	MaxAge   *age `json:"max_age"`
	Key      secret
	KeySalt  secret `json:"key_salt"`
	Secret   secret
	Salt     string
	Sep      string
	Text     string
	Signed   string
	Encoded  string
	Cookie   string
	Hex      string
	Scheme   string
	Number   json.Number
	Value    json.RawMessage
	Payload  *fixtures.Latin1
	Compress bool

	Compressed bool
	Algorithm  string
	CookieName string `json:"cookie_name"`
	Signer     struct {
		Class        string
		Key          secret
		Salt         string
		Sep          string
		Algorithm    string
		FallbackKeys []secret `json:"fallback_keys"`
	}
	Settings struct {
		SecretKey      secret   `json:"SECRET_KEY"`
		Fallbacks      []secret `json:"SECRET_KEY_FALLBACKS"`
		LegacyFallback bool     `json:"SIGNED_COOKIE_LEGACY_SALT_FALLBACK"`
	}
}

// text returns the value of a case whose value is text.
func (v *vector) text(t *testing.T) string {
	t.Helper()
	var s secret
	if err := json.Unmarshal(v.Value, &s); err != nil {
		t.Fatalf("the value of the case is no text: %v", err)
	}
	return string(s)
}

func (v *vector) now() time.Time {
	sec, fraction := math.Modf(v.Time)
	return time.Unix(int64(sec), int64(fraction*1e9))
}

func (v *vector) maxAge() time.Duration { return time.Duration(*v.MaxAge) }

func texts(keys []secret) []string {
	list := make([]string, 0, len(keys))
	for _, k := range keys {
		list = append(list, string(k))
	}
	return list
}

// wantRefusal fails unless err is the refusal that the case expects, which is not "ok".
func (v *vector) wantRefusal(t *testing.T, err error) {
	t.Helper()
	var refused *signing.DecodeError
	if !errors.As(err, &refused) || string(refused.Reason) != v.Expect {
		t.Errorf("error %v, want the reason %s", err, v.Expect)
	}
}

// release describes the defaults of a release.
type release struct{ name string }

func (r release) options(o signing.Options) signing.Options {
	switch r.name {
	case "2.2":
		o.Algorithm = signing.SHA1
	case "3.2":
		o.AcceptSHA1 = true
	}
	if r.name == "2.2" || r.name == "3.2" {
		o.FallbackKeys = nil // this release has no fallback keys
	}
	return o
}

// forEach runs a test on each case of a subject with one of these operations, for all
// releases.
func forEach(t *testing.T, subject string, run func(t *testing.T, r release, v *vector), ops ...string) {
	t.Helper()
	count := 0
	for _, folder := range fixtures.Releases() {
		file, err := fixtures.Read[vector](folder + "/" + subject + ".json")
		if err != nil {
			t.Fatal(err)
		}
		r := release{strings.TrimPrefix(folder, "django-")}
		for i := range file.Cases {
			v := &file.Cases[i]
			for _, op := range ops {
				if v.Op == op {
					count++
					t.Run(folder+"/"+v.Name, func(t *testing.T) {
						t.Parallel()
						run(t, r, v)
					})
				}
			}
		}
	}
	if count < 20 {
		t.Fatalf("only %d cases", count)
	}
}

// signer is the common interface of both signers.
type signer interface {
	Sign(value string) string
	Unsign(signed string) (string, error)
	SignObject(data []byte) string
	UnsignObject(signed string) ([]byte, error)
}

func (v *vector) newSigner(r release) (signer, error) {
	o := signing.Options{
		Key: string(v.Signer.Key), Salt: v.Signer.Salt, Sep: v.Signer.Sep, Algorithm: v.Signer.Algorithm,
		FallbackKeys: texts(v.Signer.FallbackKeys), Now: v.now, AcceptSHA1: r.name == "3.2",
		Compress: v.Compress,
	}
	if v.Signer.Class == "Signer" {
		return signing.NewSigner(o)
	}
	return signing.NewTimestampSigner(o)
}

func TestDjangoSigns(t *testing.T) {
	t.Parallel()
	forEach(t, "signing", func(t *testing.T, r release, v *vector) {
		s, err := v.newSigner(r)
		if v.Expect == "refused" {
			if _, ok := errors.AsType[*signing.AlgorithmError](err); !ok {
				t.Errorf("error %v, want an AlgorithmError", err)
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		value := v.text(t)
		if got := s.Sign(value); got != v.Signed {
			t.Errorf("signed %q, want %q", got, v.Signed)
		}
		if got, err := s.Unsign(v.Signed); err != nil || got != value {
			t.Errorf("unsigned %q, %v", got, err)
		}
	}, "sign", "algorithm")
}

func TestDjangoUnsigns(t *testing.T) {
	t.Parallel()
	forEach(t, "signing", func(t *testing.T, r release, v *vector) {
		s, err := v.newSigner(r)
		if err != nil {
			t.Fatal(err)
		}
		unsign := s.Unsign
		if v.MaxAge != nil {
			timed, ok := s.(*signing.TimestampSigner)
			if !ok {
				t.Fatal("max_age without a timestamp")
			}
			unsign = func(signed string) (string, error) { return timed.UnsignMaxAge(signed, v.maxAge()) }
		}
		got, err := unsign(v.Text)
		if v.Expect != "ok" {
			v.wantRefusal(t, err)
			return
		}
		if want := v.text(t); err != nil || got != want {
			t.Errorf("got %q, %v; want %q", got, err, want)
		}
	}, "unsign")
}

func TestDjangosSeparators(t *testing.T) {
	t.Parallel()
	forEach(t, "signing", func(t *testing.T, _ release, v *vector) {
		if v.Sep == "" {
			t.Skip("the empty separator stands for the default in Go")
		}
		_, err := signing.NewSigner(signing.Options{Key: "k", Sep: v.Sep})
		if want := v.Expect == "ok"; (err == nil) != want || err != nil && !errors.Is(err, signing.ErrSeparator) {
			t.Errorf("separator %q: error %v", v.Sep, err)
		}
	}, "separator")
}

func TestDjangosSaltedHMAC(t *testing.T) {
	t.Parallel()
	forEach(t, "signing", func(t *testing.T, _ release, v *vector) {
		got, err := signing.SaltedHMAC(v.text(t), signing.HMACOptions{
			KeySalt: string(v.KeySalt), Secret: string(v.Secret), Algorithm: v.Algorithm,
		})
		if err != nil || hex.EncodeToString(got) != v.Hex {
			t.Errorf("got %x, %v; want %s", got, err, v.Hex)
		}
	}, "salted_hmac")
}

func TestDjangosBase62(t *testing.T) {
	t.Parallel()
	forEach(t, "signing", func(t *testing.T, _ release, v *vector) {
		got, err := signing.B62Decode(v.Text)
		if v.Expect != "ok" {
			if err == nil {
				t.Errorf("%q is read as %d", v.Text, got)
			}
			return
		}
		n, rangeErr := v.Number.Int64()
		if rangeErr != nil { // Python's integers are unbounded
			if err == nil || got != math.MaxInt64 && got != math.MinInt64 {
				t.Errorf("%q: %d, %v; want the nearest number and an error", v.Text, got, err)
			}
			return
		}
		if err != nil || got != n {
			t.Errorf("%q: %d, %v; want %d", v.Text, got, err, n)
		}
		if v.Op == "b62_encode" && signing.B62Encode(n) != v.Text {
			t.Errorf("%d is %q, want %q", n, signing.B62Encode(n), v.Text)
		}
	}, "b62_encode", "b62_decode")
}

func TestDjangoSignsObjects(t *testing.T) {
	t.Parallel()
	forEach(t, "signing", func(t *testing.T, r release, v *vector) {
		if v.Payload == nil {
			t.Skip("Django's serializer refuses the value")
		}
		var got string
		var back []byte
		var err, backErr error
		if v.Op == "dumps" {
			o := r.options(signing.Options{Key: string(v.Key), Salt: v.Salt, Compress: v.Compress, Now: v.now})
			got, err = signing.Dumps(*v.Payload, o)
			back, backErr = signing.Loads(v.Encoded, o)
		} else {
			var s signer
			if s, err = v.newSigner(r); err == nil {
				got = s.SignObject(*v.Payload)
				back, backErr = s.UnsignObject(v.Encoded)
			}
		}
		if err != nil || backErr != nil || string(back) != string(*v.Payload) {
			t.Fatalf("read back %q, %v, %v; want %q", back, err, backErr, *v.Payload)
		}
		// Two compressors produce the same bytes only by chance.
		if !v.Compressed && !strings.HasPrefix(got, ".") && got != v.Encoded {
			t.Errorf("got %q, want %q", got, v.Encoded)
		}
	}, "dumps", "sign_object")
}

func TestDjangoLoads(t *testing.T) {
	t.Parallel()
	check := func(t *testing.T, r release, v *vector) {
		o := signing.Options{Key: string(v.Key), Salt: v.Salt, Now: v.now}
		if v.Settings.SecretKey != "" {
			o.Key, o.FallbackKeys = string(v.Settings.SecretKey), texts(v.Settings.Fallbacks)
		}
		o = r.options(o)
		data, err := signing.Loads(v.Encoded, o)
		if v.MaxAge != nil {
			data, err = signing.LoadsMaxAge(v.Encoded, v.maxAge(), o)
		}
		switch {
		case v.Expect == "bad_serialization": // not decided by this package
			if err != nil {
				t.Errorf("error %v", err)
			}
		case v.Expect != "ok":
			v.wantRefusal(t, err)
		case err != nil:
			t.Errorf("error %v", err)
		case v.Payload != nil && string(data) != string(*v.Payload):
			t.Errorf("got %q, want %q", data, *v.Payload)
		case v.Payload == nil && !json.Valid(data):
			t.Errorf("got %q, which Django reads as JSON", data)
		}
	}
	forEach(t, "payloads", check, "loads")
	forEach(t, "rotation", check, "loads")
}

func TestDjangosCookies(t *testing.T) {
	t.Parallel()
	forEach(t, "cookies", func(t *testing.T, r release, v *vector) {
		o := r.options(signing.Options{
			Key: string(v.Settings.SecretKey), FallbackKeys: texts(v.Settings.Fallbacks), Salt: v.Salt, Now: v.now,
		})
		if v.Op == "cookie_signer" {
			s, err := signing.NewCookieSigner(o)
			if err != nil {
				t.Fatal(err)
			}
			if got := s.Sign(v.text(t)); got != v.Signed {
				t.Errorf("signed %q, want %q", got, v.Signed)
			}
			return
		}
		old := r.name == "2.2" || r.name == "3.2" || r.name == "4.2"
		c, err := signing.NewSignedCookie(v.CookieName, signing.CookieOptions{
			Options: o, WriteLegacySalt: old, AcceptLegacySalt: v.Settings.LegacyFallback,
		})
		if err != nil {
			t.Fatal(err)
		}
		if v.Op == "set_signed_cookie" {
			if got := c.Sign(v.text(t)); got != v.Cookie {
				t.Errorf("signed %q, want %q", got, v.Cookie)
			}
			return
		}
		got, err := c.Unsign(v.Cookie)
		if v.MaxAge != nil {
			got, err = c.UnsignMaxAge(v.Cookie, v.maxAge())
		}
		if v.Expect != "ok" {
			v.wantRefusal(t, err)
			return
		}
		if want := v.text(t); err != nil || got != want {
			t.Errorf("got %q, %v; want %q", got, err, want)
		}
	}, "cookie_signer", "set_signed_cookie", "get_signed_cookie")
}
