package signing_test

import (
	"errors"
	"fmt"
	"time"

	"github.com/djangobridge/djangobridge/signing"
)

func ExampleTimestampSigner() {
	signer, err := signing.NewTimestampSigner(signing.Options{
		Key: "test-secret-key",
		Now: func() time.Time { return time.Unix(1700000000, 0) },
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	signed := signer.Sign("hello")
	fmt.Println(signed)
	value, err := signer.UnsignMaxAge(signed, time.Hour)
	fmt.Println(value, err)
	// Output:
	// hello:1r31eq:bI-reVCgAQqA6NH_MVUY791PTRb9Mb2fwN5bTx1JFV0
	// hello <nil>
}

func ExampleLoads() {
	signed := "eyJhIjoxfQ:1r31eq:kmKJ58BuWZwTcnsGz2rX1Jis7G9EYc9E_xzye2nkyDY" // django.core.signing.dumps({"a": 1})
	data, err := signing.Loads(signed, signing.Options{Key: "test-secret-key"})
	fmt.Println(string(data), err)

	_, err = signing.Loads(signed, signing.Options{Key: "another key"})
	fmt.Println(err, errors.Is(err, signing.ErrBadSignature))
	// Output:
	// {"a":1} <nil>
	// signing: bad signature true
}

func ExampleSignedCookie() {
	cookie, err := signing.NewSignedCookie("foo", signing.CookieOptions{
		Options: signing.Options{Key: "test-secret-key", Salt: "s"},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	// Written by response.set_signed_cookie("foo", "bar", salt="s").
	fmt.Println(cookie.Unsign("bar:1r31eq:_BLssNoK9VyxXIZo1BH-94S9l1Yw_RURTOWayPueIAo"))
	// Output: bar <nil>
}
