package doctor

import (
	"cmp"
	"context"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/djangobridge/djangobridge/internal/amount"
	"github.com/djangobridge/djangobridge/tables"
)

// found reports whether a table exists.
func (d *Deployment) found(r *report, check string, t *table, err error, name string, c *connection) bool {
	const migrate = "Run the site's migrations (manage.py migrate), and check that this is its database."
	switch {
	case err != nil:
		r.faultf(check, "Give the account the right to see the table, and correct the error.", "The table %s cannot be "+
			"examined: %v.", name, err)
	case t == nil:
		r.faultf(check, migrate, "%s", sentence(fmt.Sprintf("%s has no table %s", c.name, name)))
	case t.elsewhere != "":
		r.faultf(check, "Set Options.Tables.Schema (here --schema), or the search_path of the account.",
			"The table %s is in the schema %s, which is not on the search path of this connection.", name, t.elsewhere)
	case t.engine != "" && !strings.EqualFold(t.engine, "InnoDB"):
		r.faultf(check, "Run ALTER TABLE "+c.quote(name)+" ENGINE=InnoDB.", "The table %s has the storage engine %s, which has "+
			"no transactions: "+
			"a login that fails halfway leaves rows behind, and concurrent saves are lost.", name, t.engine)
		return true
	case t.unlogged:
		r.warnf(check, "Run ALTER TABLE "+c.quote(name)+" SET LOGGED.", "The table %s is UNLOGGED: it is empty after a crash.", name)
		return true
	default:
		r.okf(check, "The table %s exists.", name)
		return true
	}
	return false
}

// permitted checks the rights on a table.
func (d *Deployment) permitted(ctx context.Context, r *report, check string, c *connection, t *table, name string,
	needed ...string,
) {
	if t.hidesRows {
		r.faultf(check, "Give the account the attribute BYPASSRLS, or remove the policies.",
			"Row security hides rows of the table %s from this account: sessions look as if they did not exist.", name)
	}
	rights, err := c.rights(ctx, c, name)
	if err != nil {
		r.unknown(check, err)
		return
	}
	var missing []string
	for _, right := range needed {
		if rights != nil && !rights[right] && (right == selectRight || !d.ReadOnly) {
			missing = append(missing, right)
		}
	}
	if len(missing) > 0 {
		r.faultf(check, fmt.Sprintf("GRANT %s ON %s TO the account; or give the command --read-only, if the service only reads.",
			strings.Join(missing, ", "), c.qualified(name)), "The account may not %s the table %s.", strings.Join(missing, ", "), name)
	}
	r.okUnlessf(check, "The account has the rights that it needs on the table %s.", name)
}

var length = regexp.MustCompile(`^(?i:n?varchar|char|character varying|character)\((\d+)\)`)

// sessionColumns checks the columns and indexes of the table of sessions.
func (d *Deployment) sessionColumns(r *report, t *table, name string) {
	const check = "session-columns"
	for _, column := range []string{"session_key", "session_data", "expire_date"} {
		if t.column(column) == nil {
			r.faultf(check, "Run the site's migrations, and check that this is the table of the session model.",
				"The table %s has no column %s.", name, column)
		}
	}
	if key := t.column("session_key"); key != nil {
		if m := length.FindStringSubmatch(key.kind); m != nil {
			if n, err := strconv.Atoi(m[1]); err == nil && n < 32 {
				r.faultf(check, fmt.Sprintf("Make it varchar(%d), as Django's migration does.", tables.MaxKeyLength),
					"The column session_key has the type %s, and session keys have 32 characters.", key.kind)
			}
		}
		if key.fuzzy {
			r.notef(check, "Give it a deterministic collation.", "The collation of session_key (%s) takes different keys for "+
				"equal. Services in Go "+
				"compare bytes; Django does not.", cmp.Or(key.collation, key.kind))
		}
	}
	if data := t.column("session_data"); data != nil {
		switch kind := strings.ToLower(data.kind); {
		case kind == "text" && t.engine != "", kind == "tinytext":
			r.faultf(check, "Run ALTER TABLE ... MODIFY session_data longtext NOT NULL, as Django's migration does.",
				"The column session_data has the type %s, which holds 64 KB at most: larger sessions are refused, or cut off.", data.kind)
		case length.MatchString(kind):
			r.faultf(check, "Give it the type text (longtext in MySQL), as Django's migration does.",
				"The column session_data has the type %s: larger sessions are refused, or cut off.", data.kind)
		}
	}
	d.dateColumn(r, t)
	for _, x := range t.columns {
		if x.notNull && !x.hasDefault && !d.knowsColumn(x.name) && !d.ReadOnly {
			r.faultf(check, "Name it in Options.Tables.ExtraColumns with a Value, or give it a default.",
				"The column %s of the table %s must not be empty and has no default: new sessions cannot be stored.", x.name, name)
		}
	}
	r.okUnlessf(check, "The table %s has the columns of Django.", name)
	if t.isView {
		r.notef("session-index", "Check the indexes of its tables.", "%s is a view, whose indexes are unknown.", name)
		return
	}
	if _, unique := t.hasIndex("session_key"); !unique {
		r.faultf("session-index", "Add the primary key: ALTER TABLE ... ADD PRIMARY KEY (session_key).",
			"The table %s has no primary key or unique index on session_key: each request reads the whole table, and two sessions "+
				"may have "+
				"one key.", name)
	}
	if found, _ := t.hasIndex("expire_date"); !found {
		r.warnf("session-index", "Run CREATE INDEX ... ON "+name+" (expire_date), as Django's migration does.",
			"The table %s has no usable index on expire_date: clearsessions reads the whole table.", name)
	}
	r.okUnlessf("session-index", "The table %s has the indexes of Django.", name)
}

func (d *Deployment) dateColumn(r *report, t *table) {
	expire := t.column("expire_date")
	if expire == nil {
		return
	}
	kind := strings.ToLower(expire.kind)
	switch {
	case strings.HasPrefix(kind, "timestamp") && strings.Contains(kind, "without"):
		r.faultf("session-columns", "Give it the type timestamp with time zone, as Django's migration does.",
			"The column expire_date has no time zone: sessions end hours too early or too late.")
	case kind == "date":
		r.faultf("session-columns", "Give it the type of Django's migration.", "The column expire_date has the type date: "+
			"sessions end at midnight.")
	case kind == "datetime" && t.engine != "":
		r.notef("session-columns", "Give it the type datetime(6), as Django's migration does since 1.8.",
			"The column expire_date has no fractions of seconds: the server rounds them.")
	}
}

// knowsColumn reports whether Django or this module fills a column.
func (d *Deployment) knowsColumn(name string) bool {
	switch strings.ToLower(name) {
	case "session_key", "session_data", "expire_date":
		return true
	}
	for _, x := range d.Settings.SessionStoreClass.Columns {
		if strings.EqualFold(x.Name, name) && (x.AutoNow || x.AutoNowAdd) {
			return true
		}
	}
	return false
}

// sessionTableName returns the name of the table of sessions.
func (d *Deployment) sessionTableName() string {
	return cmp.Or(d.Settings.SessionStoreClass.Table, "django_session")
}

// userTable checks the table of users.
func (d *Deployment) userTable(ctx context.Context, r *report, c *connection) {
	const check = "user-table"
	m := &d.Settings.UserModel
	if m.Table == "" {
		return // is in the review
	}
	t, err := c.table(ctx, c, m.Table)
	if !d.found(r, check, t, err, m.Table, c) {
		return
	}
	for _, name := range []string{
		m.IDColumn, m.UsernameColumn, m.PasswordColumn, m.IsActiveColumn, m.IsStaffColumn, m.IsSuperuserColumn, m.LastLoginColumn,
	} {
		if name != "" && t.column(name) == nil {
			r.faultf(check, "Run the site's migrations, or export the settings again: the user model has changed.",
				"The table %s has no column %s.", m.Table, name)
		}
	}
	d.permitted(ctx, r, "user-rights", c, t, m.Table, selectRight, updateRight)
	if m.Groups == nil {
		return
	}
	for _, name := range []string{
		m.Groups.Table, m.UserPermissions.Table, "auth_group", "auth_permission",
		"auth_group_permissions", "django_content_type",
	} {
		link, err := c.table(ctx, c, name)
		if d.found(r, "permission-tables", link, err, name, c) {
			d.permitted(ctx, r, "permission-tables", c, link, name, selectRight)
		}
	}
}

// growth checks the number of rows and the share of expired ones.
func (d *Deployment) growth(ctx context.Context, r *report, c *connection, t *table, name string, s *sample) {
	rows := t.rows
	if rows < 0 && t.bytes >= 0 && s.size() > 0 {
		rows = t.bytes / s.size()
	}
	about := "an unknown number of"
	if rows >= 0 {
		about = "about " + amount.Number(rows)
	}
	r.okf("session-growth", "The table %s has %s rows, by an estimate of the database.", name, about)
	const check = "expired-sessions"
	const remedy = "Run clearsessions each day (manage.py clearsessions, or djangosession clearsessions, which deletes in " +
		"batches)."
	expired := s.expired(d.Now())
	if len(s.random) == 0 {
		r.okf(check, "The table has no sessions.")
		return
	}
	oldest, err := d.oldest(ctx, c, t, name)
	if err != nil {
		r.unknown(check, err)
		return
	}
	overdue := d.Now().Sub(oldest)
	const week = 7 * 24 * time.Hour
	most := max(week, d.Settings.SessionCookieAge)
	words := fmt.Sprintf("%s of a sample of %d rows have expired", share(expired, len(s.random)), len(s.random))
	if !oldest.IsZero() && overdue > 0 {
		words += fmt.Sprintf(", and the oldest %d days ago", int(overdue.Hours()/24))
	}
	switch {
	case !oldest.IsZero() && overdue > most && 2*expired >= len(s.random):
		r.warnf(check, remedy, "%s: clearsessions does not run. The table grows without "+
			"end.", sentence(words)[:len(sentence(words))-1])
	case !oldest.IsZero() && overdue > most:
		r.notef(check, remedy, "%s: clearsessions does not run, or rarely.", sentence(words)[:len(sentence(words))-1])
	default:
		r.okf(check, "%s", sentence(words))
	}
}

// oldest returns when the first session expired or will expire; the zero time if the
// database cannot find it quickly.
func (d *Deployment) oldest(ctx context.Context, c *connection, t *table, name string) (time.Time, error) {
	if found, _ := t.hasIndex("expire_date"); !found {
		return time.Time{}, nil
	}
	text, err := c.one(ctx, fmt.Sprintf("SELECT %s FROM %s WHERE %[3]s = (SELECT MIN(%[3]s) FROM %[2]s)",
		c.timeText(c.quote("expire_date")), c.qualified(name), c.quote("expire_date")))
	if err != nil {
		return time.Time{}, err
	}
	return d.date(c, text), nil
}

// date reads a date of a database. It returns the zero time for another text.
func (d *Deployment) date(c *connection, text string) time.Time {
	zone := c.zone()
	if zone == nil {
		name := d.Settings.TimeZone
		if d.Settings.UseTZ {
			name = d.Settings.SessionDatabase.TimeZone // "" is UTC
		}
		var err error
		if zone, err = time.LoadLocation(name); err != nil {
			zone = time.UTC
		}
	}
	at, err := time.ParseInLocation("2006-01-02 15:04:05.999999", strings.Replace(text, "T", " ", 1), zone)
	if err != nil {
		return time.Time{}
	}
	return at
}
