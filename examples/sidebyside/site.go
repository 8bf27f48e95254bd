package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// The Django project. It is copied into the folder, so that the program runs without this
// repository.
//
//go:embed site/*.py site/*.txt site/shop/*.py site/shop/*/*.py site/shop/*/*/*.py site/shop/templates site/shop/static
var project embed.FS

// site is the Django half, in a folder of its own.
type site struct {
	options
	root      *os.Root
	lock      *os.File
	interpret string // the Python that has Django
	password  string // the initial password of all users
	redis     string // URL of the Redis server; "" without one
}

// openSite creates or reopens the folder and locks it against other processes. The caller
// must close the site.
func openSite(o options) (_ *site, err error) {
	if o.dir, err = filepath.Abs(o.dir); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(o.dir, 0o700); err != nil {
		return nil, err
	}
	s := &site{options: o}
	if s.root, err = os.OpenRoot(o.dir); err != nil {
		return nil, err
	}
	if err := s.begin(); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

func (s *site) begin() (err error) {
	if s.lock, err = s.root.OpenFile("lock", os.O_CREATE|os.O_RDWR, 0o600); err != nil {
		return err
	}
	free, err := lockFile(s.lock)
	if err != nil {
		return err
	}
	if !free {
		return fmt.Errorf("%s is in use by another run of this: end that, or choose another folder with -dir", s.dir)
	}
	if err := s.root.MkdirAll("sessions", 0o700); err != nil {
		return err
	}
	if s.password, err = s.kept("password", "kettle-"+strings.ToLower(rand.Text()[:10])); err != nil {
		return err
	}
	if s.secretKey == "" {
		if s.secretKey, err = s.kept("secret_key", rand.Text()+rand.Text()); err != nil {
			return err
		}
	}
	// The project is written again, so that the folder has the files of this version of
	// the program.
	if err := s.root.RemoveAll("site"); err != nil {
		return err
	}
	return os.CopyFS(s.dir, project)
}

func (s *site) close() {
	if s.lock != nil {
		_ = s.lock.Close() // closing unlocks it
	}
	_ = s.root.Close()
}

func (s *site) path(name string) string { return filepath.Join(s.dir, name) }

// needsRedis reports whether sessions are in a cache.
func (s *site) needsRedis() bool { return s.engine == "cache" || s.engine == "cached_db" }

func (s *site) database() string { return s.path("db.sqlite3") }

// kept returns the content of a file in the folder. The first time it creates the file
// with the content fresh.
func (s *site) kept(name, fresh string) (string, error) {
	text, err := s.root.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		text, err = []byte(fresh), s.root.WriteFile(name, []byte(fresh), 0o600)
	}
	return string(text), err
}

// prepare creates missing tables and users.
func (s *site) prepare(ctx context.Context) error {
	_, err := s.output(s.command(ctx, s.interpret, "manage.py", "prepare"))
	return err
}

// command returns a command that runs in the project's folder with its environment. The
// command and its children end with ctx.
func (s *site) command(ctx context.Context, name string, args ...string) *exec.Cmd {
	fallbacks, _ := json.Marshal(s.fallbacks)      //nolint:errchkjson // strings
	cmd := exec.CommandContext(ctx, name, args...) //nolint:gosec // Python
	cmd.Dir = s.path("site")
	cmd.Env = append(os.Environ(),
		"PYTHONUNBUFFERED=1",
		"SHOP_DATABASE="+s.database(),
		"SHOP_PASSWORD="+s.password,
		"SHOP_SECRET_KEY="+s.secretKey,
		"SHOP_SECRET_KEY_FALLBACKS="+string(fallbacks),
		"SHOP_ENGINE="+s.engine,
		"SHOP_REDIS="+s.redis,
		"SHOP_SESSION_AGE="+strconv.Itoa(int(s.sessionAge/time.Second)),
	)
	groupAlone(cmd) // this program ends what it has started
	cmd.WaitDelay = 5 * time.Second
	return cmd
}

// output runs a command. Its error contains the command's error output.
func (*site) output(cmd *exec.Cmd) ([]byte, error) {
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%s: %w\n%s%s", strings.Join(cmd.Args, " "), err, out, stderr.Bytes())
	}
	return out, nil
}
