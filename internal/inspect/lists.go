package inspect

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/djangobridge/djangobridge/djangosession/auth"
	"github.com/djangobridge/djangobridge/internal/amount"
)

// pageRows is how many sessions or users a page lists.
const pageRows = 50

// listed is a session in a list.
type listed struct {
	Link, Key, Size, Expires, Left string
	Expired                        bool
	User, UserLink                 string
	Problem                        string // why it does not decode
	Signature                      string
}

// list prepares sessions for a page.
func (h *Handler) list(ctx context.Context, rows []row) []listed {
	names := map[string]string{}
	now := h.options.Now()
	out := make([]listed, 0, len(rows))
	for i := range rows {
		r := &rows[i]
		l := listed{
			Link: h.sessionLink(r.key), Key: shownKey(r.key), Expires: shownTime(r.expires), Expired: r.expired,
			Problem: r.reason, Signature: r.signature, Size: "unknown",
		}
		if r.size >= 0 {
			l.Size = sizeText(r.size)
		}
		l.Left = left(r.expires, now)
		if r.user != "" {
			name, known := names[r.user]
			if !known && len(names) < pageRows {
				name = h.userName(ctx, r.user)
				names[r.user] = name
			}
			l.User, l.UserLink = cmp.Or(name, "user "+visible(r.user)), h.userLink(r.user)
		}
		out = append(out, l)
	}
	return out
}

// left says how long a session lasts.
func left(expires, now time.Time) string {
	switch d := expires.Sub(now); {
	case expires.IsZero():
		return "unknown"
	case d < 0:
		return "ended " + lasting(d) + " ago"
	default:
		return lasting(d) + " left"
	}
}

func (h *Handler) sessionLink(key string) string {
	return h.base + "session/" + h.seals.seal(sessionPurpose, key)
}

func (h *Handler) userLink(id string) string {
	return h.base + "user/" + h.seals.seal(userPurpose, id)
}

// userName returns the name of a user with the id.
func (h *Handler) userName(ctx context.Context, id string) string {
	user, err := h.site.Users.Get(ctx, id)
	shown := visible(id)
	switch {
	case err == nil:
		return visible(user.Username) + " (id " + shown + ")"
	case errors.Is(err, auth.ErrNoUser), errors.Is(err, auth.ErrBadID):
		return "id " + shown + " (no such user)"
	}
	return "id " + shown
}

// sampleView describes where the sessions of a page come from.
type sampleView struct {
	Rows, Total, At, Took, Ranges string
	Whole, Stopped                bool
}

func newSampleView(s *sample) sampleView {
	v := sampleView{
		Rows: amount.Of(len(s.rows), "session"), At: shownTime(s.at), Took: s.took.Round(time.Millisecond).String(),
		Whole: s.whole, Stopped: s.stopped,
	}
	if s.total > 0 {
		v.Total = about(s.total)
	}
	if s.ranges > 0 {
		v.Ranges = amount.Of(s.ranges, "range")
	}
	return v
}

// overviewView is the first page.
type overviewView struct {
	Sample     sampleView
	Report     *report
	Unlistable string
	IsCookie   bool
	CanClear   bool
	FullScan   bool
}

func (h *Handler) overview(w http.ResponseWriter, r *http.Request, _ string) error {
	if h.site.Unlistable != "" {
		return h.show(w, r, "overview", "Sessions", overviewView{Unlistable: h.site.Unlistable})
	}
	s, err := h.reads(r.Context())
	if err != nil {
		return err
	}
	return h.show(w, r, "overview", "Sessions", overviewView{Sample: newSampleView(s), Report: h.report(s)})
}

// A filter chooses sessions for a list.
type filter struct {
	Name, Label string
	takes       func(r *row) bool
}

func (h *Handler) filters() []filter {
	filters := []filter{
		{"all", "all", func(*row) bool { return true }},
		{"live", "live", func(r *row) bool { return !r.expired }},
		{"users", "logged in", func(r *row) bool { return r.user != "" }},
		{"anonymous", "anonymous", func(r *row) bool { return r.user == "" && r.reason == "" }},
		{"unreadable", "not readable", (*row).isUnreadable},
	}
	if h.site.Table != nil {
		filters = slices.Insert(filters, 2, filter{"expired", "expired", func(r *row) bool { return r.expired }})
		filters = append(filters, filter{"large", "large", func(r *row) bool { return r.reason == tooLarge }})
	}
	return filters
}

// An order sorts a list.
type order struct {
	Name, Label string
	compare     func(a, b *row) int
}

func orders() []order {
	return []order{
		{"key", "key", func(a, b *row) int { return cmp.Compare(a.key, b.key) }},
		{"size", "size, largest first", func(a, b *row) int { return cmp.Compare(b.size, a.size) }},
		{"expires", "end, latest first", func(a, b *row) int { return b.expires.Compare(a.expires) }},
		{"saved", "last save, latest first", func(a, b *row) int { return b.signedAt.Compare(a.signedAt) }},
	}
}

// choice is a link to another filter or order.
type choice struct {
	Label, Link string
	Current     bool
}

type listView struct {
	Sample           sampleView
	Filters, Orders  []choice
	Rows             []listed
	Count, Range     string
	Previous, Next   string // links
	Question, Answer string // of a search
	More             bool
}

// sessions lists the sessions of the sample.
func (h *Handler) sessions(w http.ResponseWriter, r *http.Request, _ string) error {
	s, err := h.reads(r.Context())
	if err != nil {
		return err
	}
	query := r.URL.Query()
	filters, orders := h.filters(), orders()
	f := filters[max(0, slices.IndexFunc(filters, func(f filter) bool { return f.Name == query.Get("show") }))]
	o := orders[max(0, slices.IndexFunc(orders, func(o order) bool { return o.Name == query.Get("sort") }))]
	link := func(show, sort string, page int) string {
		return h.base + "sessions?" + url.Values{"show": {show}, "sort": {sort}, "page": {strconv.Itoa(page)}}.Encode()
	}
	v := listView{Sample: newSampleView(s)}
	for _, one := range filters {
		v.Filters = append(v.Filters, choice{one.Label, link(one.Name, o.Name, 1), one.Name == f.Name})
	}
	for _, one := range orders {
		v.Orders = append(v.Orders, choice{one.Label, link(f.Name, one.Name, 1), one.Name == o.Name})
	}
	var chosen []*row
	for i := range s.rows {
		if f.takes(&s.rows[i]) {
			chosen = append(chosen, &s.rows[i])
		}
	}
	slices.SortStableFunc(chosen, o.compare)
	page, _ := strconv.Atoi(query.Get("page")) // 0 if it is not a number
	page = min(max(page, 1), max(1, (len(chosen)+pageRows-1)/pageRows))
	first, last := (page-1)*pageRows, min(page*pageRows, len(chosen))
	if page > 1 {
		v.Previous = link(f.Name, o.Name, page-1)
	}
	if last < len(chosen) {
		v.Next = link(f.Name, o.Name, page+1)
	}
	rows := make([]row, 0, pageRows)
	for _, one := range chosen[first:last] {
		rows = append(rows, *one)
	}
	v.Rows = h.list(r.Context(), rows)
	v.Count = amount.Of(len(chosen), "session")
	if last > 0 {
		v.Range = amount.Number(first+1) + " to " + amount.Number(last)
	}
	return h.show(w, r, "sessions", "List of sessions", v)
}
