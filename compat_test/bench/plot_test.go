package main

import (
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
)

func TestPlotHasAPointForEachStop(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "plot.svg")
	curves := []curve{
		{label: "SQLite", stops: []stop{{rows: 1000, p50: 9, p99: 20}, {rows: 10_000, p50: 10, p99: 1500}}},
		{label: "A & B", stops: []stop{{rows: 1000, p50: 50, p99: 60}}},
	}
	if err := plot(file, curves); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close() //nolint:errcheck // it was read
	elements := map[string]int{}
	for d := xml.NewDecoder(f); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if e, ok := token.(xml.StartElement); ok {
			elements[e.Name.Local]++
		}
	}
	if elements["circle"] != 6 {
		t.Errorf("%d points, want 6", elements["circle"])
	}
}

func TestPlotKeepsAllPointsInside(t *testing.T) {
	t.Parallel()
	a := axes{fewest: fewestRows, most: 10_000_000, least: 10, limit: 1000}
	for _, rows := range []int{fewestRows, 10_000_000} {
		if x := a.x(rows); x < plotLeft || x > plotRight {
			t.Errorf("%d rows are at %g", rows, x)
		}
	}
	for _, us := range []float64{10, 1000} {
		if y := a.y(us); y < plotTop || y > plotBottom {
			t.Errorf("%g µs are at %g", us, y)
		}
	}
}
