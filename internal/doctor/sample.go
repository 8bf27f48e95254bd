package doctor

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/auth"
	"github.com/djangobridge/djangobridge/internal/signedtime"
	"github.com/djangobridge/djangobridge/py"
	"github.com/djangobridge/djangobridge/tables"
)

// stored is a session of a sample.
type stored struct {
	data    string // as stored in a table; "" in other stores
	size    int
	expires time.Time // zero if unknown
	dict    *py.Dict  // nil if it does not decode
	err     error     // why
}

// sample is a part of the sessions.
type sample struct {
	random []stored // chosen by chance
	newest []stored // those that live longest; some may also be in random
}

// Sizes of samples.
const (
	randomSample = 250
	newestSample = 100
	probeRows    = 4      // read from each random place
	maxRowSize   = 200000 // characters of a session that are decoded
	probeTime    = time.Second
)

func (s *sample) size() int64 {
	var all int64
	for _, x := range s.random {
		all += int64(x.size)
	}
	if len(s.random) == 0 {
		return 0
	}
	return all/int64(len(s.random)) + 100 // the other columns, and the rows of indexes
}

// largest returns the size of the largest session, in bytes.
func (s *sample) largest() int {
	most := 0
	for _, x := range slices.Concat(s.random, s.newest) {
		most = max(most, x.size)
	}
	return most
}

func (s *sample) expired(now time.Time) int {
	n := 0
	for _, x := range s.random {
		if !x.expires.IsZero() && !x.expires.After(now) {
			n++
		}
	}
	return n
}

// live returns the sessions that have not expired.
func (s *sample) live(now time.Time) []stored {
	var live []stored
	for _, x := range slices.Concat(s.newest, s.random) {
		if x.expires.IsZero() || x.expires.After(now) {
			live = append(live, x)
		}
	}
	return live
}

// sampleTable reads sessions at random places of the table, and the newest ones.
func (d *Deployment) sampleTable(ctx context.Context, c *connection, t *table, name string) (*sample, error) {
	s := &sample{}
	columns := fmt.Sprintf("%[1]s, CASE WHEN LENGTH(%[2]s) <= %[3]d THEN %[2]s ELSE '' END, LENGTH(%[2]s), "+
		"%[4]s", c.quote("session_key"),
		c.quote("session_data"), maxRowSize, c.timeText(c.quote("expire_date")))
	seen := map[string]bool{}
	read := func(into *[]stored, skip bool, query string, args ...any) error {
		rows, err := c.query(ctx, query, args...)
		for _, row := range rows {
			if skip && seen[row[0]] {
				continue
			}
			seen[row[0]] = true
			*into = append(*into, stored{data: row[1], size: int(integer(row[2])), expires: d.date(c, row[3])})
		}
		return err
	}
	if _, indexed := t.hasIndex("session_key"); !indexed {
		return s, read(&s.random, true, fmt.Sprintf("SELECT %s FROM %s LIMIT %d", columns, c.qualified(name), randomSample))
	}
	from := fmt.Sprintf("SELECT %s FROM %s ", columns, c.qualified(name))
	order := fmt.Sprintf(" ORDER BY %s LIMIT ", c.quote("session_key"))
	// A small table is read whole.
	if err := read(&s.random, true, from+order+strconv.Itoa(randomSample)); err != nil || len(s.random) < randomSample {
		return s, err
	}
	s.random, seen = nil, map[string]bool{}
	query := from + fmt.Sprintf("WHERE %s >= %s", c.quote("session_key"), c.placeholder(1)) + order + strconv.Itoa(probeRows)
	for end := time.Now().Add(probeTime); len(s.random) < randomSample && time.Now().Before(end); {
		if err := read(&s.random, true, query, randomKey()); err != nil {
			return s, err
		}
	}
	if found, _ := t.hasIndex("expire_date"); found {
		return s, read(&s.newest, false, from+fmt.Sprintf("ORDER BY %s DESC LIMIT %d", c.quote("expire_date"), newestSample))
	}
	return s, nil
}

// randomKey returns a place among session keys, whose characters are those of Django.
func randomKey() string {
	const characters = "0123456789abcdefghijklmnopqrstuvwxyz"
	key := make([]byte, 32) //nolint:mnd // the length of a session key
	for i := range key {
		key[i] = characters[rand.IntN(len(characters))] //nolint:gosec // a place in a table, not a secret
	}
	return string(key)
}

// decode decodes the sessions of a table.
func (d *Deployment) decode(s *sample) error {
	codec, err := djangosession.NewCodec(d.Settings)
	if err != nil {
		return err
	}
	for _, part := range [][]stored{s.random, s.newest} {
		for i := range part {
			if part[i].data != "" {
				part[i].dict, part[i].err = codec.Decode(part[i].data)
			}
		}
	}
	return nil
}

// maxExplained bounds how many sessions are explained, which tries many signatures.
const maxExplained = 20

// readable checks which live sessions decode, and explains why others do not.
func (d *Deployment) readable(r *report, s *sample) {
	const check = "sessions-decode"
	live := s.live(d.Now())
	causes, total := map[cause]int{}, 0
	outdated, bad, explained := 0, 0, 0
	codec, err := djangosession.NewCodec(d.Settings)
	if err != nil {
		r.faultf(check, "Correct the setting, and export the settings again.", "No session can be decoded: %v.", err)
		return
	}
	for _, x := range live {
		if x.data == "" && x.dict == nil && x.err == nil {
			continue // too large to look at
		}
		if total++; x.err == nil {
			continue
		}
		bad++
		refused, ok := errors.AsType[*djangosession.DecodeError](x.err)
		newer := errors.Is(x.err, djangosession.ErrOutdatedSettings) || ok && d.isNewer(refused.SignedAt)
		if newer && !errors.Is(x.err, djangosession.ErrMaxInflated) { // which no export changes
			outdated++
		}
		if explained++; explained <= maxExplained {
			causes[causeOf(codec, x, ok)]++
		}
	}
	if outdated > 0 {
		r.faultf("settings-outdated", "Export the settings again (djangosession settings script) and restart the services (see "+
			"docs/key-rotation.md).",
			"%s of %d live sessions in the sample were stored after the settings were exported, and do not decode: the site's "+
				"settings, usually "+
				"SECRET_KEY, have changed.", share(outdated, total), total)
	} else {
		r.okf("settings-outdated", "No session proves that the settings are older than the site's.")
	}
	for c, n := range causes {
		part := bad * n / min(bad, maxExplained)
		level := Warning
		if c.settings || 2*part >= total {
			level = Fault
		}
		r.addf(level, check, c.remedy, "%s of %d live sessions in the sample do not decode: "+
			"%s.", share(max(part, 1), total), total, c.problem)
	}
	switch {
	case total == 0:
		r.notef(check, "Run the command again when visitors have sessions.", "There is no live session to decode.")
	case bad == 0:
		r.okf(check, "All %d live sessions in the sample decode.", total)
	}
}

// isNewer reports whether a session was signed after the settings were exported.
func (d *Deployment) isNewer(signed time.Time) bool {
	exported := d.Settings.ExportedAt
	return !exported.IsZero() && signedtime.IsNewer(signed, exported, d.Now())
}

// cause is why a session does not decode.
type cause struct {
	problem, remedy string
	settings        bool // the settings are wrong, so that Django can read the session
}

func causeOf(codec *djangosession.Codec, x stored, decoded bool) cause {
	if errors.Is(x.err, djangosession.ErrMaxInflated) {
		return cause{
			problem: "they are larger than the services read",
			remedy:  "Store less in them, or raise MaxInflated of djangosession.Settings in the services.",
		}
	}
	if x.data == "" || !decoded {
		return cause{
			problem:  "they are in another format than the settings describe",
			remedy:   exportAgain + " The serializer, the compressor or the cache may have changed.",
			settings: errors.Is(x.err, djangosession.ErrUnknownFormat),
		}
	}
	e := codec.Explain(x.data, djangosession.Candidates{})
	switch made := e.SignedWith; {
	case made == nil:
		return cause{
			problem: "none of the keys in SECRET_KEY and SECRET_KEY_FALLBACKS has signed them, or the session store class is " +
				"another one",
			remedy: "If Django reads them, export the settings again. If SECRET_KEY was changed, add the former one to " +
				"SECRET_KEY_FALLBACKS " +
				"(see docs/key-rotation.md).",
		}
	case len(e.Hints) > 0:
		kind := "the settings differ from those of their writer"
		switch {
		case e.Serializer != "":
			kind = "another serializer has written them, " + e.Serializer
		case strings.Contains(e.Hints[0], "salt"):
			kind = fmt.Sprintf("they have another salt, %q", made.Salt)
		case strings.Contains(e.Hints[0], "layout"), strings.Contains(e.Hints[0], "SHA-1"):
			kind = fmt.Sprintf("they have the layout %q with %s, which Django of this release does not read", e.Layout, made.Algorithm)
		case strings.Contains(made.Key, " "):
			kind = "they are signed with " + made.Key
		}
		return cause{problem: kind, remedy: e.Hints[0], settings: true}
	}
	return cause{problem: "their content is damaged (" + string(e.Problem.Reason) + ")", remedy: "Look at one with " +
		"djangosession explain."}
}

// maxLogins bounds how many users are looked up.
const maxLogins = 50

// logins checks that logins in live sessions lead to users.
func (d *Deployment) logins(ctx context.Context, r *report, s *sample) {
	const check = "logins"
	if d.Users == nil || d.Users.DB == nil {
		return
	}
	users, err := tables.NewUsers(d.Users.DB, d.Settings, tables.UserOptions{
		Dialect: d.Users.Dialect, Schema: d.Schema, ReadOnly: true, LockWait: -1,
		KnownOverrides: d.Settings.UserModel.UnknownOverrides(),
	})
	if err != nil {
		return // is in the review
	}
	a, sessions, err := d.auth(users)
	if err != nil {
		r.unknown(check, err)
		return
	}
	reasons, total := map[auth.Reason]int{}, 0
	for _, x := range s.live(d.Now()) {
		session := sessions.New()
		if total == maxLogins || !copyLogin(session, x.dict) {
			continue
		}
		state, err := a.State(ctx, session)
		if err != nil {
			if total > 0 && ctx.Err() != nil {
				break
			}
			r.unknown(check, err)
			return
		}
		total++
		reasons[state.Reason]++
	}
	if total == 0 {
		r.notef(check, "Run the command again when users are logged in.", "There is no login in the sample.")
		return
	}
	d.refusals(r, reasons, total)
	r.okUnlessf(check, "%d of %d logins in the sample lead to users.", reasons[""], total)
}

// refusals reports logins that do not lead to users.
func (d *Deployment) refusals(r *report, reasons map[auth.Reason]int, total int) {
	for _, x := range []struct {
		reason          auth.Reason
		problem, remedy string
	}{
		{
			auth.BadHash, "their hash is not that of the user's password", "If it is most of them, SECRET_KEY has changed, or the " +
				"user's " +
				"database is not that of the site: export the settings again, and check the database.",
		},
		{auth.NoSuchUser, "their user does not exist", "If it is most of them, name the site's database of users " +
			"(--users-database)."},
		{auth.UnknownBackend, "their backend is not in AUTHENTICATION_BACKENDS", exportAgain},
		{auth.BadID, "the id of their user is not one of the user model", exportAgain + " AUTH_USER_MODEL may have changed."},
		{auth.Inactive, "their user is not active", "Nothing, if these users were deactivated."},
	} {
		n := reasons[x.reason]
		switch {
		case n == 0:
		case 2*n >= total && x.reason != auth.Inactive:
			r.faultf("logins", x.remedy, "%s of %d logins in the sample are refused: %s.", share(n, total), total, x.problem)
		case x.reason == auth.UnknownBackend:
			r.warnf("logins", x.remedy, "%s of %d logins in the sample are refused: %s.", share(n, total), total, x.problem)
		default:
			r.notef("logins", x.remedy, "%s of %d logins in the sample are refused, which is normal for a few: "+
				"%s.", share(n, total), total, x.problem)
		}
	}
}

// copyLogin copies the login of a stored session. It reports whether there is one.
func copyLogin(to *djangosession.Session, from *py.Dict) bool {
	if from == nil {
		return false
	}
	for _, name := range []string{auth.SessionKey, auth.BackendSessionKey, auth.HashSessionKey} {
		if v, ok := from.Get(name); ok {
			to.Set(name, py.Resolve(v))
		}
	}
	_, ok := from.Get(auth.SessionKey)
	return ok
}
