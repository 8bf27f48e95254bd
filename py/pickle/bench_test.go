package pickle

import (
	_ "embed"
	"strings"
	"testing"
)

// mixed is a session with a cart of 20 items with a Decimal each, a datetime, a set and a
// UUID, pickled by CPython with protocol 5; see testdata/generate.py.
//
//go:embed testdata/mixed.pickle
var mixed []byte

func BenchmarkLoadsLoginSession(b *testing.B) {
	data := "\x80\x04\x95\x00\x00\x00\x00\x00\x00\x00\x00}\x94(\x8c\x0d_auth_user_id\x94\x8c\x011\x94\x8c\x12_auth_user_backend\x94\x8c\x29django.contrib.auth.backends.ModelBackend\x94\x8c\x0f_auth_user_hash\x94\x8c\x40" + strings.Repeat("a", 64) + "\x94u."
	b.ReportAllocs()
	for b.Loop() {
		if _, err := LoadsString(data); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkLoadsMixedSession(b *testing.B) {
	data := string(mixed)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := LoadsString(data); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDumpsMixedSession(b *testing.B) {
	v, err := Loads(mixed)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Dumps(v, 5); err != nil {
			b.Fatal(err)
		}
	}
}
