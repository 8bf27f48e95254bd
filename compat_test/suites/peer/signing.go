package main

import (
	"time"

	"github.com/djangobridge/djangobridge/py"
	"github.com/djangobridge/djangobridge/py/pyjson"
	"github.com/djangobridge/djangobridge/signing"
)

// signing performs the operations of django.core.signing.
func (p *peer) signing(op string, a *args) (any, error) {
	switch op {
	case "b62_encode":
		return signing.B62Encode(get[int64](a, "number")), nil
	case "b62_decode":
		return signing.B62Decode(a.text("text"))
	}
	options := signing.Options{
		Key: a.bytes("key"), FallbackKeys: a.keys("fallbacks"), Salt: a.text("salt"),
		Now: func() time.Time { return p.clock },
	}
	switch op {
	case "dumps":
		data, err := object(a)
		if err != nil {
			return nil, err
		}
		options.Compress = get[bool](a, "compress")
		return signing.Dumps(data, options)
	case "loads":
		if a.has("max_age") {
			return loaded(a)(signing.LoadsMaxAge(a.text("text"), maxAge(a), options))
		}
		return loaded(a)(signing.Loads(a.text("text"), options))
	}
	options.Algorithm = a.text("algorithm")
	options.Compress = op == "sign_object" && get[bool](a, "compress")
	if options.Sep = a.text("sep"); options.Sep == "" {
		return nil, signing.ErrSeparator // in Go the zero value means the default
	}
	if a.text("signer") == "TimestampSigner" {
		s, err := signing.NewTimestampSigner(options)
		if err != nil {
			return nil, err
		}
		return withTimestamp(s, op, a)
	}
	s, err := signing.NewSigner(options)
	if err != nil {
		return nil, err
	}
	return with(s, op, a)
}

// signer is the common interface of both signers.
type signer interface {
	Signature(value string) string
	Sign(value string) string
	Unsign(signed string) (string, error)
	SignObject(data []byte) string
	UnsignObject(signed string) ([]byte, error)
}

func with(s signer, op string, a *args) (any, error) {
	switch op {
	case "check":
		return nil, nil // the signer was created, and that is all
	case "signature":
		return s.Signature(a.bytes("value")), nil
	case "sign":
		return s.Sign(a.text("value")), nil
	case "unsign":
		return s.Unsign(a.text("text"))
	case "sign_object":
		data, err := object(a)
		if err != nil {
			return nil, err
		}
		return s.SignObject(data), nil
	case "unsign_object":
		return loaded(a)(s.UnsignObject(a.text("text")))
	}
	return nil, errUnknownOp
}

func withTimestamp(s *signing.TimestampSigner, op string, a *args) (any, error) {
	switch {
	case op == "timestamp":
		return s.Timestamp(), nil
	case op == "unsign" && a.has("max_age"):
		return s.UnsignMaxAge(a.text("text"), maxAge(a))
	case op == "unsign_object" && a.has("max_age"):
		return loaded(a)(s.UnsignObjectMaxAge(a.text("text"), maxAge(a)))
	}
	return with(s, op, a)
}

func maxAge(a *args) time.Duration {
	return time.Duration(get[int64](a, "max_age")) * time.Microsecond
}

// object returns the object to sign in serialized form, as a Python serializer wrote it
// or as JSON.
func object(a *args) ([]byte, error) {
	if a.has("data") {
		return []byte(get[py.Bytes](a, "data")), nil
	}
	return pyjson.Dumps(a.value("value"))
}

// loaded returns a function for signed data. It returns bytes for a Python serializer,
// and otherwise reads the data as JSON.
func loaded(a *args) func(data []byte, err error) (any, error) {
	return func(data []byte, err error) (any, error) {
		switch {
		case err != nil:
			return nil, err
		case get[bool](a, "raw"):
			return py.Bytes(data), nil
		}
		v, err := pyjson.Loads(data)
		if err != nil {
			return nil, &signing.DecodeError{Reason: signing.BadSerialization, Err: err}
		}
		return v, nil
	}
}

// cookie performs set_signed_cookie and get_signed_cookie.
func (p *peer) cookie(op string, o *order, a *args) (any, error) {
	settings, err := p.sites.settings(o.Site)
	if err != nil {
		return nil, err
	}
	c, err := settings.SignedCookie(a.text("name"), a.text("salt"))
	if err != nil {
		return nil, err
	}
	switch {
	case op == "sign":
		return c.Sign(a.text("value")), nil
	case op == "unsign" && a.has("max_age"):
		return c.UnsignMaxAge(a.text("text"), maxAge(a))
	case op == "unsign":
		return c.Unsign(a.text("text"))
	}
	return nil, errUnknownOp
}
