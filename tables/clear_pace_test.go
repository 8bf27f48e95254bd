package tables

import (
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
)

// A database needs a time per row and a time per batch. After a few batches, each takes
// about as long as wanted.
func TestBatchesTakeTheTimeWanted(t *testing.T) {
	t.Parallel()
	const ms, us = time.Millisecond, time.Microsecond
	for name, c := range map[string]struct {
		options     djangosession.ClearOptions
		locksRows   bool
		row, batch  time.Duration
		least, most int // the size of a batch in the end
	}{
		"a fast server":           {locksRows: true, row: 5 * us, batch: ms, least: 2048, most: 8192},
		"a slow server":           {locksRows: true, row: 500 * us, batch: ms, least: 64, most: 64},
		"a fast file":             {row: 5 * us, batch: ms, least: 256, most: 1024},
		"a slow disk":             {row: 5 * us, batch: 50 * ms, least: 64, most: 64},
		"a time":                  {options: djangosession.ClearOptions{BatchTime: time.Second}, row: ms, least: 500, most: 2000},
		"a size":                  {options: djangosession.ClearOptions{BatchSize: 777}, row: ms, least: 777, most: 777},
		"a time and a size":       {options: djangosession.ClearOptions{BatchTime: 10 * ms, BatchSize: 99}, row: 5 * us, least: 99, most: 99},
		"a time before a size":    {options: djangosession.ClearOptions{BatchTime: 10 * ms, BatchSize: 9999}, row: ms, least: 4, most: 15},
		"a server without a cost": {locksRows: true, least: 1 << 16, most: 1 << 16},
	} {
		p := newPace(c.options, c.locksRows)
		for range 30 {
			p.took(c.batch + time.Duration(p.size)*c.row)
		}
		steady := p.size
		p.took(c.batch + time.Duration(p.size)*c.row)
		if p.size < c.least || p.size > c.most || p.size != steady {
			t.Errorf("%s: batches of %d and then %d rows, want %d to %d", name, steady, p.size, c.least, c.most)
		}
	}
}

func TestPausesAreAsLongAsBatches(t *testing.T) {
	t.Parallel()
	const ms = time.Millisecond
	for name, c := range map[string]struct {
		asked       time.Duration
		locksRows   bool
		batch, want time.Duration
	}{
		"rows":                 {locksRows: true, batch: 3 * ms, want: 3 * ms},
		"rows, a long batch":   {locksRows: true, batch: time.Second, want: 10 * ms},
		"rows, asked for":      {asked: 50 * ms, locksRows: true, batch: 3 * ms, want: 50 * ms},
		"a database":           {batch: 3 * ms, want: 10 * ms},
		"a database, negative": {asked: -1, batch: 3 * ms, want: 10 * ms},
		"a database, asked":    {asked: ms, batch: 3 * ms, want: ms},
	} {
		p := newPace(djangosession.ClearOptions{Pause: c.asked}, c.locksRows)
		p.took(c.batch)
		if p.pause != c.want {
			t.Errorf("%s: a pause of %v, want %v", name, p.pause, c.want)
		}
	}
}
