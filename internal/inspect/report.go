package inspect

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/djangobridge/djangobridge/internal/amount"
)

// A report is what the overview says about a sample.
type report struct {
	Figures []figure
	Charts  []*chart
	Keys    *bars
	Reasons *bars
}

// figure is a number with a label.
type figure struct{ Label, Value, Note string }

// bars is a table with a bar for each row.
type bars struct {
	Title, Unit, Note string
	Rows              []bar
}

// bar is a row of bars.
type bar struct {
	Label, Share, About string
	N                   int
	Width               int // of 1000
	Link                string
}

func (h *Handler) report(s *sample) *report {
	r := &report{Figures: h.figures(s)}
	if len(s.rows) == 0 {
		return r
	}
	r.Charts = []*chart{sizes(s), h.timeLeft(s)}
	if h.site.Table != nil {
		r.Charts = append(r.Charts, h.growth(s))
		r.Keys = keysOf(s)
	}
	r.Reasons = reasonsOf(s)
	return r
}

func (h *Handler) figures(s *sample) []figure {
	n := len(s.rows)
	var expired, logins, unreadable, large int
	users := map[string]bool{}
	bytes, sized, biggest := int64(0), 0, int64(0)
	for i := range s.rows {
		r := &s.rows[i]
		switch {
		case r.expired:
			expired++
		case r.user != "":
			logins++
			users[r.user] = true
		}
		if r.isUnreadable() {
			unreadable++
		}
		if r.reason == tooLarge {
			large++
		}
		if r.size >= 0 {
			bytes += r.size
			sized++
			biggest = max(biggest, r.size)
		}
	}
	figures := []figure{h.totalFigure(s)}
	if h.site.Table != nil {
		figures = append(figures, figure{"Expired", share(expired, n), s.counted(expired)})
	}
	figures = append(
		figures,
		figure{"Logged in", share(logins, n), s.counted(logins) + ", of " + amount.Of(len(users), "user")},
		figure{"Not readable", share(unreadable, n), s.counted(unreadable)},
	)
	if sized > 0 {
		average := bytes / int64(sized)
		figures = append(figures, figure{"Average size", sizeText(average), "the largest here: " + sizeText(biggest)})
		if !s.whole && s.total > 0 {
			figures = append(figures, figure{"Data in all", "about " + sizeText(int64(float64(average)*s.total)), "without indexes"})
		}
	}
	if large > 0 {
		figures = append(figures, figure{
			"Large", amount.Number(large), "above " + sizeText(maxListed) + ", not decoded in lists and figures",
		})
	}
	return figures
}

func (h *Handler) totalFigure(s *sample) figure {
	f := figure{Label: "Sessions"}
	switch {
	case s.whole:
		f.Value, f.Note = amount.Number(len(s.rows)), "all of them were read"
		if h.site.Table == nil {
			f.Note += "; expired ones are not listed"
		}
	case s.total > 0:
		f.Value, f.Note = "about "+about(s.total), "estimated from the distances between keys"
	default:
		f.Value, f.Note = "more than "+amount.Number(len(s.rows)), "their number is unknown"
	}
	return f
}

// counted is a number of sessions in the sample, with what follows for the store.
func (s *sample) counted(n int) string {
	if s.whole {
		return amount.Of(n, "session")
	}
	text := amount.Number(n) + " of the sample"
	if estimate := s.about(n); estimate != "" {
		text += ", about " + estimate + " in all"
	}
	return text
}

const (
	hour = int64(time.Hour / time.Second)
	day  = 24 * hour
)

func sizes(s *sample) *chart {
	buckets := []bucket{
		{label: "under 100 bytes", short: "<100", limit: 100},
		{label: "100 to 199 bytes", short: "100+", limit: 200},
		{label: "200 to 499 bytes", short: "200+", limit: 500},
		{label: "500 to 999 bytes", short: "500+", limit: 1000},
		{label: "1 to 2 kB", short: "1 kB+", limit: 2000},
		{label: "2 to 5 kB", short: "2 kB+", limit: 5000},
		{label: "5 to 10 kB", short: "5 kB+", limit: 10_000},
		{label: "10 to 50 kB", short: "10 kB+", limit: 50_000},
		{label: "50 kB to 1 MB", short: "50 kB+", limit: 1_000_000},
		{label: "1 MB and more", short: "1 MB+"},
	}
	var values []int64
	for i := range s.rows {
		if s.rows[i].size >= 0 {
			values = append(values, s.rows[i].size)
		}
	}
	c := &chart{ID: "sizes", Title: "Sessions by size", Unit: "Size of the stored data", Columns: columnsOf(buckets, values)}
	c.finish(s, len(values))
	return c
}

func (h *Handler) timeLeft(s *sample) *chart {
	const ended = "ended"
	buckets := []bucket{
		{label: "ended more than 90 days ago", short: "−90 d", kind: ended, limit: -90 * day},
		{label: "ended 30 to 90 days ago", short: "−30 d", kind: ended, limit: -30 * day},
		{label: "ended 7 to 30 days ago", short: "−7 d", kind: ended, limit: -7 * day},
		{label: "ended 1 to 7 days ago", short: "−1 d", kind: ended, limit: -day},
		{label: "ended in the last day", short: "−0", kind: ended, limit: 0},
		{label: "less than 1 hour left", short: "<1 h", limit: hour},
		{label: "1 to 24 hours left", short: "1 h+", limit: day},
		{label: "1 to 3 days left", short: "1 d+", limit: 3 * day},
		{label: "3 to 7 days left", short: "3 d+", limit: 7 * day},
		{label: "7 to 14 days left", short: "7 d+", limit: 14*day + 1},
		{label: "14 to 30 days left", short: "14 d+", limit: 30 * day},
		{label: "more than 30 days left", short: "30 d+"},
	}
	if h.site.Table == nil { // the store does not list expired sessions
		buckets = buckets[5:]
	}
	var values []int64
	for i := range s.rows {
		if !s.rows[i].expires.IsZero() {
			values = append(values, int64(s.rows[i].expires.Sub(s.at)/time.Second))
		}
	}
	c := &chart{ID: "time-left", Title: "Sessions by time left", Unit: "Time left", Columns: columnsOf(buckets, values)}
	c.finish(s, len(values))
	return c
}

// growthDays is how many days the chart of growth has.
const growthDays = 30

// growth counts sessions by the day of their signature, the time of the last save. The
// database has no other time.
func (h *Handler) growth(s *sample) *chart {
	c := &chart{ID: "growth", Title: "Sessions by the day of their last save", Unit: "Day (UTC)"}
	today := s.at.UTC().Truncate(24 * time.Hour)
	c.Columns = make([]column, growthDays+1)
	c.Columns[0] = column{Label: "before", Short: "before", Kind: "ended"}
	for i := range growthDays {
		date := today.AddDate(0, 0, i-growthDays+1)
		col := column{Label: date.Format(time.DateOnly)}
		if (growthDays-1-i)%5 == 0 {
			col.Short = date.Format("01-02")
		}
		c.Columns[i+1] = col
	}
	known := 0
	for i := range s.rows {
		at := s.rows[i].signedAt
		if at.IsZero() {
			continue
		}
		known++
		ago := int(today.Sub(at.UTC().Truncate(24*time.Hour)) / (24 * time.Hour))
		c.Columns[max(0, growthDays-max(0, ago))].N++
	}
	c.finish(s, known)
	c.Summary += " The day is that of the signature, which each save renews; a session that was saved again counts on the later day."
	if known < len(s.rows) {
		c.Summary += fmt.Sprintf(" %s contain no time.", amount.Of(len(s.rows)-known, "session"))
	}
	return c
}

func keysOf(s *sample) *bars {
	counts := map[string]int{}
	for i := range s.rows {
		switch r := &s.rows[i]; {
		case r.reason == tooLarge:
			counts["not examined: too large"]++
		case r.signature == "":
			counts["none of the site's keys"]++
		default:
			counts[r.signature]++
		}
	}
	b := newBars(s, counts, nil)
	b.Title, b.Unit = "Which key signed what", "Key"
	b.Note = "SECRET_KEY signs all new sessions. A key can be removed from SECRET_KEY_FALLBACKS when no session needs it any more."
	return b
}

func reasonsOf(s *sample) *bars {
	counts := map[string]int{}
	for i := range s.rows {
		if s.rows[i].isUnreadable() {
			counts[s.rows[i].reason]++
		}
	}
	if len(counts) == 0 {
		return nil
	}
	b := newBars(s, counts, nil)
	b.Title, b.Unit = "Why sessions are not readable", "Reason"
	return b
}

// newBars sorts counts by size.
func newBars(s *sample, counts map[string]int, link func(label string) string) *bars {
	b := &bars{}
	for label, n := range counts {
		r := bar{Label: label, N: n, Share: share(n, len(s.rows)), About: s.about(n), Width: max(2, n*1000/max(1, len(s.rows)))}
		if link != nil {
			r.Link = link(label)
		}
		b.Rows = append(b.Rows, r)
	}
	slices.SortFunc(b.Rows, func(x, y bar) int { return cmp.Or(cmp.Compare(y.N, x.N), cmp.Compare(x.Label, y.Label)) })
	return b
}
