package inspect

import (
	"context"
	"fmt"
	"iter"
	"math"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/py"
)

const (
	hostile  = "<script>document.title='x'</script>"
	testKey  = "0gmsponzabcdefghijklmnopqrstuvwx"
	otherKey = "1aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
)

// hostilePage has sessions that a page must not trust.
func hostilePage(t *testing.T) *testPage {
	t.Helper()
	p := newTestPage(t, true)
	self := py.NewList()
	self.Items = append(self.Items, self)
	p.add(testKey, time.Hour, "_auth_user_id", "7", "_auth_user_hash", "hash-that-is-hidden", hostile, hostile, "bidi", "a\u202eb")
	p.add(otherKey, time.Hour, "self", self, "bytes", py.Bytes("\x00\xff"), "large", strings.Repeat("x", 1<<20))
	p.add("2"+hostile, time.Hour, "_auth_user_id", hostile)
	p.add("3expired", -48*time.Hour, "cart", int64(1))
	p.addText("4bad", time.Hour, "no session: "+hostile)
	old := djangosession.NewSettings("a-key-that-was-removed")
	codec, err := djangosession.NewCodec(old)
	if err != nil {
		t.Fatal(err)
	}
	text, err := codec.Encode(dict("x", int64(1)))
	if err != nil {
		t.Fatal(err)
	}
	p.addText("5unknown", time.Hour, text)
	return p
}

var (
	links   = regexp.MustCompile(`(?:href|action|src)="([^"]*)"`)
	scripts = regexp.MustCompile(`(?i)<script|<img|<iframe|<object|<embed|\son\w+=|javascript:|style="|data:`)
)

// TestPagesOfHostileSessionsAreHarmless follows every link of the page.
func TestPagesOfHostileSessionsAreHarmless(t *testing.T) {
	t.Parallel()
	p := hostilePage(t)
	var data []string // that no page may show
	rows, err := p.db.QueryContext(t.Context(), "SELECT session_data FROM django_session")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close() //nolint:errcheck // it is read to the end
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			t.Fatal(err)
		}
		data = append(data, text[max(0, len(text)-20):]) // the signature
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	data = append(data, testSecret, "the-key-of-last-year", p.token, p.cookie, "hash-that-is-hidden",
		testKey, testKey[:10], otherKey[:10], "2&lt;script&gt;document")
	seen := map[string]bool{}
	queue := []string{""}
	for len(queue) > 0 {
		path := queue[0]
		queue = queue[1:]
		page := p.get(path)
		if len(page) > 1<<20 {
			t.Errorf("%s: %d bytes", path, len(page))
		}
		if bad := scripts.FindString(page); bad != "" {
			t.Errorf("%s: contains %q", path, bad)
		}
		for _, secret := range data {
			if strings.Contains(page, secret) {
				t.Errorf("%s: contains the secret %.12s...", path, secret)
			}
		}
		if strings.ContainsAny(page, "\u202e\x00") {
			t.Errorf("%s: contains a control character", path)
		}
		for _, match := range links.FindAllStringSubmatch(page, -1) {
			link := strings.ReplaceAll(match[1], "&amp;", "&")
			next, inside := strings.CutPrefix(link, p.base)
			kind, _, _ := strings.Cut(next, "/")
			switch {
			case strings.HasPrefix(link, "#"), kind == "search", kind == "again", kind == "clear", kind == "logout":
			case !inside:
				t.Errorf("%s: leads to %q", path, link)
			case kind == "session" || kind == "user":
				text, ok := p.seals.open(kind, next[len(kind)+1:])
				if !ok {
					t.Errorf("%s: a link that does not open", path)
				}
				if id := kind + " " + text; !seen[id] {
					seen[id] = true
					queue = append(queue, next)
				}
			case !seen[next]:
				seen[next] = true
				queue = append(queue, next)
			}
		}
	}
	if len(seen) < 20 {
		t.Errorf("%d pages only", len(seen))
	}
}

// TestSessionPageShowsValuesAndReasons reads the pages of single sessions.
func TestSessionPageShowsValuesAndReasons(t *testing.T) {
	t.Parallel()
	p := hostilePage(t)
	for key, wants := range map[string][]string{
		testKey: {
			"&#39;&lt;script&gt;document.title=", `a\u202eb`, "hidden, 19 characters", "ada&lt;b&gt; (id 7)", "SECRET_KEY", "59 minutes left",
			`<span class="type"><bdi>str</bdi></span>`,
		},
		otherKey:   {"the same value as one that contains it", `b&#39;\x00\xff&#39;`, "cut, 1,048,576 characters in all"},
		"3expired": {"This session has expired", "ended 2 days"},
		"4bad":     {"Why it does not decode", "A stored session has three parts between colons"},
		"5unknown": {"Why it does not decode", "None of the keys and salts tried made this signature", "none of the keys of the settings"},
		"nothing":  {noLonger},
	} {
		page := p.get(strings.TrimPrefix(p.sessionLink(key), p.base))
		for _, want := range wants {
			if !strings.Contains(page, want) {
				t.Errorf("%s: no %q in\n%s", key, want, page)
			}
		}
	}
}

func TestOverviewCountsSessions(t *testing.T) {
	t.Parallel()
	p := hostilePage(t)
	page := p.get("")
	for _, want := range []string{
		"All 6 sessions were read", "<dd>6 <small>all of them were read", "<dd>17 % <small>1 session</small>", // expired
		"<dd>33 % <small>2 sessions, of 2 users", "<dd>33 % <small>2 sessions</small>", "none of the site&#39;s keys",
		"bad signature",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("no %q in\n%s", want, page)
		}
	}
	s, err := p.reads(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	r := p.report(s)
	for _, c := range r.Charts {
		n := 0
		for _, col := range c.Columns {
			n += col.N
		}
		if want := map[string]int{"sizes": 6, "time-left": 6, "growth": 5}[c.ID]; n != want {
			t.Errorf("%s: %d sessions, want %d", c.ID, n, want)
		}
	}
	if growth := r.Charts[2]; growth.Columns[growthDays].N != 5 {
		t.Errorf("growth: %d today", growth.Columns[growthDays].N)
	}
}

// TestLargeTablesAreSampled compares the estimates of samples with the truth.
func TestLargeTablesAreSampled(t *testing.T) {
	t.Parallel()
	const rows = 30_000
	for name, key := range map[string]string{
		"Django's keys": "substr(replace(replace(replace(replace(lower(hex(randomblob(16))), 'a', 'g'), 'b', 'q'), 'c', 'x'), 'd', 'z'), 1, 32)",
		"hexadecimal":   "lower(hex(randomblob(16)))",
	} {
		p := newTestPage(t, false)
		text, err := p.codec.Encode(dict("_auth_user_id", "7"))
		if err != nil {
			t.Fatal(err)
		}
		p.exec("WITH RECURSIVE s(i) AS (SELECT 0 UNION ALL SELECT i+1 FROM s WHERE i < ?) INSERT INTO django_session "+
			"SELECT "+key+", ?, CASE WHEN i % 4 = 0 THEN '1999-01-01 00:00:00' ELSE '2999-01-01 00:00:00' END FROM s", rows-1, text)
		s, err := p.reads(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if s.whole || s.ranges != rangeCount || len(s.rows) < 4000 || len(s.rows) > rangeCount*rangeRows {
			t.Errorf("%s: %d rows of %d ranges, whole %v", name, len(s.rows), s.ranges, s.whole)
		}
		if off := math.Abs(s.total-rows) / rows; off > 0.1 {
			t.Errorf("%s: estimate %.0f of %d", name, s.total, rows)
		}
		seen, expired := map[string]bool{}, 0
		for i := range s.rows {
			if seen[s.rows[i].key] {
				t.Fatalf("%s: a session is in the sample twice", name)
			}
			seen[s.rows[i].key] = true
			if s.rows[i].expired {
				expired++
			}
		}
		if part := float64(expired) / float64(len(s.rows)); math.Abs(part-0.25) > 0.05 {
			t.Errorf("%s: expired share %.2f, want 0.25", name, part)
		}
		for _, path := range []string{"", "sessions", "users", strings.TrimPrefix(p.userLink("7"), p.base)} {
			if page := p.get(path); !strings.Contains(page, "<strong>This is a sample</strong> of ") || !strings.Contains(page, "read in 50 ranges of keys") {
				t.Errorf("%s: %s does not say that it is a sample", name, path)
			}
		}
	}
}

func TestSearch(t *testing.T) {
	t.Parallel()
	p := hostilePage(t)
	p.add("0gmother", time.Hour)
	user := p.post("search", url.Values{"by": {"name"}, "text": {"ada<b>"}})
	link, ok := strings.CutPrefix(user.Header().Get("Location"), p.base)
	if user.Code != http.StatusSeeOther || !ok {
		t.Fatalf("by name: status %d\n%s", user.Code, user.Body)
	}
	if page := p.get(link); !strings.Contains(page, "1 session of this user") || !strings.Contains(page, "0gmsponz…") {
		t.Errorf("of the user:\n%s", page)
	}
	for _, c := range []struct {
		by, text string
		status   int
		want     string
	}{
		{by: "name", text: "nobody", status: http.StatusNotFound, want: "no user with this name"},
		{by: "name", text: " ", status: http.StatusBadRequest, want: "Enter what"},
		{by: "x", text: "x", status: http.StatusBadRequest, want: "Choose"},
		{by: "id", text: "9", status: http.StatusSeeOther},
		{by: "key", text: "0gm", status: http.StatusOK, want: "2 sessions found"},
		{by: "key", text: "0gmsponz…", status: http.StatusOK, want: "1 session found"},
		{by: "key", text: testKey, status: http.StatusOK, want: "begins with <code><bdi>0gmsponz…"},
		{by: "key", text: "zzz", status: http.StatusOK, want: "0 sessions found"},
		{by: "key", text: "0g", status: http.StatusBadRequest, want: "at least 3"},
	} {
		w := p.post("search", url.Values{"by": {c.by}, "text": {c.text}})
		if w.Code != c.status || !strings.Contains(w.Body.String(), c.want) {
			t.Errorf("%s %q: status %d\n%s", c.by, c.text, w.Code, w.Body)
		}
		if strings.Contains(w.Body.String(), testKey) {
			t.Errorf("%s %q: the key is on the page", c.by, c.text)
		}
	}
}

// TestWholeTableIsSearchedForAUser has sessions in several batches, and a large one.
func TestWholeTableIsSearchedForAUser(t *testing.T) {
	t.Parallel()
	p := newTestPage(t, false)
	for i := range 3 * chunk {
		p.add(fmt.Sprintf("%05d", i), time.Hour, "_auth_user_id", strconv.Itoa(i%chunk))
	}
	large := make([]byte, 200_000)
	for i := range large {
		large[i] = byte(i * i >> 3)
	}
	p.add("large", time.Hour, "_auth_user_id", "7", "x", py.Bytes(large))
	page := p.wait(p.post("user-scan", url.Values{"user": {p.seals.seal(userPurpose, "7")}}))
	if !strings.Contains(page, "4 sessions found") || strings.Count(page, "<th scope=\"row\">") != 4 || !strings.Contains(page, "1,501 sessions") {
		t.Errorf("the job says\n%s", page)
	}
}

// TestClearingShowsTheNumberFirst clears sessions for real.
func TestClearingShowsTheNumberFirst(t *testing.T) {
	t.Parallel()
	p := newTestPage(t, true)
	for i := range 3 {
		p.add(fmt.Sprintf("expired%d", i), -time.Hour)
	}
	p.add("live", time.Hour)
	if page := p.get(""); !strings.Contains(page, "All 4 sessions") {
		t.Errorf("before:\n%s", page)
	}
	ask := p.post("clear", url.Values{})
	if !strings.Contains(ask.Body.String(), "Delete 3 expired sessions?") {
		t.Errorf("the confirmation says\n%s", ask.Body)
	}
	page := p.wait(p.post("clear", url.Values{"confirm": {confirmationOn(t, ask)}}))
	if !strings.Contains(page, "3 expired sessions deleted") {
		t.Errorf("the job says\n%s", page)
	}
	if page := p.get(""); !strings.Contains(page, "The only session was read") {
		t.Errorf("after:\n%s", page)
	}
}

func TestOneJobRunsAtATimeAndCanBeStopped(t *testing.T) {
	t.Parallel()
	p := newTestPage(t, true)
	started := make(chan struct{})
	j, err := p.jobs.begin("wait", 0, waitFor(started))
	if err != nil {
		t.Fatal(err)
	}
	<-started
	if w := p.post("user-scan", url.Values{"user": {p.seals.seal(userPurpose, "7")}}); w.Code != http.StatusConflict {
		t.Errorf("a second job has status %d", w.Code)
	}
	if page := p.get("jobs/" + strconv.Itoa(j.id)); !strings.Contains(page, "Running for") || !strings.Contains(page, "every 2 seconds") {
		t.Errorf("while it runs:\n%s", page)
	}
	if page := p.wait(p.post("stop", url.Values{"job": {strconv.Itoa(j.id)}})); !strings.Contains(page, "Stopped after") {
		t.Errorf("at the end:\n%s", page)
	}
	for _, path := range []string{"jobs/9", "jobs/x", "jobs/", "session/x", "user/x", "session/", "x"} {
		if w := p.serve(p.request(http.MethodGet, p.base+path, nil)); w.Code != http.StatusNotFound {
			t.Errorf("%s: status %d", path, w.Code)
		}
	}
}

// TestSampleEndsInTime has no time to read more than one range.
func TestSampleEndsInTime(t *testing.T) {
	t.Parallel()
	p := newTestPage(t, false)
	p.options.Reading = time.Nanosecond
	p.exec("WITH RECURSIVE s(i) AS (SELECT 0 UNION ALL SELECT i+1 FROM s WHERE i < 9999) INSERT INTO django_session " +
		"SELECT lower(hex(randomblob(16))), 'x', '2999-01-01 00:00:00' FROM s")
	s, err := p.reads(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if s.whole || !s.stopped || s.ranges != 1 || len(s.rows) > rangeRows {
		t.Errorf("%d rows of %d ranges, whole %v, stopped %v", len(s.rows), s.ranges, s.whole, s.stopped)
	}
	if page := p.get(""); !strings.Contains(page, "read in 1 range of keys") || !strings.Contains(page, "there was no time for more") {
		t.Errorf("the page does not say so\n%.2000s", page)
	}
}

// slowList lists one session, and waits for the next one until the time is over.
type slowList struct {
	djangosession.Engine
	first *djangosession.Record
}

func (l *slowList) Records(ctx context.Context) iter.Seq2[*djangosession.Record, error] {
	return func(yield func(*djangosession.Record, error) bool) {
		if l.first != nil && !yield(l.first, nil) {
			return
		}
		<-ctx.Done()
		yield(nil, ctx.Err())
	}
}

func TestSampleOfASlowStoreIsWhatWasRead(t *testing.T) {
	t.Parallel()
	p := newTestPage(t, false)
	p.add(strings.Repeat("k", 32), time.Hour, "cart", 1)
	record, err := p.table.Load(t.Context(), strings.Repeat("k", 32))
	if err != nil {
		t.Fatal(err)
	}
	p.site.Table, p.site.Engine = nil, &slowList{Engine: p.table, first: record}
	p.options.Reading = 10 * time.Millisecond
	s, err := p.take(t.Context())
	if err != nil || len(s.rows) != 1 || s.whole || !s.stopped {
		t.Errorf("sample %+v, error %v", s, err)
	}
	p.site.Engine = &slowList{Engine: p.table}
	if s, err := p.take(t.Context()); !isTimeout(err) {
		t.Errorf("without a session: %d rows, error %v", len(s.rows), err)
	}
}
