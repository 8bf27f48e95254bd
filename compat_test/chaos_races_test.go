package compat_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/auth"
	"github.com/djangobridge/djangobridge/py"
)

// chaosProcess is a process of the chaos tests: a worker, or a writer that will be
// killed.
func chaosProcess(source string) error {
	if source, ok := strings.CutPrefix(source, chaosWriter); ok {
		return chaosWrite(source)
	}
	return chaosWorker(source)
}

// onChaosDatabases runs a test on each kind of database, SQLite with both kinds of
// journal.
func onChaosDatabases(t *testing.T, run func(t *testing.T, source string)) {
	t.Helper()
	for _, journal := range []string{"DELETE", "WAL"} {
		t.Run("sqlite/"+journal, func(t *testing.T) {
			t.Parallel()
			base := newDatabase(t, "sqlite")
			run(t, "sqlite file:"+base.name+"?_busy_timeout=10&_synchronous=FULL&_journal_mode="+journal)
		})
	}
	for _, product := range []string{"mariadb", "postgresql"} {
		t.Run(product, func(t *testing.T) {
			t.Parallel()
			base := databaseOn(t, ownServer(t, product))
			run(t, base.source())
		})
	}
}

// chaosTeam are worker processes on one database.
type chaosTeam []*chaosMember

type chaosMember struct {
	in  io.WriteCloser
	out *bufio.Scanner
}

func newChaosTeam(t *testing.T, source string, size int) chaosTeam {
	t.Helper()
	team := make(chaosTeam, size)
	for i := range team {
		cmd := exec.CommandContext(t.Context(), os.Args[0])
		cmd.Env = append(os.Environ(), chaosVariable+"="+source)
		cmd.Stderr = os.Stderr
		in, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			_ = in.Close() // which ends it
			_ = cmd.Wait() // or the test's context has
		})
		team[i] = &chaosMember{in: in, out: bufio.NewScanner(out)}
	}
	return team
}

// race sends an order to each worker at once and returns their replies.
func (team chaosTeam) race(t *testing.T, orders []chaosOrder) []chaosReply {
	t.Helper()
	for i, o := range orders {
		line, err := json.Marshal(o)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := team[i].in.Write(append(line, '\n')); err != nil {
			t.Fatal(err)
		}
	}
	replies := make([]chaosReply, len(orders))
	for i := range orders {
		if !team[i].out.Scan() {
			t.Fatalf("worker %d ended: %v", i, team[i].out.Err())
		}
		if err := json.Unmarshal(team[i].out.Bytes(), &replies[i]); err != nil {
			t.Fatal(err)
		}
	}
	return replies
}

// chaosRace is one race: a session, what is done to it at once, and what came of it.
type chaosRace struct {
	user      string
	key       string // of the session's cookie before the race
	anonymous bool   // nobody was logged in before the race
	merge     bool
	orders    []chaosOrder
	replies   []chaosReply
	rows      []*djangosession.Record // all sessions after the race
}

// chaosOps are the requests of a race. Every second race has a logout besides.
func chaosOps() []string {
	return []string{"save", "renew", "cycle", "new password", "login", "other login"}
}

// newChaosRace stores a session and draws what is to be done to it.
func newChaosRace(t *testing.T, c *chaosSite, number, size int, draw *rand.Rand) *chaosRace {
	t.Helper()
	race := &chaosRace{
		user:      fmt.Sprintf("user%d", number),
		anonymous: draw.IntN(8) == 0,
		merge:     draw.IntN(3) > 0,
	}
	secretKey := chaosKey
	if draw.IntN(4) == 0 { // each request that asks for the user changes the key
		secretKey = chaosKeyBefore
	}
	sessions, login, err := chaosParts(c.engine, secretKey, djangosession.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s := sessions.New()
	s.Set("cart", race.user)
	if !race.anonymous {
		if err := login.LoginSession(t.Context(), s, chaosUser(race.user)); err != nil {
			t.Fatal(err)
		}
	}
	save(t, s)
	race.key = s.Key()
	few := func(n int) time.Duration { return time.Duration(draw.IntN(n)) * time.Microsecond }
	for i := range size {
		o := chaosOrder{
			Op: chaosOps()[draw.IntN(len(chaosOps()))], Key: race.key, User: race.user, Value: fmt.Sprintf("value%d", i),
			Merge: race.merge, Start: few(1500), Cancel: -1, Cut: -1,
		}
		switch {
		case race.anonymous && i == 0:
			o.Op = "login"
		case race.anonymous:
			o.Op = chaosOps()[draw.IntN(2)]
		case i == 0 && draw.IntN(3) > 0:
			o.Op = "logout"
		}
		if draw.IntN(4) == 0 {
			o.Cancel = few(3000)
		}
		if draw.IntN(6) == 0 {
			o.Cut = few(3000)
		}
		race.orders = append(race.orders, o)
	}
	return race
}

// holds reports whether a stored session has a value.
func holds(r *djangosession.Record, name string) bool {
	_, ok := r.Data.Get(name)
	return ok
}

// loginOf returns the user of the login that a stored session holds.
func loginOf(r *djangosession.Record) string {
	v, _ := r.Data.Get(auth.SessionKey)
	id, _ := py.Resolve(v).(string)
	return id
}

// problems are the promises that the race has broken. A login that a request of the race
// has asked for is another login than the one before it.
func (race *chaosRace) problems() (all []string) {
	complain := func(format string, a ...any) { all = append(all, fmt.Sprintf(format, a...)) }
	delivered, asked := map[string]bool{race.key: true}, map[string]bool{}
	loggedOut, ended, emptied := false, false, false
	for i, reply := range race.replies {
		op := race.orders[i].Op
		delivered[reply.Cookie] = true
		// A logout that fails leaves an empty session to be saved, so that it ends the
		// login if it can.
		emptied = emptied || op == "logout" && !reply.Done
		loggedOut = loggedOut || op == "logout" && reply.Done && reply.Removed
		ended = ended || op == "logout" || op == "other login" || op == "login" // which may flush a session
		if op == "login" && reply.Done && reply.Status == http.StatusOK && reply.Cookie != race.key {
			asked[reply.Cookie] = true
		}
	}
	var found []*djangosession.Record // the login from before the race
	for _, row := range race.rows {
		login := loginOf(row)
		if login != "" && !delivered[row.Key] {
			complain("a login of %s is under a key that no browser knows", login)
		}
		if login == race.user && !asked[row.Key] {
			found = append(found, row)
		}
		delete(asked, row.Key)
	}
	switch {
	case loggedOut && len(found) > 0:
		complain("%d logins exist after the logout", len(found))
	case len(found) > 1:
		complain("one login has %d rows", len(found))
	case race.anonymous && len(asked) > 0:
		complain("a login is lost")
	case !race.anonymous && !ended && len(found) == 0:
		complain("the session is lost, and nobody has logged out")
	}
	if race.merge && len(found) == 1 && !emptied {
		all = append(all, race.lost(found[0])...)
	}
	return all
}

// lost are the acknowledged values that are not in the session that remains.
func (race *chaosRace) lost(row *djangosession.Record) (all []string) {
	for i, reply := range race.replies {
		o := race.orders[i]
		acknowledged := reply.Done && reply.Status == http.StatusOK &&
			slices.Contains([]string{"save", "renew", "cycle", "new password"}, o.Op)
		if acknowledged && !holds(row, o.Value) {
			all = append(all, fmt.Sprintf("%s by %q was acknowledged and is lost", o.Value, o.Op))
		}
	}
	if !holds(row, "cart") {
		all = append(all, "the cart is lost")
	}
	return all
}

func (race *chaosRace) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "merge=%v anonymous=%v", race.merge, race.anonymous)
	for i, o := range race.orders {
		reply := race.replies[i]
		fmt.Fprintf(&b, "\n  %-12s start %v cancel %v cut %v: %d done=%v removed=%v new key=%v %s", o.Op, o.Start, o.Cancel, o.Cut,
			reply.Status, reply.Done, reply.Removed, reply.Cookie != "" && reply.Cookie != race.key, reply.Problem)
	}
	return b.String()
}

// TestChaosOfLogoutsAndKeyChanges lets several processes log out, change the key of and
// save one session at the same moment, while contexts end and connections break. No login
// exists after a logout that returned before it, no login is under a key that no browser
// knows, and merged saves lose no acknowledged value.
func TestChaosOfLogoutsAndKeyChanges(t *testing.T) {
	t.Parallel()
	races, size := times(t, "CHAOS_RACES", 60), 4
	onChaosDatabases(t, func(t *testing.T, source string) {
		c := newChaosTable(t, source)
		team := newChaosTeam(t, source, size)
		seed := rand.Uint64()
		draw := rand.New(rand.NewPCG(seed, 0))
		counts, broken := map[string]int{}, 0
		for n := range races {
			race := newChaosRace(t, c, n, size, draw)
			race.replies = team.race(t, race.orders)
			race.rows = c.takeRows(t)
			if found := race.problems(); len(found) > 0 {
				broken++
				if broken <= 10 {
					t.Errorf("race %d (seed %d): %s\n%v", n, seed, strings.Join(found, "; "), race)
				}
			}
			for i, reply := range race.replies {
				counts["requests"]++
				if !reply.Done || reply.Status != http.StatusOK {
					counts["failed"]++
				}
				if race.orders[i].Op == "logout" && reply.Removed {
					counts["logouts that removed a row"]++
				}
			}
		}
		time.Sleep(200 * time.Millisecond) // for a statement that a server still has from a broken connection
		for _, row := range c.takeRows(t) {
			if loginOf(row) != "" {
				t.Error("a login appeared after the races")
			}
		}
		t.Logf("%d races, %v; %d broke a promise", races, counts, broken)
	})
}

// newChaosTable is a site on a new table.
func newChaosTable(t *testing.T, source string) *chaosSite {
	t.Helper()
	c, err := newChaosSite(source)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.db.Close() }) // nothing is written any more
	if err := c.engine.CreateTable(t.Context()); err != nil {
		t.Fatal(err)
	}
	return c
}

// rows returns all sessions.
func (c *chaosSite) rows(t *testing.T) (all []*djangosession.Record) {
	t.Helper()
	for row, err := range c.engine.Records(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if row.Data == nil {
			t.Fatalf("a session does not decode: %v", row.Err)
		}
		all = append(all, row)
	}
	return all
}

// takeRows returns all sessions and removes them.
func (c *chaosSite) takeRows(t *testing.T) []*djangosession.Record {
	t.Helper()
	all := c.rows(t)
	for _, row := range all {
		if err := c.engine.Delete(t.Context(), row.Key); err != nil {
			t.Fatal(err)
		}
	}
	return all
}
