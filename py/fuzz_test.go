package py_test

import (
	"testing"

	"github.com/djangobridge/djangobridge/py"
)

// FuzzISOFormat checks that the ISO form of every parsed text parses as the same value.
func FuzzISOFormat(f *testing.F) {
	for _, text := range []string{
		"2023-11-14", "2023-11-14T22:13:20.500005+00:00", "20231114T221320Z", "2023-W46-2", "2023W462", "2023-11-14é10", "2023-11-14 10:00-23:59:59.9",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		d, err := py.ParseISOFormat(text)
		if err != nil {
			return
		}
		if y := d.Time.UTC().Year(); y < 1 || y > 9999 { // an offset may lead out of the supported years
			return
		}
		again, err := py.ParseISOFormat(d.ISOFormat())
		if err != nil || !again.Time.Equal(d.Time) || again.Naive != d.Naive {
			t.Fatalf("%q is %s, which is read as %v, %v", text, d.ISOFormat(), again, err)
		}
	})
}
