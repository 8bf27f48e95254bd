package djangosession_test

import (
	"fmt"
	"testing"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/py"
)

// benchSessions returns a session after a login, and carts of about 2 and 20 KB.
func benchSessions(b *testing.B) map[string]*py.Dict {
	b.Helper()
	login := func() *py.Dict {
		d := py.NewDict(4)
		d.Set("_auth_user_id", "1")
		d.Set("_auth_user_backend", "django.contrib.auth.backends.ModelBackend")
		d.Set("_auth_user_hash", "1aa43c4b8f7ce58ef45ac9bf7cbfd97dcf7672c9ac6c5b20d846c3813b9d386c")
		return d
	}
	cart := func(n int) *py.Dict {
		d := login()
		items := py.NewList()
		for i := range n {
			item := py.NewDict(4)
			item.Set("sku", fmt.Sprintf("SKU-%05d", i*7919%100000))
			item.Set("name", fmt.Sprintf("Article nümber %d", i))
			item.Set("qty", int64(i%5+1))
			item.Set("price", float64(i)*1.25+0.99)
			items.Items = append(items.Items, item)
		}
		d.Set("cart", items)
		return d
	}
	return map[string]*py.Dict{"login": login(), "2KB": cart(22), "20KB": cart(240)}
}

func BenchmarkDecode(b *testing.B) {
	codec, err := djangosession.NewCodec(djangosession.NewSettings("bench-secret-key"))
	must(err)
	for name, d := range benchSessions(b) {
		text, err := codec.Encode(d)
		must(err)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := codec.Decode(text); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkEncode(b *testing.B) {
	codec, err := djangosession.NewCodec(djangosession.NewSettings("bench-secret-key"))
	must(err)
	for name, d := range benchSessions(b) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := codec.Encode(d); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
