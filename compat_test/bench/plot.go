package main

import (
	"fmt"
	"html"
	"math"
	"os"
	"strings"

	"github.com/djangobridge/djangobridge/internal/amount"
)

// The picture in pixels.
const (
	plotWidth, plotHeight     = 760, 420
	plotLeft, plotRight       = 70, 740
	plotTop, plotBottom       = 60, 360
	plotTickGap, plotFontSize = 18, 13
)

// plotStyle has colors for light and dark pages.
const plotStyle = `
text { font: 13px system-ui, sans-serif; fill: #3d4450 }
.grid { stroke: #d8dde4 }
.line { fill: none; stroke-width: 2; stroke-linejoin: round }
.p99 { stroke-dasharray: 6 4; stroke-width: 1.5 }
.c0 { stroke: #1f6fc4; fill: #1f6fc4 } .c1 { stroke: #c2571a; fill: #c2571a } .c2 { stroke: #2b8a4b; fill: #2b8a4b }
.key { stroke: #3d4450 }
@media (prefers-color-scheme: dark) {
text { fill: #c9d1d9 }
.grid { stroke: #39414b }
.c0 { stroke: #6cb0f5; fill: #6cb0f5 } .c1 { stroke: #f0965a; fill: #f0965a } .c2 { stroke: #6cc98a; fill: #6cc98a }
.key { stroke: #c9d1d9 }
}
.line { fill: none }
`

// axes say where figures are in the picture. Both are logarithmic.
type axes struct {
	fewest, most float64 // rows
	least, limit float64 // microseconds
}

func (a axes) x(rows int) float64 {
	return plotLeft + (plotRight-plotLeft-40)*math.Log(float64(rows)/a.fewest)/max(1, math.Log(a.most/a.fewest)) + 20
}

func (a axes) y(us float64) float64 {
	return plotBottom - (plotBottom-plotTop)*math.Log(us/a.least)/math.Log(a.limit/a.least)
}

// plot draws the curves as an SVG picture: lines of p50, and dashed ones of p99.
func plot(file string, curves []curve) error {
	a := axes{fewest: fewestRows, most: fewestRows, least: 10, limit: 100}
	for _, c := range curves {
		for _, s := range c.stops {
			a.most = max(a.most, float64(s.rows))
			for s.p99 > a.limit {
				a.limit *= 10
			}
			for s.p50 < a.least {
				a.least /= 10
			}
		}
	}
	var svg strings.Builder
	fmt.Fprintf(&svg, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" role=\"img\">\n<title>Time of a load "+
		"by the number of rows</title>\n<style>%s</style>\n", plotWidth, plotHeight, plotStyle)
	a.grid(&svg)
	for i, c := range curves {
		a.draw(&svg, i, c)
	}
	keyLine := func(x int, class, label string) {
		fmt.Fprintf(&svg, "<path class=\"line %s\" d=\"M%d 24h28\"/>\n<text x=\"%d\" y=\"28\">%s</text>\n",
			class, x, x+34, html.EscapeString(label))
	}
	x := plotLeft
	for i, c := range curves {
		keyLine(x, fmt.Sprintf("c%d", i), c.label)
		x += 130
	}
	keyLine(x, "key", "p50")
	keyLine(x+90, "key p99", "p99")
	svg.WriteString("</svg>\n")
	return os.WriteFile(file, []byte(svg.String()), 0o644) //nolint:gosec // a picture that everyone sees
}

// grid draws a line for 1, 2 and 5 microseconds and their tenfolds, and the number of rows
// at each stop.
func (a axes) grid(svg *strings.Builder) {
	for power := a.least; power < a.limit*1.01; power *= 10 {
		for _, digit := range []float64{1, 2, 5} {
			us := power * digit
			if us > a.limit*1.01 {
				break
			}
			fmt.Fprintf(svg, "<path class=\"grid\" d=\"M%d %.1fH%d\"/>\n<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%s</text>\n",
				plotLeft, a.y(us), plotRight, plotLeft-8, a.y(us)+4, short(us))
		}
	}
	for rows := int(a.fewest); rows <= int(a.most); rows *= 10 {
		fmt.Fprintf(svg, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%s</text>\n",
			a.x(rows), plotBottom+plotTickGap+4, amount.Number(rows))
	}
	fmt.Fprintf(svg, "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">rows</text>\n",
		(plotLeft+plotRight)/2, plotBottom+2*plotTickGap+plotFontSize)
}

// short returns a round number of microseconds with its unit.
func short(us float64) string {
	if us < 1000 {
		return fmt.Sprintf("%g µs", us)
	}
	return fmt.Sprintf("%g ms", us/1000)
}

// draw draws a curve.
func (a axes) draw(svg *strings.Builder, color int, c curve) {
	for _, percentile := range []struct {
		name string
		of   func(stop) float64
	}{
		{"p50", func(s stop) float64 { return s.p50 }},
		{"p99", func(s stop) float64 { return s.p99 }},
	} {
		points := make([]string, 0, len(c.stops))
		for _, s := range c.stops {
			points = append(points, fmt.Sprintf("%.1f %.1f", a.x(s.rows), a.y(percentile.of(s))))
		}
		fmt.Fprintf(svg, "<path class=\"c%d line %s\" d=\"M%s\"/>\n", color, percentile.name, strings.Join(points, "L"))
		for _, s := range c.stops {
			us := percentile.of(s)
			fmt.Fprintf(svg, "<circle class=\"c%d\" cx=\"%.1f\" cy=\"%.1f\" r=\"3\"><title>%s, %s rows: %s %.1f µs</title></circle>\n",
				color, a.x(s.rows), a.y(us), html.EscapeString(c.label), amount.Number(s.rows), percentile.name, us)
		}
	}
}
