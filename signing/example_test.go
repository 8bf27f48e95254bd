package signing_test

import (
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/djangobridge/djangobridge/py"
	"github.com/djangobridge/djangobridge/py/pyjson"
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

// A link that Django can verify for one hour with
// TimestampSigner(salt="shop.links").unsign(text, max_age=3600), and the other way round.
func ExampleTimestampSigner_UnsignMaxAge() {
	now := time.Unix(1700000000, 0)
	signer, err := signing.NewTimestampSigner(signing.Options{
		Key: "test-secret-key", Salt: "shop.links", Now: func() time.Time { return now },
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	link := signer.Sign("order-17")
	fmt.Println("/orders/?token=" + link)

	now = now.Add(2 * time.Hour)
	_, err = signer.UnsignMaxAge(link, time.Hour)
	if refused, ok := errors.AsType[*signing.DecodeError](err); ok && refused.Reason == signing.SignatureExpired {
		fmt.Println("this link has expired")
	}
	// Output:
	// /orders/?token=order-17:1r31eq:89GFLp0zH_Z7jzHrbBJqF53O7WPp2xGK8VxRLBb1PNE
	// this link has expired
}

// A value for django.core.signing.loads(text, salt="shop.links").
func ExampleDumps() {
	value := py.NewDict(1)
	value.Set("order", int64(17))
	data, err := pyjson.Dumps(value)
	if err != nil {
		fmt.Println(err)
		return
	}
	o := signing.Options{Key: "test-secret-key", Salt: "shop.links", Compress: true}
	text, err := signing.Dumps(data, o)
	if err != nil {
		fmt.Println(err)
		return
	}
	back, err := signing.LoadsMaxAge(text, time.Minute, o)
	fmt.Println(string(back), err)
	// Output: {"order":17} <nil>
}

// The digest is that of salted_hmac("shop.cache", "cart:17", algorithm="sha256").
func ExampleSaltedHMAC() {
	digest, err := signing.SaltedHMAC("cart:17", signing.HMACOptions{
		KeySalt: "shop.cache", Secret: "test-secret-key", Algorithm: signing.SHA256,
	})
	fmt.Println(hex.EncodeToString(digest), err)
	// Output: 3a704d3b07f2b49117022bb14483adb1281426a6cf8adb32096ce861082c5bb5 <nil>
}
