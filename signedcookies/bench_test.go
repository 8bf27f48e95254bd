package signedcookies_test

import (
	"testing"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/py"
	"github.com/djangobridge/djangobridge/signedcookies"
)

// BenchmarkEngine compares loads and saves with the codec alone.
func BenchmarkEngine(b *testing.B) {
	s := djangosession.NewSettings("test-secret-key")
	s.SessionEngine = cookieEngine
	engine, err := signedcookies.New(s, signedcookies.Options{})
	if err != nil {
		b.Fatal(err)
	}
	codec, err := djangosession.NewCookieCodec(s)
	if err != nil {
		b.Fatal(err)
	}
	d := py.NewDict(3)
	d.Set("_auth_user_id", "1")
	d.Set("_auth_user_backend", "django.contrib.auth.backends.ModelBackend")
	d.Set("_auth_user_hash", "1aa43c4b8f7ce58ef45ac9bf7cbfd97dcf7672c9ac6c5b20d846c3813b9d386c")
	token, err := codec.Encode(d)
	if err != nil {
		b.Fatal(err)
	}
	for name, do := range map[string]func() error{
		"load":   func() error { _, err := engine.Load(b.Context(), token); return err },
		"decode": func() error { _, err := codec.DecodeMaxAge(token, s.SessionCookieAge); return err },
		"save":   func() error { return engine.Save(b.Context(), &djangosession.Record{Data: d}) },
		"encode": func() error { _, err := codec.Encode(d); return err },
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := do(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
