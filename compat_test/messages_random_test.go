package compat_test

import (
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/djangobridge/djangobridge/djangosession/messages"
)

// visitStep is one request of a random sequence.
type visitStep struct {
	atGo  bool
	steps []boardStep
}

// TestRandomMessages sends random sequences of requests to both sides by turns, and the
// same sequences to Django alone. MESSAGE_SEQUENCES says how many, and MESSAGE_SEED
// which.
func TestRandomMessages(t *testing.T) {
	t.Parallel()
	count, err := strconv.Atoi(getenv("MESSAGE_SEQUENCES", "20"))
	if err != nil {
		t.Fatal(err)
	}
	seed, err := strconv.ParseUint(getenv("MESSAGE_SEED", "14"), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	for _, release := range releases() {
		for _, storage := range []string{messages.FallbackStorage, messages.SessionStorage} {
			name := storage[strings.LastIndexByte(storage, '.')+1:]
			t.Run(fmt.Sprintf("django-%s/%s", release, name), func(t *testing.T) {
				t.Parallel()
				p := newBoardPair(t, release, storage)
				random := rand.New(rand.NewPCG(seed, uint64(crc32.ChecksumIEEE([]byte(t.Name()))))) // others in each subtest
				var figures messageFigures
				for i := range count {
					p.compare(t, randomVisits(random, p.users, i), &figures)
					if t.Failed() {
						t.Fatalf("in sequence %d of seed %d", i, seed)
					}
				}
				t.Logf("%d sequences, %+v", count, figures)
			})
		}
	}
}

func getenv(name, otherwise string) string {
	if v := os.Getenv(name); v != "" {
		return v
	}
	return otherwise
}

// messageFigures says what the sequences did.
type messageFigures struct {
	Requests, Added, Shown int
	OnlyByDjangoLost       int // messages that Django alone does not show
	AtTheLimit             int // sequences that are not compared; see compare
}

// randomVisits returns a sequence, in which each message has a text of its own.
func randomVisits(random *rand.Rand, users []string, sequence int) []visitStep {
	var visits []visitStep
	number := 0
	large := random.IntN(3) == 0 // most sequences fit into the cookie
	for range 3 + random.IntN(10) {
		v := visitStep{atGo: random.IntN(2) == 0}
		for range 1 + random.IntN(3) {
			switch n := random.IntN(20); {
			case n < 9:
				length := random.IntN(40)
				if large && random.IntN(2) == 0 {
					length = random.IntN(900)
				}
				text := fmt.Sprintf("%d-%d %s", sequence, number, noise(number, length))
				number++
				levels := []int{20, 25, 30, 40, 29}
				v.steps = append(v.steps, boardStep{"add", levels[random.IntN(len(levels))], text, []string{"", "x", "é y"}[random.IntN(3)], random.IntN(4) == 0})
			case n < 14:
				v.steps = append(v.steps, boardStep{"show"})
			case n < 16:
				v.steps = append(v.steps, boardStep{"login", users[random.IntN(len(users))]})
			case n < 17:
				v.steps = append(v.steps, boardStep{"logout"})
			case n < 18:
				v.steps = append(v.steps, boardStep{"fail"})
			}
		}
		visits = append(visits, v)
	}
	return append(visits, visitStep{atGo: true, steps: []boardStep{{"show"}}}, visitStep{steps: []boardStep{{"show"}}})
}

// compare runs a sequence on both sides and on Django alone. Each message that Django
// alone shows is shown at the same place. Others are shown at most once: Django alone
// loses messages that Go keeps, such as those of a session whose login ends with status
// 500. The results may differ if Django's cookie is a few bytes below its limit: the one
// that Go compresses may be too long, and the session has its last message.
func (p *boardPair) compare(t *testing.T, visits []visitStep, figures *messageFigures) {
	t.Helper()
	mixed, alone := jar{}, jar{}
	var got, want []string
	atTheLimit := false
	for i, v := range visits {
		send := p.atDjango
		if v.atGo {
			send = p.atGo
		}
		ours, theirs := send(t, mixed, v.steps), p.atDjango(t, alone, v.steps)
		if ours.Status != theirs.Status || theirs.Status != http.StatusOK && theirs.Status != http.StatusInternalServerError {
			t.Errorf("request %d, %v: status %d, and %d of Django alone", i, v.kinds(), ours.Status, theirs.Status)
		}
		if ours.Status == http.StatusOK { // a page of an error shows nothing
			got, want = append(got, ours.Shown...), append(want, theirs.Shown...)
		}
		const limit, room = 2048, 16
		n := len(alone["messages"])
		atTheLimit = atTheLimit || n > limit-room && n <= limit
		figures.Requests += 2
		figures.Added += v.added()
	}
	known, more := map[string]bool{}, map[string]bool{}
	for _, text := range want {
		known[text] = true
	}
	rest := slices.DeleteFunc(slices.Clone(got), func(text string) bool {
		if known[text] {
			return false
		}
		if more[text] {
			t.Errorf("shown twice: %.100q", text)
		}
		more[text] = true
		return true
	})
	switch {
	case slices.Equal(rest, want):
	case atTheLimit:
		figures.AtTheLimit++
	default:
		t.Errorf("shown: %.100q\nDjango alone: %.100q\n%s", got, want, describe(visits))
	}
	figures.Shown += len(known) + len(more)
	figures.OnlyByDjangoLost += len(more)
}

// added returns the number of messages that the request adds.
func (v *visitStep) added() (n int) {
	for _, s := range v.steps {
		switch s[0] {
		case "add":
			n++
		case "fail":
			return n
		}
	}
	return n
}

func (v *visitStep) kinds() (kinds []any) {
	for _, s := range v.steps {
		kinds = append(kinds, s[0])
	}
	return kinds
}

func describe(visits []visitStep) string {
	var b strings.Builder
	for _, v := range visits {
		fmt.Fprintf(&b, "Go %v:", v.atGo)
		for _, s := range v.steps {
			text := fmt.Sprint(s...)
			fmt.Fprintf(&b, " %.40s (%d);", text, len(text))
		}
		b.WriteByte('\n')
	}
	return b.String()
}
