package servers

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// Pooler starts a PgBouncer in front of a PostgreSQL server, in the mode in which each
// transaction may use a different server connection, and with few of them. It returns the
// URL of a database behind it, and a function that stops it. After an error, nothing runs.
func (s *Server) Pooler(database string) (url string, stop func() error, err error) {
	folders, err := programs()
	if err != nil {
		return "", nil, err
	}
	port, err := freePort()
	if err != nil {
		return "", nil, err
	}
	dir, err := os.MkdirTemp("", "djangobridge-pgbouncer")
	if err != nil {
		return "", nil, err
	}
	config := fmt.Sprintf("[databases]\n* = host=127.0.0.1 port=%d user=django\n"+
		"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = %d\nunix_socket_dir =\nauth_type = any\n"+
		"pool_mode = transaction\ndefault_pool_size = 3\nmax_client_conn = 200\n", s.Port, port)
	file := filepath.Join(dir, "pgbouncer.ini")
	args := []string{file}
	err = os.WriteFile(file, []byte(config), 0o644) //nolint:gosec // the program reads it as another user
	if os.Geteuid() == 0 {                          // it refuses to run as root
		args = []string{"--user", "nobody", file}
		nobody, lookupErr := user.Lookup("nobody")
		if err = errors.Join(err, lookupErr); err == nil {
			uid, uidErr := strconv.Atoi(nobody.Uid)
			gid, gidErr := strconv.Atoi(nobody.Gid)
			err = errors.Join(uidErr, gidErr, os.Chown(dir, uid, gid))
		}
	}
	if err != nil {
		return "", nil, errors.Join(err, os.RemoveAll(dir))
	}
	process := exec.CommandContext(context.Background(), filepath.Join(folders[3], "pgbouncer"), args...) //nolint:gosec // our own
	if err := process.Start(); err != nil {
		return "", nil, errors.Join(err, os.RemoveAll(dir))
	}
	stop = func() error {
		err := process.Process.Signal(syscall.SIGTERM)
		_ = process.Wait() // its exit status does not matter
		return errors.Join(err, os.RemoveAll(dir))
	}
	url = fmt.Sprintf("postgres://django@127.0.0.1:%d/%s?sslmode=disable", port, database)
	if err := waitFor(url); err != nil {
		return "", nil, errors.Join(err, stop())
	}
	return url, stop, nil
}

// waitFor waits until a pooler accepts connections.
func waitFor(url string) error {
	db, err := sql.Open("pgx", url)
	if err != nil {
		return err
	}
	defer db.Close() //nolint:errcheck // it was only read
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		if err = db.PingContext(context.Background()); err == nil || time.Now().After(deadline) {
			return err
		}
	}
}
