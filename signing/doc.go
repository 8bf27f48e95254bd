// Package signing signs and verifies text as django.core.signing does. It verifies
// everything that Django signs, and Django verifies everything that it signs.
//
// # Contents
//
// [Signer] and [TimestampSigner] are the Django classes of those names. [Dumps] and
// [Loads] are Django's functions for objects. [NewCookieSigner] and [SignedCookie] are
// its signed cookies. [SaltedHMAC], [HMAC] and [B62Encode] are the building blocks.
//
// # Objects
//
// Where Django takes an object and a serializer, this package takes the bytes that the
// serializer produced. For Django's own JSONSerializer, write them with pyjson.Dumps and
// read them with pyjson.Loads. Do not use encoding/json: it leaves text outside ASCII
// unescaped, which Django then reads as Latin-1, and it prints floats as integers.
//
// # Releases
//
// By default everything works as in Django 4.0 and later. Options select older behaviour:
// Options.Algorithm = SHA1 is Django before 3.1, Options.AcceptSHA1 is 3.1 and 3.2, and
// CookieOptions.WriteLegacySalt is before 5.2.15. A key that signs in one release
// verifies in all releases that use the same algorithm.
//
// # Refusals
//
// Text that is refused gives a [*DecodeError] with the reason. Django raises exceptions
// of several classes in these cases; [ErrBadSignature] matches those that are a
// BadSignature. A valid signature proves that its author had the key. It does not prove
// when it was made (use a maximum age) or for which user.
package signing
