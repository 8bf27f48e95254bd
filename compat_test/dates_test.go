package compat_test

import (
	"fmt"
	"testing"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/py"
)

// TestDatesThroughTheYear shares dates around the changes of the clock, to the
// microsecond.
func TestDatesThroughTheYear(t *testing.T) {
	t.Parallel()
	for _, release := range releases() {
		if release < "4.1" {
			continue // the JSON serializer has no form for dates
		}
		for _, product := range databases() {
			for _, useTZ := range []bool{true, false} {
				t.Run(fmt.Sprintf("%s/%s/USE_TZ=%v", release, product, useTZ), func(t *testing.T) {
					t.Parallel()
					p := newPair(t, release, newDatabase(t, product), func(s *djangosession.Settings) {
						s.UseTZ, s.TimeZone = useTZ, "Europe/Berlin"
					})
					s := p.sessions.New()
					save(t, s)
					for _, wall := range []string{
						"2090-01-15T12:00:00.000001", "2090-03-26T01:59:59.999999", "2090-03-26T02:30:00", "2090-03-26T03:00:00",
						"2090-10-29T01:59:59.5", "2090-10-29T02:30:00.123456", "2090-10-29T03:00:00", "2090-07-01T00:00:00",
					} {
						if useTZ {
							wall += "+00:00"
						}
						p.django.do(t, "set_expiry", map[string]any{"key": s.Key(), "date": wall})
						theirs := p.row(t, s.Key())
						again := p.load(t, s.Key())
						again.Set("touched", wall)
						save(t, again) // the same date, written by Go
						if ours := p.row(t, s.Key()); ours != theirs {
							t.Errorf("%s: Go stores %s, Django %s", wall, ours, theirs)
						}
					}
				})
			}
		}
	}
}

// row is the date of a row as Django reads it.
func (p *pair) row(t *testing.T, key string) string {
	t.Helper()
	var rows []map[string]string
	if err := py.Scan(p.django.do(t, "rows", nil), &rows, nil); err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		if row["session_key"] == key {
			return row["expire_date"]
		}
	}
	t.Fatal("the row is not there")
	return ""
}
