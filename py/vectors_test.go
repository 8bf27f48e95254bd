package py_test

import (
	"encoding/json"
	"regexp"
	"testing"

	"github.com/djangobridge/djangobridge/fixtures"
	"github.com/djangobridge/djangobridge/py"
)

func TestISOFormatIsPythons(t *testing.T) {
	t.Parallel()
	fractionalOffset := regexp.MustCompile(`[+-]\d\d:\d\d:\d\d\.\d+$`)
	type vector struct {
		Name, Expect, Text string
		Value              struct {
			DateTime string `json:"$datetime"`
		}
	}
	file, err := fixtures.Read[vector]("isoformat.json")
	if err != nil {
		t.Fatal(err)
	}
	if len(file.Cases) < 100 {
		t.Fatalf("only %d cases", len(file.Cases))
	}
	for _, v := range file.Cases {
		d, err := py.ParseISOFormat(v.Text)
		switch {
		case (err == nil) != (v.Expect == "ok"):
			t.Errorf("%q: error %v, want %s", v.Text, err, v.Expect)
		case fractionalOffset.MatchString(v.Value.DateTime):
			// An offset with a fraction of a second, which Go's zones lack.
		case err == nil && d.ISOFormat() != v.Value.DateTime:
			t.Errorf("%q is %s, want %s", v.Text, d.ISOFormat(), v.Value.DateTime)
		}
	}
}

// TestClockChanges has readings that occurred twice or never. The moments are those of
// zoneinfo.
func TestClockChanges(t *testing.T) {
	t.Parallel()
	var cases []struct {
		Zone string `json:"zone"`
		Wall string `json:"wall"`
		UTC  string `json:"utc"`
		Fold bool   `json:"fold"`
	}
	if err := json.Unmarshal([]byte(clockChanges), &cases); err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		d, err := py.ParseISOFormat(c.Wall)
		if err != nil {
			t.Fatal(err)
		}
		d.Fold = c.Fold
		got := py.DateTime{Time: d.In(location(t, c.Zone)).UTC()}.ISOFormat()
		if got != c.UTC {
			t.Errorf("%s in %s (fold %v) is %s, want %s", c.Wall, c.Zone, c.Fold, got, c.UTC)
		}
	}
}
