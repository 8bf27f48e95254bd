// Package servers runs private database servers for tests and benchmarks. Each has a
// temporary folder of its own and a free port of 127.0.0.1.
package servers

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"

	_ "github.com/go-sql-driver/mysql" // Open uses it
	_ "github.com/jackc/pgx/v5/stdlib" // Open uses it
)

// Products for which New prepares servers.
const (
	MariaDB    = "mariadb"
	PostgreSQL = "postgresql"
)

// Others are versions that Debian stable does not have. The script env/databases gets
// them.
const (
	MySQL9       = "mysql-9"
	MariaDB11    = "mariadb-11"
	PostgreSQL17 = "postgresql-17"
	PostgreSQL18 = "postgresql-18"
)

// Product returns the product whose protocol a server of this name speaks: MariaDB, also
// for MySQL, PostgreSQL, or the name of a cache.
func Product(name string) string {
	if isCache(name) {
		return name
	}
	if strings.HasPrefix(name, PostgreSQL) {
		return PostgreSQL
	}
	return MariaDB
}

// A Server is a private database server. Its databases survive Stop and Start; Remove
// deletes them.
type Server struct {
	Name    string // as New was told
	Product string // MariaDB or PostgreSQL; see Product
	Port    int

	dir     string
	options []string
	command func() *exec.Cmd
	process *exec.Cmd
	ended   chan struct{} // closed when process has ended
	output  bytes.Buffer
}

// errEnded reports that a server has ended by itself.
var errEnded = errors.New("the server has ended")

// New prepares a server of this name and starts it, with further options of its command
// line if it is a cache. The caller must remove it.
func New(name string, options ...string) (*Server, error) {
	s, err := start(name, options...)
	for range 2 { // another program may have taken the free port in between
		if !errors.Is(err, errEnded) {
			break
		}
		s, err = start(name, options...)
	}
	return s, err
}

func start(name string, options ...string) (*Server, error) {
	s := &Server{Name: name, Product: Product(name), options: options}
	var err error
	if s.dir, err = os.MkdirTemp("", "djangobridge-"+name); err != nil {
		return nil, err
	}
	if s.Port, err = freePort(); err == nil {
		err = s.init()
	}
	if err == nil {
		err = s.Start()
	}
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(s.dir))
	}
	return s, nil
}

// init prepares the server's files and its command.
func (s *Server) init() error {
	if isCache(s.Name) {
		return s.initCache()
	}
	if s.Name == MariaDB || s.Name == PostgreSQL {
		folders, err := programs()
		switch {
		case err != nil:
			return err
		case s.Name == MariaDB:
			return s.initMariaDB(folders[0], folders[1])
		}
		return s.initPostgreSQL(folders[2])
	}
	folders, err := script("databases", 2, s.Name)
	switch {
	case err != nil:
		return err
	case s.Name == MySQL9:
		return s.initMySQL(folders[0], folders[1])
	case s.Name == MariaDB11:
		return s.initMariaDB(filepath.Join(folders[0], "sbin"), filepath.Join(folders[0], "bin"), "--basedir="+folders[0])
	}
	return s.initPostgreSQL(folders[0])
}

// programs are the folders that the script env/servers prints.
var programs = sync.OnceValues(func() ([]string, error) { //nolint:gochecknoglobals // looked up once
	return script("servers", 6)
})

// script returns the last lines that a script in env prints. It looks for the script from
// the working directory upwards.
func script(name string, lines int, args ...string) ([]string, error) {
	dir, err := filepath.Abs(".")
	if err != nil {
		return nil, err
	}
	program := ""
	for program == "" {
		file := filepath.Join(dir, "env", name)
		if info, err := os.Stat(file); err == nil && info.Mode().IsRegular() {
			program = file
		} else if dir == filepath.Dir(dir) {
			return nil, fmt.Errorf("servers: env/%s is in no folder above the working directory", name)
		}
		dir = filepath.Dir(dir)
	}
	cmd := exec.CommandContext(context.Background(), program, args...) //nolint:gosec // the tests' own
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%w\n%s", err, stderr.String())
	}
	all := strings.Split(strings.TrimSpace(string(out)), "\n")
	if len(all) < lines {
		return nil, fmt.Errorf("env/%s printed %q", name, out)
	}
	return all[len(all)-lines:], nil
}

func freePort() (int, error) {
	l, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	addr, _ := l.Addr().(*net.TCPAddr)
	return addr.Port, l.Close()
}

// Open opens a database of the server with the drivers' defaults. The name "" selects the
// database that always exists.
func (s *Server) Open(database string) (*sql.DB, error) {
	if s.Product == MariaDB {
		return sql.Open("mysql", s.MariaDBSource(database))
	}
	if database == "" {
		database = "postgres"
	}
	return sql.Open("pgx", s.PostgreSQLURL(database))
}

// MariaDBSource returns the data source name of a database for
// github.com/go-sql-driver/mysql, without parameters.
func (s *Server) MariaDBSource(database string) string {
	return fmt.Sprintf("root@tcp(127.0.0.1:%d)/%s", s.Port, database)
}

// PostgreSQLURL returns the data source name of a database for github.com/jackc/pgx and
// github.com/lib/pq. It has one parameter.
func (s *Server) PostgreSQLURL(database string) string {
	return fmt.Sprintf("postgres://django@127.0.0.1:%d/%s?sslmode=disable", s.Port, database)
}

// Start starts the server and waits until it accepts connections. It refuses to start a
// server that runs, whose process would be forgotten.
func (s *Server) Start() error {
	if s.runs() {
		return fmt.Errorf("servers: %s runs already: stop it first", s.Name)
	}
	process := s.command()
	s.output.Reset()
	process.Stdout, process.Stderr = &s.output, &s.output
	endWithThread(process, s.killSignal())
	started, ended := make(chan error), make(chan struct{})
	go func() {
		runtime.LockOSThread() // until the server has ended, or this program
		defer runtime.UnlockOSThread()
		err := process.Start()
		started <- err
		if err == nil {
			_ = process.Wait() // its exit status does not matter
			close(ended)
		}
	}()
	if err := <-started; err != nil {
		return err
	}
	s.process, s.ended = process, ended
	err := s.awaitConnections()
	if err != nil {
		err = fmt.Errorf("%s does not come up: %w", s.Name, errors.Join(err, s.Stop()))
		return fmt.Errorf("%w\n%s", err, s.output.String())
	}
	return nil
}

// runs reports whether the server was started and has not ended, also by itself.
func (s *Server) runs() bool {
	if s.process == nil {
		return false
	}
	select {
	case <-s.ended:
		return false
	default:
		return true
	}
}

func (s *Server) awaitConnections() error {
	if isCache(s.Name) {
		return s.awaitCache()
	}
	admin, err := s.Open("")
	if err != nil {
		return err
	}
	defer admin.Close() //nolint:errcheck // it was only read
	for deadline := time.Now().Add(time.Minute); ; {
		if err = admin.PingContext(context.Background()); err == nil || time.Now().After(deadline) {
			return err
		}
		select {
		case <-s.ended:
			return errors.Join(errEnded, err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// stopTimeout is how long a server may take to end. PostgreSQL syncs the file of each
// table that the tests made, more than 20,000 of them, which takes 40 s on a slow disk.
const stopTimeout = 3 * time.Minute

// Stop ends the server as its administrator would.
func (s *Server) Stop() error {
	if s.process == nil {
		return nil
	}
	// PostgreSQL waits for its clients on SIGTERM but not on SIGINT. MariaDB handles only
	// SIGTERM.
	signal := syscall.SIGTERM
	if s.Product == PostgreSQL {
		signal = syscall.SIGINT
	}
	process := s.process.Process
	s.process = nil
	if err := process.Signal(signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case <-s.ended:
		return nil
	case <-time.After(stopTimeout):
		err := process.Kill()
		<-s.ended
		return errors.Join(fmt.Errorf("%s does not end", s.Name), err)
	}
}

// Kill ends the server without time to write anything, like a crash of its processes.
func (s *Server) Kill() error {
	if s.process == nil {
		return nil
	}
	process := s.process.Process
	s.process = nil
	if err := process.Signal(s.killSignal()); err != nil {
		return err
	}
	<-s.ended
	return nil
}

// killSignal is the signal for that. PostgreSQL's also ends its children, which would
// otherwise keep the server from starting again.
func (s *Server) killSignal() syscall.Signal {
	if s.Product == PostgreSQL {
		return syscall.SIGQUIT
	}
	return syscall.SIGKILL
}

// Remove stops the server and deletes all its files.
func (s *Server) Remove() error { return errors.Join(s.Stop(), os.RemoveAll(s.dir)) }
