package servers

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// initMariaDB prepares a server, whose programs may want further options.
func (s *Server) initMariaDB(bin, installBin string, options ...string) error {
	me, err := user.Current()
	if err != nil {
		return err
	}
	data := filepath.Join(s.dir, "data")
	program := filepath.Join(installBin, "mariadb-install-db")
	cmd := exec.CommandContext(context.Background(), program, append([]string{ //nolint:gosec // the tests' own
		"--no-defaults", "--user=" + me.Username, "--datadir=" + data, "--tmpdir=" + s.dir, "--auth-root-authentication-method=normal",
		"--skip-test-db",
	}, options...)...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("mariadb-install-db: %w\n%s", err, out)
	}
	s.command = func() *exec.Cmd {
		return exec.CommandContext(context.Background(), filepath.Join(bin, "mariadbd"), //nolint:gosec // as above
			append(s.mariaDBOptions(me.Username, data), options...)...)
	}
	return nil
}

// mariaDBOptions are those that MariaDB and MySQL share. A server that starts deletes the
// temporary tables in its tmpdir, also those of another server. The path of its socket
// has to be short, and is relative to its data.
func (s *Server) mariaDBOptions(username, data string) []string {
	return []string{
		"--no-defaults", "--user=" + username, "--datadir=" + data, "--port=" + strconv.Itoa(s.Port), "--bind-address=127.0.0.1",
		"--socket=sock", "--pid-file=" + filepath.Join(s.dir, "pid"), "--skip-log-bin",
		"--tmpdir=" + s.dir,
		"--innodb-flush-log-at-trx-commit=2", "--character-set-server=utf8mb4", "--max-connections=300",
		"--loose-innodb-buffer-pool-size=128M",
	}
}

// initMySQL prepares a server that has its messages and character sets in the folder
// share.
func (s *Server) initMySQL(bin, share string) error {
	me, err := user.Current()
	if err != nil {
		return err
	}
	data := filepath.Join(s.dir, "data")
	options := append(s.mariaDBOptions(me.Username, data),
		"--lc-messages-dir="+share, "--character-sets-dir="+filepath.Join(share, "charsets"), "--loose-mysqlx=OFF",
		"--secure-file-priv=NULL")
	program := filepath.Join(bin, "mysqld")
	cmd := exec.CommandContext(context.Background(), program, append(options, "--initialize-insecure")...) //nolint:gosec // as above
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("mysqld --initialize-insecure: %w\n%s", err, out)
	}
	s.command = func() *exec.Cmd {
		return exec.CommandContext(context.Background(), program, options...) //nolint:gosec // as above
	}
	return nil
}

// initPostgreSQL prepares a PostgreSQL server. PostgreSQL refuses to run as root, so root
// runs it as the user nobody.
func (s *Server) initPostgreSQL(bin string) error {
	var as *syscall.SysProcAttr
	if os.Geteuid() == 0 {
		nobody, err := user.Lookup("nobody")
		if err != nil {
			return err
		}
		uid, uidErr := strconv.ParseUint(nobody.Uid, 10, 32)
		gid, gidErr := strconv.ParseUint(nobody.Gid, 10, 32)
		if err := errors.Join(uidErr, gidErr, os.Chown(s.dir, int(uid), int(gid))); err != nil {
			return err
		}
		as = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
	}
	data := filepath.Join(s.dir, "data")
	cmd := exec.CommandContext(context.Background(), filepath.Join(bin, "initdb"), //nolint:gosec // as above
		"--pgdata="+data, "--auth=trust", "--username=django", "--encoding=UTF8", "--locale=C", "--no-sync")
	cmd.SysProcAttr, cmd.Dir = as, s.dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, out)
	}
	s.command = func() *exec.Cmd {
		cmd := exec.CommandContext(context.Background(), filepath.Join(bin, "postgres"), "-D", data, //nolint:gosec // as above
			"-p", strconv.Itoa(s.Port), "-c", "listen_addresses=127.0.0.1", "-k", "",
			"-c", "synchronous_commit=off", "-c", "max_connections=300")
		cmd.SysProcAttr, cmd.Dir = as, s.dir
		return cmd
	}
	return nil
}
