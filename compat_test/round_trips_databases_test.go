package compat_test

import (
	"context"
	"database/sql"
	"errors"
	"io"
	"net"
	"strconv"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/djangobridge/djangobridge/compat_test/servers"
	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/tables"
)

// tripProxy is a connection to a server that counts round trips: how often the server
// speaks after the client has. What needs no answer, such as the end of a prepared
// statement, may come late, when the call that sent it is over.
type tripProxy struct {
	listener net.Listener
	wg       sync.WaitGroup

	mu       sync.Mutex
	count    int
	isAnswer bool // the server spoke last
}

func newTripProxy(t *testing.T, port int) *tripProxy {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &tripProxy{listener: l}
	w.wg.Go(func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port))) //nolint:noctx // ends with the connection
			if err != nil {
				_ = client.Close()
				return
			}
			w.wg.Go(func() { w.carry(server, client, false) })
			w.wg.Go(func() { w.carry(client, server, true) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		w.wg.Wait()
	})
	return w
}

// carry forwards what one side says.
func (w *tripProxy) carry(to io.WriteCloser, from io.Reader, isAnswer bool) {
	defer to.Close() //nolint:errcheck // it is over
	b := make([]byte, 1<<16)
	for {
		n, err := from.Read(b)
		if err != nil {
			return
		}
		w.mu.Lock()
		if isAnswer && !w.isAnswer {
			w.count++
		}
		w.isAnswer = isAnswer
		w.mu.Unlock()
		if _, err := to.Write(b[:n]); err != nil {
			return
		}
	}
}

// of returns how many round trips a call takes.
func (w *tripProxy) of(t *testing.T, do func() error) int {
	t.Helper()
	w.mu.Lock()
	before := w.count
	w.mu.Unlock()
	if err := do(); err != nil {
		t.Fatal(err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.count - before
}

// TestRoundTripsToTheDatabase counts the round trips of calls that were made before on
// the same connection.
func TestRoundTripsToTheDatabase(t *testing.T) {
	t.Parallel()
	const query, change = 1, 3 // BEGIN, UPDATE, COMMIT
	for _, c := range []struct {
		product, driver, parameters string
		options                     tables.Options
		load, save                  int
	}{
		{product: "mariadb", driver: "mysql", load: query, save: change + 1},
		{product: "mariadb", driver: "mysql", parameters: "?interpolateParams=true", load: query, save: change},
		{product: "mariadb", driver: "mysql", options: tables.Options{NoPreparedStatements: true}, load: query + 1, save: change + 1},
		{
			product: "mariadb", driver: "mysql", parameters: "?interpolateParams=true",
			options: tables.Options{NoPreparedStatements: true}, load: query, save: change,
		},
		{product: "postgresql", driver: "pgx", load: query, save: change},
		{product: "postgresql", driver: "pgx", parameters: "&default_query_exec_mode=exec", load: query, save: change},
		{product: "postgresql", driver: "postgres", load: query + 1, save: change + 1},
		{product: "postgresql", driver: "postgres", parameters: "&binary_parameters=yes", load: query, save: change},
	} {
		t.Run(c.driver+c.parameters+strconv.FormatBool(c.options.NoPreparedStatements), func(t *testing.T) {
			t.Parallel()
			p := goSite(t, newDatabase(t, c.product))
			w := newTripProxy(t, p.base.server.Port)
			addr, _ := w.listener.Addr().(*net.TCPAddr)
			far := &servers.Server{Name: c.product, Port: addr.Port}
			source := far.PostgreSQLURL(p.base.name)
			if c.driver == "mysql" {
				source = far.MariaDBSource(p.base.name)
			}
			db, err := openWithoutPings(c.driver, source+c.parameters)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = db.Close() })
			db.SetMaxOpenConns(1)
			c.options.Dialect = p.base.dialect
			engine, err := tables.New(db, p.sessions.Settings(), c.options)
			if err != nil {
				t.Fatal(err)
			}
			sessions, err := djangosession.NewManager(engine, p.sessions.Settings(), djangosession.Options{})
			if err != nil {
				t.Fatal(err)
			}
			s := sessions.New()
			s.Set("n", 0)
			save(t, s)
			for n := range 4 {
				s.Set("n", n+1) // so that the row changes
				if trips := w.of(t, func() error { return s.Save(t.Context()) }); trips != c.save && n > 1 {
					t.Errorf("save %d took %d round trips, want %d", n, trips, c.save)
				}
				trips := w.of(t, func() error {
					_, err := engine.Load(t.Context(), s.Key())
					return err
				})
				if trips != c.load && n > 1 {
					t.Errorf("load %d took %d round trips, want %d", n, trips, c.load)
				}
			}
		})
	}
}

// openWithoutPings is sql.Open. A connection of pgx does not ping the server before it is
// used again after a second, which would be a round trip more.
func openWithoutPings(driver, source string) (*sql.DB, error) {
	if driver != "pgx" {
		return sql.Open(driver, source)
	}
	config, err := pgx.ParseConfig(source)
	if err != nil {
		return nil, err
	}
	never := func(context.Context, stdlib.ShouldPingParams) bool { return false }
	return stdlib.OpenDB(*config, stdlib.OptionShouldPing(never)), nil
}

// TestLoadsSurviveChangesOfTheTable alters the table between loads.
func TestLoadsSurviveChangesOfTheTable(t *testing.T) {
	t.Parallel()
	for product, kind := range map[string]string{
		"mariadb": "MODIFY session_data mediumtext NOT NULL", "postgresql": "ALTER COLUMN session_data TYPE varchar",
	} {
		t.Run(product, func(t *testing.T) {
			t.Parallel()
			p := goSite(t, newDatabase(t, product))
			s := p.sessions.New()
			s.Set("n", 1)
			save(t, s)
			for _, change := range []string{
				"ADD COLUMN more integer NULL", kind, "DROP COLUMN more", "RENAME TO other", "RENAME TO django_session",
			} {
				table := "django_session"
				if change == "RENAME TO django_session" {
					table = "other"
				}
				var want error
				if change == "RENAME TO other" {
					want = tables.ErrNoTable
				}
				for range 3 { // prepared before, and afterwards
					if _, err := p.engine.Load(t.Context(), s.Key()); err != nil && table == "django_session" {
						t.Fatalf("before %q: %v", change, err)
					}
				}
				p.base.run(t, "ALTER TABLE "+table+" "+change)
				if _, err := p.engine.Load(t.Context(), s.Key()); !errors.Is(err, want) {
					t.Fatalf("after %q: %v", change, err)
				}
			}
		})
	}
}

// TestLoadsWorkOnAServerThatPreparesNothing lowers the limit of a server.
func TestLoadsWorkOnAServerThatPreparesNothing(t *testing.T) {
	t.Parallel()
	server, err := servers.New(chosen("mariadb")) // of its own, because the limit is for all
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Remove(); err != nil {
			t.Error(err)
		}
	})
	p := goSite(t, databaseOn(t, server))
	s := p.sessions.New()
	s.Set("n", 1)
	save(t, s)
	p.base.run(t, "SET GLOBAL max_prepared_stmt_count = 0")
	db, err := sql.Open("mysql", server.MariaDBSource(p.base.name)+"?interpolateParams=true")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	engine, err := tables.New(db, p.sessions.Settings(), tables.Options{Dialect: p.base.dialect})
	if err != nil {
		t.Fatal(err)
	}
	for range 4 {
		if _, err := engine.Load(t.Context(), s.Key()); err != nil {
			t.Fatal(err)
		}
	}
}
