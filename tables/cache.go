package tables

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/djangobridge/djangobridge/caches"
	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/internal/release"
)

// CacheBackend is the BACKEND of a [Cache].
const CacheBackend = "django.core.cache.backends.db.DatabaseCache"

// maxCacheKeyLength is the size of the column cache_key in characters.
const maxCacheKeyLength = 255

// CacheOptions describe the table of a [Cache], as far as the settings do not. All of
// them may be left out with settings that [djangosession.SettingsScript] printed.
type CacheOptions struct {
	// These are the fields of [Options] for the database of the cache. The defaults are
	// those of Settings.SessionCache.Database.
	Dialect              Dialect
	Schema               string
	DatabaseTimeZone     *time.Location
	LockWait             time.Duration
	NoPreparedStatements bool
}

// A Cache keeps values in a table, in the format of Django's DatabaseCache. It implements
// [caches.Cache], [caches.Lister] and [caches.Timer]. The command createcachetable makes
// the table.
//
// Django's cache has room for MAX_ENTRIES values, 300 by default. Each time that Django
// stores a value while there are more, it removes expired values, and if there are still
// more, a third of all values; see CULL_FREQUENCY. If those are sessions, visitors are
// logged out. This cache does the same, but only when it stores a new value. Set
// MAX_ENTRIES to more than the number of sessions.
//
// Values expire at a whole second. Django loses values that the database refuses without
// an error; here, that is an error.
type Cache struct {
	conn
	names      *names
	format     *caches.Pickle
	strict     bool // base64 must be on one line
	maxEntries int
	frequency  int // CULL_FREQUENCY: one of so many is removed; 0 removes all
	get        keyQuery
}

var (
	_ caches.Lister = (*Cache)(nil)
	_ caches.Timer  = (*Cache)(nil)
)

// NewCache returns the database cache that Settings.SessionCache describes, on db, which
// the caller opens and closes. That must be the database that Django's routers choose for
// the cache: see Settings.SessionCache.Database. Of OPTIONS, MAX_ENTRIES and
// CULL_FREQUENCY have an effect, as in Django. NewCache does not use the database; see
// [Cache.Check]. The error is a [*djangosession.SettingError] except for a database that
// is nil.
func NewCache(db *sql.DB, s djangosession.Settings, o CacheOptions) (*Cache, error) {
	settings := &s.SessionCache
	if settings.Backend != CacheBackend {
		return nil, cacheError(&s, fmt.Sprintf("has the BACKEND %q, not %s", settings.Backend, CacheBackend))
	}
	if len(settings.Location) != 1 || settings.Location[0] == "" || strings.ContainsAny(settings.Location[0], "\x00\"`") {
		return nil, cacheError(&s, fmt.Sprintf("has the LOCATION %q: it must be the name of one table", settings.Location))
	}
	from := source{setting: "SESSION_CACHE", options: "CacheOptions", database: &settings.Database}
	c, err := newConn(db, s, from, connOptions{o.Dialect, o.DatabaseTimeZone, o.LockWait, o.NoPreparedStatements})
	if err != nil {
		return nil, err
	}
	format, err := caches.NewPickle(s)
	if err != nil {
		return nil, err
	}
	version, err := release.Parse(s.DjangoVersion)
	if err != nil {
		return nil, &djangosession.SettingError{Setting: "DJANGO_VERSION", Problem: err.Error()}
	}
	culling := caches.NewCulling(settings.Options)
	made := &Cache{
		conn: c, names: newCacheNames(c.dialect, o.Schema, settings.Location[0]), format: format,
		strict: version.DecodesStrictBase64(), maxEntries: culling.MaxEntries, frequency: culling.Frequency,
	}
	made.get = made.newGetQuery()
	return made, nil
}

// cacheError reports a problem with the cache of the sessions in CACHES.
func cacheError(s *djangosession.Settings, problem string) error {
	return &djangosession.SettingError{Setting: "CACHES", Problem: fmt.Sprintf("the cache %q %s", s.SessionCache.Alias, problem)}
}

// newCacheNames returns the names of a cache's table and columns.
func newCacheNames(d Dialect, schema, table string) *names {
	q := newNames(d, schema, table)
	q.key, q.data, q.expire = d.quote("cache_key"), d.quote("value"), d.quote("expires")
	return q
}

// DDL returns the statements with which createcachetable creates the table.
func (c *Cache) DDL() []string { return c.dialect.createCacheTable(c.names) }

// CreateTable runs [Cache.DDL]. It is for tests and demonstrations. Matches the command
// createcachetable.
func (c *Cache) CreateTable(ctx context.Context) error {
	for _, statement := range c.DDL() {
		if _, err := c.exec(ctx, "create the cache table", statement); err != nil {
			return err
		}
	}
	return nil
}

// Check implements [caches.Cache]. It reports whether the table exists, and has the
// columns that it needs and no others that a new row must set. As with [Engine.Check], it
// also reports whether connections keep what they confirm ([ErrNotDurable]). The error is
// an [*Error].
func (c *Cache) Check(ctx context.Context) error {
	op := "check the cache table " + c.names.plain
	a := args{dialect: c.dialect}
	query := c.dialect.columns(&a, c.names)
	columns, err := queryAll(ctx, &c.conn, op, query, a.values, func(rows *sql.Rows) (found column, err error) {
		err = rows.Scan(&found.name, &found.required)
		return found, err
	})
	if err != nil {
		return err
	}
	if len(columns) == 0 {
		return &Error{Op: op, Kind: ErrNoTable}
	}
	needed := []string{"cache_key", "value", "expires"}
	for _, name := range needed {
		if !slices.ContainsFunc(columns, func(c column) bool { return c.name == name }) {
			return &Error{Op: op, Kind: &ColumnError{Column: name, Missing: true}}
		}
	}
	for _, found := range columns {
		if found.required && !slices.Contains(needed, found.name) {
			return &Error{Op: op, Kind: fmt.Errorf("%w: the column %q must not be empty", ErrColumn, found.name)}
		}
	}
	return c.dialect.durable(ctx, &c.conn, op, c.names)
}

// CheckKey implements [caches.Cache].
func (c *Cache) CheckKey(key string) error {
	if !c.possible(key) {
		return djangosession.ErrBadKey
	}
	return nil
}

// possible reports whether a row can have this key.
func (*Cache) possible(key string) bool {
	return possibleKey(key) && utf8.RuneCountInString(key) <= maxCacheKeyLength
}

// TimesLeft implements [caches.Timer].
func (c *Cache) TimesLeft() bool { return true }

// tooLong makes a value that the database cannot store a [caches.ErrTooLarge].
func tooLong(err error) error {
	if errors.Is(err, ErrTooLong) {
		return fmt.Errorf("%w: %w", caches.ErrTooLarge, err)
	}
	return err
}
