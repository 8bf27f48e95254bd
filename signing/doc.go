// Package signing signs and verifies text as django.core.signing does: whatever Django signs, this package verifies, and
// the other way round.
//
// # What there is
//
// [Signer] and [TimestampSigner] are Django's classes of those names. [Dumps] and [Loads] are its functions for objects,
// [NewCookieSigner] and [SignedCookie] its signed cookies, [SaltedHMAC], [HMAC] and [B62Encode] what all of that is made of.
//
// # Objects
//
// Where Django takes an object and a serializer, this package takes the bytes that the serializer made. For Django's own
// JSONSerializer make them with pyjson.Dumps and read them with pyjson.Loads: encoding/json writes text outside ASCII as
// it is, which Django then reads as Latin-1, and prints floats as integers.
//
// # Releases
//
// Everything is as Django has it since 4.0, unless an option says otherwise: Options.Algorithm = SHA1 is Django before 3.1,
// Options.AcceptSHA1 is 3.1 and 3.2, CookieOptions.WriteLegacySalt is before 5.2.15. A key that signs in one release
// verifies in all that use the same algorithm.
//
// # Refusals
//
// Text that is not accepted gives a [*DecodeError] that says why. Django raises exceptions of many classes there; those that
// are a BadSignature match [ErrBadSignature]. A signature that matches proves that whoever made it had the key, and nothing
// about when (use a maximum age) or for which user.
package signing
