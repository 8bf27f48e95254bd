package pyjson

import (
	"fmt"
	"strings"
	"testing"

	"github.com/djangobridge/djangobridge/py"
)

const login = `{"_auth_user_id":"42","_auth_user_backend":"django.contrib.auth.backends.ModelBackend",` +
	`"_auth_user_hash":"5d4f1a0c9b7e3d2f6a8b1c0e9d7f5a3b2c4e6d8f0a1b3c5d7e9f1a2b4c6d8e0f"}`

// sessions are a login and two carts, of about 170 bytes, 2 KB and 20 KB.
func sessions() map[string][]byte {
	cart := func(items int) []byte {
		var b strings.Builder
		b.WriteString(strings.TrimSuffix(login, "}") + `,"_session_expiry":1209600,"cart":{"items":[`)
		for i := range items {
			if i > 0 {
				b.WriteByte(',')
			}
			fmt.Fprintf(&b, `{"sku":"SKU-%05d","title":"Espresso cups, set of %d \u2013 caf\u00e9 blue","quantity":%d,"price":%d.95,`+
				`"gift":%t,"note":null}`, i*37, i%6+1, i%4+1, 10+i, i%3 == 0)
		}
		b.WriteString(`],"currency":"EUR"},"recently_viewed":[101,2002,30003,404,5005],"locale":"de-at","_csrftoken":"` +
			strings.Repeat("aB3", 10) + `"}`)
		return []byte(b.String())
	}
	return map[string][]byte{"login": []byte(login), "2KB": cart(14), "20KB": cart(160)}
}

// benchmark measures the function that prepare returns for each session.
func benchmark(b *testing.B, prepare func(data []byte) func() error) {
	b.Helper()
	all := sessions()
	for _, name := range []string{"login", "2KB", "20KB"} {
		b.Run(name, func(b *testing.B) {
			run := prepare(all[name])
			b.SetBytes(int64(len(all[name])))
			b.ReportAllocs()
			for b.Loop() {
				if err := run(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkScan is the minimum cost of LoadsDict: it checks every byte and builds
// nothing.
func BenchmarkScan(b *testing.B) {
	benchmark(b, func(data []byte) func() error {
		s := string(data)
		return func() error {
			if _, err := scanText(s); err != nil {
				return err
			}
			return nil
		}
	})
}

func BenchmarkLoadsDict(b *testing.B) {
	benchmark(b, func(data []byte) func() error {
		return func() error {
			_, err := LoadsDict(data)
			return err
		}
	})
}

func BenchmarkLoads(b *testing.B) {
	benchmark(b, func(data []byte) func() error {
		return func() error {
			_, err := Loads(data)
			return err
		}
	})
}

// BenchmarkDumpsUntouched writes a session as LoadsDict reads it. BenchmarkDumps writes
// one with all values built.
func BenchmarkDumpsUntouched(b *testing.B) {
	benchmark(b, func(data []byte) func() error {
		d, _ := LoadsDict(data)
		return func() error {
			_, err := Dumps(d)
			return err
		}
	})
}

func BenchmarkDumps(b *testing.B) {
	benchmark(b, func(data []byte) func() error {
		v, _ := Loads(data)
		return func() error {
			_, err := Dumps(v)
			return err
		}
	})
}

// BenchmarkResolve builds all values of a session after LoadsDict.
func BenchmarkResolve(b *testing.B) {
	benchmark(b, func(data []byte) func() error {
		d, _ := LoadsDict(data)
		return func() error {
			for _, v := range d.All() {
				py.Resolve(v)
			}
			return nil
		}
	})
}
