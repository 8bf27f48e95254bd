package tables

import (
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
)

const (
	// rowsTime is how long a batch takes where it locks only the rows that it removes. A
	// pause of the same length follows, because commits of others wait for the log that
	// the batch has written.
	rowsTime = 10 * time.Millisecond
	// databaseTime is how long a batch takes where it locks the whole database.
	databaseTime = 4 * time.Millisecond
	// defaultPause is the pause after such a batch, and the longest one after others.
	// Waiting processes have no queue. They ask again after intervals that grow, with
	// SQLite's own handler 1, 2, 5, 10 and 15 ms. After a batch of databaseTime, nearly
	// all of them get their turn at the third attempt.
	defaultPause = 10 * time.Millisecond
	// firstSize is the size of the first batch, before it is known how fast the database is.
	firstSize = 128
	// leastSize is the smallest size that newPace itself chooses. A commit to a slow disk
	// takes longer than the goal even for one row.
	leastSize = 64
)

// pace chooses the size of batches. It halves and doubles, so that there are few different
// statements to prepare.
type pace struct {
	size, least, most int
	goal              time.Duration // of a batch; 0 if the size does not change

	pause     time.Duration // after the last batch
	adaptable bool          // whether the pause follows the batch
}

func newPace(o djangosession.ClearOptions, locksRows bool) pace {
	p := pace{size: o.BatchSize, most: o.BatchSize, goal: o.BatchTime, pause: o.Pause}
	if p.pause <= 0 {
		p.pause, p.adaptable = defaultPause, locksRows
	}
	if p.size > 0 && p.goal <= 0 {
		return p
	}
	p.least = 1
	if p.goal <= 0 {
		p.least, p.goal = leastSize, databaseTime
		if locksRows {
			p.goal = rowsTime
		}
	}
	if p.most <= 0 {
		p.most = 1 << 16
	}
	p.size = min(firstSize, p.most)
	return p
}

// took adapts the size, and the pause, to the time of a batch. The limits are so far apart
// that a steady database gets a steady size.
func (p *pace) took(d time.Duration) {
	if p.adaptable {
		p.pause = min(d, defaultPause)
	}
	if p.goal <= 0 {
		return
	}
	for ; d > p.goal*3/2 && p.size > p.least; d /= 2 {
		p.size = max(p.size/2, p.least)
	}
	if d < p.goal*2/3 {
		p.size = min(2*p.size, p.most)
	}
}
