package py_test

import (
	"testing"
	"time"
)

func location(t *testing.T, name string) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

// clockChanges was made with Python:
// datetime.fromisoformat(wall).replace(tzinfo=ZoneInfo(zone), fold=fold)
// .astimezone(timezone.utc).isoformat().
const clockChanges = `[
	{"zone": "America/Chicago", "wall": "2023-03-12T01:59:59.999999", "fold": false, "utc": "2023-03-12T07:59:59.999999+00:00"},
	{"zone": "America/Chicago", "wall": "2023-03-12T01:59:59.999999", "fold": true, "utc": "2023-03-12T07:59:59.999999+00:00"},
	{"zone": "America/Chicago", "wall": "2023-03-12T02:30:00", "fold": false, "utc": "2023-03-12T08:30:00+00:00"},
	{"zone": "America/Chicago", "wall": "2023-03-12T02:30:00", "fold": true, "utc": "2023-03-12T07:30:00+00:00"},
	{"zone": "America/Chicago", "wall": "2023-03-12T03:00:00", "fold": false, "utc": "2023-03-12T08:00:00+00:00"},
	{"zone": "America/Chicago", "wall": "2023-03-12T03:00:00", "fold": true, "utc": "2023-03-12T08:00:00+00:00"},
	{"zone": "America/Chicago", "wall": "2023-11-05T00:59:59", "fold": false, "utc": "2023-11-05T05:59:59+00:00"},
	{"zone": "America/Chicago", "wall": "2023-11-05T00:59:59", "fold": true, "utc": "2023-11-05T05:59:59+00:00"},
	{"zone": "America/Chicago", "wall": "2023-11-05T01:00:00", "fold": false, "utc": "2023-11-05T06:00:00+00:00"},
	{"zone": "America/Chicago", "wall": "2023-11-05T01:00:00", "fold": true, "utc": "2023-11-05T07:00:00+00:00"},
	{"zone": "America/Chicago", "wall": "2023-11-05T01:30:00", "fold": false, "utc": "2023-11-05T06:30:00+00:00"},
	{"zone": "America/Chicago", "wall": "2023-11-05T01:30:00", "fold": true, "utc": "2023-11-05T07:30:00+00:00"},
	{"zone": "America/Chicago", "wall": "2023-11-05T02:00:00", "fold": false, "utc": "2023-11-05T08:00:00+00:00"},
	{"zone": "America/Chicago", "wall": "2023-11-05T02:00:00", "fold": true, "utc": "2023-11-05T08:00:00+00:00"},
	{"zone": "Europe/Berlin", "wall": "2023-03-26T02:30:00", "fold": false, "utc": "2023-03-26T01:30:00+00:00"},
	{"zone": "Europe/Berlin", "wall": "2023-03-26T02:30:00", "fold": true, "utc": "2023-03-26T00:30:00+00:00"},
	{"zone": "Europe/Berlin", "wall": "2023-10-29T02:30:00", "fold": false, "utc": "2023-10-29T00:30:00+00:00"},
	{"zone": "Europe/Berlin", "wall": "2023-10-29T02:30:00", "fold": true, "utc": "2023-10-29T01:30:00+00:00"},
	{"zone": "Europe/Berlin", "wall": "2023-10-29T03:00:00", "fold": false, "utc": "2023-10-29T02:00:00+00:00"},
	{"zone": "Europe/Berlin", "wall": "2023-10-29T03:00:00", "fold": true, "utc": "2023-10-29T02:00:00+00:00"},
	{"zone": "Australia/Lord_Howe", "wall": "2023-04-02T01:45:00", "fold": false, "utc": "2023-04-01T14:45:00+00:00"},
	{"zone": "Australia/Lord_Howe", "wall": "2023-04-02T01:45:00", "fold": true, "utc": "2023-04-01T15:15:00+00:00"},
	{"zone": "Australia/Lord_Howe", "wall": "2023-10-01T02:15:00", "fold": false, "utc": "2023-09-30T15:45:00+00:00"},
	{"zone": "Australia/Lord_Howe", "wall": "2023-10-01T02:15:00", "fold": true, "utc": "2023-09-30T15:15:00+00:00"},
	{"zone": "Asia/Kathmandu", "wall": "2023-11-14T12:00:00", "fold": false, "utc": "2023-11-14T06:15:00+00:00"},
	{"zone": "Asia/Kathmandu", "wall": "2023-11-14T12:00:00", "fold": true, "utc": "2023-11-14T06:15:00+00:00"},
	{"zone": "Africa/Casablanca", "wall": "2023-03-19T02:30:00", "fold": false, "utc": "2023-03-19T01:30:00+00:00"},
	{"zone": "Africa/Casablanca", "wall": "2023-03-19T02:30:00", "fold": true, "utc": "2023-03-19T02:30:00+00:00"},
	{"zone": "Africa/Casablanca", "wall": "2023-04-23T02:30:00", "fold": false, "utc": "2023-04-23T02:30:00+00:00"},
	{"zone": "Africa/Casablanca", "wall": "2023-04-23T02:30:00", "fold": true, "utc": "2023-04-23T01:30:00+00:00"},
	{"zone": "Pacific/Apia", "wall": "2011-12-30T12:00:00", "fold": false, "utc": "2011-12-30T22:00:00+00:00"},
	{"zone": "Pacific/Apia", "wall": "2011-12-30T12:00:00", "fold": true, "utc": "2011-12-29T22:00:00+00:00"}
]`
