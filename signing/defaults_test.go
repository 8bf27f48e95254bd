package signing_test

import (
	"encoding/base64"
	"errors"
	"math"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/signing"
)

// The expected texts in this file were written by Django 5.2.19.

func at(second int64) func() time.Time { return func() time.Time { return time.Unix(second, 0) } }

func base64url(data []byte) string { return base64.RawURLEncoding.EncodeToString(data) }

// TestDefaultSaltsAreDjangos checks every default that separates signatures made with one
// key.
func TestDefaultSaltsAreDjangos(t *testing.T) {
	t.Parallel()
	o := signing.Options{Key: "secret", Now: at(1700000000)}
	plain, err := signing.NewSigner(o)
	timed, timedErr := signing.NewTimestampSigner(o)
	cookies, cookiesErr := signing.NewCookieSigner(o)
	salted := o
	salted.Salt = "salt"
	saltedCookies, saltedErr := signing.NewCookieSigner(salted)
	dumped, dumpErr := signing.Dumps([]byte(`{"a":1}`), o)
	if err := errors.Join(err, timedErr, cookiesErr, saltedErr, dumpErr); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ name, got, want string }{
		{"Signer", plain.Sign("value"), "value:cRNmgQlAEQf3EnM2lXHLYWUUYLJbHw-Zp9UtkvPpszQ"},
		{"Signer.Signature", plain.Signature("value"), "cRNmgQlAEQf3EnM2lXHLYWUUYLJbHw-Zp9UtkvPpszQ"},
		{"Signer.SignObject", plain.SignObject([]byte(`{"a":1}`)), "eyJhIjoxfQ:a5FJCtAxMZZnpeR0_O3tFrSeF-6b53ylAK1waEVQkAI"},
		{"TimestampSigner", timed.Sign("value"), "value:1r31eq:QXc8FgMEGsJugoAtbxbnSLn-RwqmVkvLV6D0ZXWtmZ8"},
		{"TimestampSigner.Signature", timed.Signature("value:1r31wK"), "GbCeVO_TgzgTWt2bDDHloey7t8E2dcOVVEA_aA9nTrA"},
		{"TimestampSigner.Timestamp", timed.Timestamp(), "1r31eq"},
		{
			"TimestampSigner.SignObject", timed.SignObject([]byte(`{"a":1}`)),
			"eyJhIjoxfQ:1r31eq:iiNbnFkwNC0--9qwM9VlS5QbjO01TThPqInuJVLAHoA",
		},
		{"Dumps", dumped, "eyJhIjoxfQ:1r31eq:I6FHvRuDt1QvhGrC5_GTBgUKxFXLKQmzsPKrgrC89_U"},
		{"CookieSigner", cookies.Sign("value"), "value:1r31eq:tSCSxN-Sh5St2SeeZ5mGxzBL4iIpiiM7UEhz6R_OoE0"},
		{"CookieSigner with a salt", saltedCookies.Sign("value"), "value:1r31eq:qGgq8CoKbAV1cFZzTU68SnCm_nsiLWIwlmlnizBS6dk"},
	} {
		if test.got != test.want {
			t.Errorf("%s: %q, want %q", test.name, test.got, test.want)
		}
	}
	when, err := timed.SignedAt("value:1r31eq:QXc8FgMEGsJugoAtbxbnSLn-RwqmVkvLV6D0ZXWtmZ8")
	if err != nil || !when.Equal(time.Unix(1700000000, 0)) || when.Location() != time.UTC {
		t.Errorf("signed at %v, %v", when, err)
	}
}

// TestTimestampsAreCutTowardsZero expects the results of Python's int() for fractional
// times.
func TestTimestampsAreCutTowardsZero(t *testing.T) {
	t.Parallel()
	for want, now := range map[string]time.Time{
		"-1": time.Unix(-2, 1), "-3": time.Unix(-4, 5e8), "-2": time.Unix(-2, 0), "0": time.Unix(0, 5e8),
	} {
		s, err := signing.NewTimestampSigner(signing.Options{Key: "k", Now: func() time.Time { return now }})
		if err != nil {
			t.Fatal(err)
		}
		if got := s.Timestamp(); got != want {
			t.Errorf("%v: %q, want %q", now, got, want)
		}
	}
}

// TestClockIsTheSystemsByDefault sets no clock in the options.
func TestClockIsTheSystemsByDefault(t *testing.T) {
	t.Parallel()
	s, err := signing.NewTimestampSigner(signing.Options{Key: "k"})
	if err != nil {
		t.Fatal(err)
	}
	when, err := s.SignedAt(s.Sign("value"))
	if age := time.Since(when); err != nil || age < 0 || age > time.Minute {
		t.Errorf("signed %v ago, %v", age, err)
	}
}

func TestSeparatorsMayBeLonger(t *testing.T) {
	t.Parallel()
	s, err := signing.NewSigner(signing.Options{Key: "secret", Sep: "::"})
	if err != nil {
		t.Fatal(err)
	}
	const signed = "v::IhTbKS_nnoONi2XY1MZzVSzBtTWJJ1KvxKdG2Y4xKXY"
	if got := s.Sign("v"); got != signed {
		t.Errorf("signed %q", got)
	}
	if got, err := s.Unsign(signed); err != nil || got != "v" {
		t.Errorf("unsigned %q, %v", got, err)
	}
}

// TestSeparatorsOfOneByteAreDjangos tries all of ASCII. Django refuses the characters
// that its signatures can contain, and the six between the capital and the small letters.
func TestSeparatorsOfOneByteAreDjangos(t *testing.T) {
	t.Parallel()
	const unsafe = "\n-0123456789=ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz"
	for c := range byte(128) {
		_, err := signing.NewSigner(signing.Options{Key: "secret", Sep: string(rune(c))})
		if refused := errors.Is(err, signing.ErrSeparator); refused != strings.ContainsRune(unsafe, rune(c)) {
			t.Errorf("%q: error %v", c, err)
		}
	}
}

func TestBase62HasNoOtherDigits(t *testing.T) {
	t.Parallel()
	const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	for c := range 256 {
		text := string([]byte{byte(c)})
		got, err := signing.B62Decode(text)
		want := int64(strings.IndexByte(digits, byte(c)))
		if text == "-" {
			want = 0 // Django reads a lone minus as 0
		}
		if want < 0 && (!errors.Is(err, strconv.ErrSyntax) || got != 0) || want >= 0 && (err != nil || got != want) {
			t.Errorf("%q: %d, %v", text, got, err)
		}
	}
}

func TestBase62EndsWithInt64(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		text string
		want int64
		err  error
	}{
		{text: "AzL8n0Y58m7", want: math.MaxInt64},
		{text: "AzL8n0Y58m8", want: math.MaxInt64, err: strconv.ErrRange},
		{text: "-AzL8n0Y58m8", want: math.MinInt64},
		{text: "-AzL8n0Y58m9", want: math.MinInt64, err: strconv.ErrRange},
		{text: strings.Repeat("z", 100), want: math.MaxInt64, err: strconv.ErrRange},
		{text: "AzL8n0Y58m80", want: math.MaxInt64, err: strconv.ErrRange},
		{text: "-0", want: 0},
		{text: "-1", want: -1},
		{text: "00z", want: 61},
		{text: "", err: strconv.ErrSyntax},
		{text: "--1", err: strconv.ErrSyntax},
		{text: "1-", err: strconv.ErrSyntax},
	} {
		got, err := signing.B62Decode(test.text)
		if got != test.want || !errors.Is(err, test.err) {
			t.Errorf("%q: %d, %v; want %d, %v", test.text, got, err, test.want, test.err)
		}
	}
}
