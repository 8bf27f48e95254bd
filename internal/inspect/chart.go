package inspect

import (
	"fmt"
	"math"

	"github.com/djangobridge/djangobridge/internal/amount"
)

// A chart is a column chart. Its numbers are in a table beside it, for everybody who
// cannot see or read the picture.
type chart struct {
	ID, Title string
	Unit      string // the heading of the first column of its table
	Summary   string // the picture in words
	Columns   []column

	Width, Height, Base, Left int // of the picture
	Top                       string
	TopY                      int
}

// column is a column of a chart, and a row of its table.
type column struct {
	Label string
	Short string // the label below the column; "" for none
	Kind  string // the CSS class that gives its color
	N     int
	Share string
	About string // the estimated number in the whole store; "" without an estimate

	X, Y, W, H, Middle int
	Value              string // above the column
}

// draw places the columns of a chart.
func (c *chart) draw() {
	const width, height, left, top, bottom, gap = 720, 220, 10, 24, 34, 6
	c.Width, c.Height, c.Left = width, height, left
	c.Base = height - bottom
	most := 1
	for _, col := range c.Columns {
		most = max(most, col.N)
	}
	if len(c.Columns) == 0 {
		return
	}
	step := float64(width-2*left) / float64(len(c.Columns))
	for i := range c.Columns {
		col := &c.Columns[i]
		h := float64(col.N) / float64(most) * float64(height-top-bottom)
		if col.N > 0 {
			h = math.Max(h, 2) // so that it is visible
		}
		col.H = int(h)
		col.X = left + int(float64(i)*step) + gap/2
		col.W = max(2, int(step)-gap)
		col.Y = c.Base - col.H
		col.Middle = col.X + col.W/2
		if step >= 40 && col.N > 0 {
			col.Value = amount.Number(col.N)
		}
	}
}

// finish adds shares, estimates and the summary. whole is the number of sessions that the
// shares refer to.
func (c *chart) finish(s *sample, whole int) {
	best := -1
	for i := range c.Columns {
		col := &c.Columns[i]
		col.Share = share(col.N, whole)
		col.About = s.about(col.N)
		if col.N > 0 && (best < 0 || col.N > c.Columns[best].N) {
			best = i
		}
	}
	c.Summary = "There are no sessions in this chart."
	if best >= 0 {
		most := c.Columns[best]
		c.Summary = fmt.Sprintf("%d columns. The highest one is “%s” with %s, %s of them.",
			len(c.Columns), most.Label, amount.Of(most.N, "session"), most.Share)
	}
	c.draw()
}

// about estimates how many sessions of the store are like n of the sample; "" if the
// sample has all, or nothing is known.
func (s *sample) about(n int) string {
	if s.whole || s.total == 0 || len(s.rows) == 0 {
		return ""
	}
	return about(float64(n) / float64(len(s.rows)) * s.total)
}

// bucket counts the values up to a limit.
type bucket struct {
	label, short, kind string
	limit              int64 // the smallest value that belongs to the next one
}

// columnsOf counts values in buckets. The last one takes all larger values.
func columnsOf(buckets []bucket, values []int64) []column {
	columns := make([]column, len(buckets))
	for i, b := range buckets {
		columns[i] = column{Label: b.label, Short: b.short, Kind: b.kind}
	}
	for _, v := range values {
		i := 0
		for i < len(buckets)-1 && v >= buckets[i].limit {
			i++
		}
		columns[i].N++
	}
	return columns
}
