package compat_test

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
)

// The limits that large tables must keep. They hold on a machine that does nothing else.
const (
	scaleMemory = 64 << 20              // bytes of a command, whatever the size of the table
	scaleLogin  = 20 * time.Millisecond // of 99 % of the logins beside clearsessions
)

// scaleUser is a user with few sessions among many.
const scaleUser, scaleSessions = "4242", 50

// TestCommandsOnManyRows lists, deletes and clears sessions of tables with COMPAT_MANY_ROWS
// rows from the command line, while visitors log in. It logs the speed. Memory is
// always checked, and logins if the variable is set.
func TestCommandsOnManyRows(t *testing.T) {
	n := manyRows(t)
	tool, err := doctorTool()
	if err != nil {
		t.Fatal(err)
	}
	for _, product := range databases() {
		t.Run(product, func(t *testing.T) { // one after the other
			f := newManyRows(t, product, n)
			s := &scaleSite{front: f, tool: tool, rows: n}
			s.addUser(t)
			s.list(t)
			s.deleteUser(t)
			s.clear(t)
			if s.memory == 0 {
				t.Error("no memory was measured")
			}
		})
	}
}

// scaleSite is a site with many rows.
type scaleSite struct {
	*front

	tool   string
	rows   int
	memory int64 // the most of a command, in bytes
}

// addUser logs scaleUser in.
func (s *scaleSite) addUser(t *testing.T) {
	t.Helper()
	site := s.open(t, false)
	for range scaleSessions {
		session := site.Sessions.New()
		session.Set("_auth_user_id", scaleUser)
		if err := session.Save(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	s.rows += scaleSessions
}

// run runs a command and logs its speed. It returns the command's output.
func (s *scaleSite) run(t *testing.T, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), s.tool, append(args, "--settings", s.file(), s.base.url())...)
	var out, errs bytes.Buffer
	lines := &lineCounter{last: &out}
	cmd.Stdout, cmd.Stderr = lines, &errs
	start := time.Now()
	memory, err := runMeasured(cmd)
	took := time.Since(start)
	if status := cmd.ProcessState.ExitCode(); status > 1 || status == 1 && !strings.Contains(errs.String(), " not read: ") {
		t.Fatalf("%v: %v\n%s%s", args, err, out.String(), errs.String())
	}
	rows := float64(s.rows)
	if m := clearedRows.FindStringSubmatch(out.String()); m != nil {
		rows, _ = strconv.ParseFloat(strings.ReplaceAll(m[1], ",", ""), 64)
	}
	t.Logf("%s: %s: %.0f rows in %v, %.0f rows/s, CPU %v, %d MB", s.base.product, strings.Join(args, " "), rows,
		took.Round(time.Millisecond), rows/took.Seconds(), (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Round(time.Millisecond), memory>>20)
	s.memory = max(s.memory, memory)
	if memory > scaleMemory {
		t.Errorf("%v takes %d MB", args, memory>>20)
	}
	return strconv.Itoa(lines.n) + " lines\n" + out.String()
}

// runMeasured runs a command, and returns the most memory that it had, in bytes. The
// figure of the system at its end would contain the memory of the test itself.
func runMeasured(cmd *exec.Cmd) (memory int64, err error) {
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for {
		if found := peakMemory.FindSubmatch(statusOf(cmd)); found != nil {
			kilobytes, _ := strconv.ParseInt(string(found[1]), 10, 64)
			memory = kilobytes << 10
		}
		select {
		case err := <-ended:
			return memory, err
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// peakMemory matches what Linux says about the memory of a process.
var peakMemory = regexp.MustCompile(`VmHWM:\s+(\d+) kB`)

func statusOf(cmd *exec.Cmd) []byte {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", cmd.Process.Pid))
	if err != nil { // it has ended
		return nil
	}
	return data
}

// clearedRows matches what clearsessions prints.
var clearedRows = regexp.MustCompile(`^([0-9,]+) expired sessions? deleted`)

// lineCounter counts lines, and keeps the beginning of the text.
type lineCounter struct {
	n    int
	last *bytes.Buffer
}

func (c *lineCounter) Write(b []byte) (int, error) {
	c.n += bytes.Count(b, []byte("\n"))
	if c.last.Len() < 1000 {
		c.last.Write(b)
	}
	return len(b), nil
}

func (s *scaleSite) list(t *testing.T) {
	t.Helper()
	if out := s.run(t, "sessions", "list"); !strings.HasPrefix(out, strconv.Itoa(s.rows+1)+" lines\n") {
		t.Errorf("want %d lines and a heading: %.200s", s.rows, out)
	}
	if out := s.run(t, "sessions", "list", "--user", scaleUser); !strings.HasPrefix(out, strconv.Itoa(scaleSessions+1)+" lines\n") {
		t.Errorf("want %d lines and a heading: %.200s", scaleSessions, out)
	}
}

func (s *scaleSite) deleteUser(t *testing.T) {
	t.Helper()
	if out := s.run(t, "sessions", "delete", "--user", scaleUser); !strings.Contains(out, strconv.Itoa(scaleSessions)+" sessions deleted") {
		t.Errorf("want %d deleted: %.200s", scaleSessions, out)
	}
	s.rows -= scaleSessions
}

// clear runs clearsessions while visitors log in, and compares their waiting time with
// that before.
func (s *scaleSite) clear(t *testing.T) {
	t.Helper()
	alone, stop := context.WithTimeout(t.Context(), min(time.Duration(s.rows)*10*time.Microsecond, 10*time.Second))
	defer stop()
	before := s.logins(t, alone.Done())
	end := make(chan struct{})
	var beside []time.Duration
	var logins sync.WaitGroup
	logins.Go(func() { beside = s.logins(t, end) })
	s.run(t, "clearsessions")
	close(end)
	logins.Wait()
	t.Logf("%s: a login alone takes %s, beside clearsessions %s", s.base.product, percentiles(before), percentiles(beside))
	if slow := percentile(beside, 99); slow > scaleLogin && os.Getenv(manyRowsVariable) != "" {
		t.Errorf("1 %% of the logins take more than %v", slow)
	}
	left, err := s.open(t, false).Sessions.ClearExpired(t.Context(), djangosession.ClearOptions{DryRun: true})
	if left > int64(s.rows/1000) || err != nil { // some have expired in the meantime
		t.Errorf("%d expired sessions are left, %v", left, err)
	}
}

// logins writes what a login writes, a new session and its change, until the end.
// For SQLite it waits for locks as Python's module does.
func (s *scaleSite) logins(t *testing.T, end <-chan struct{}) []time.Duration {
	t.Helper()
	db := s.base.open(t)
	if s.base.product == "sqlite" {
		patient, err := sql.Open("sqlite3", "file:"+filepath.ToSlash(s.base.name)+"?_busy_timeout=5000&_synchronous=FULL")
		if err != nil {
			t.Error(err)
			return nil
		}
		defer patient.Close() //nolint:errcheck // it is only a test's
		db = patient
	}
	db.SetMaxOpenConns(1)
	numbered := func(statement string) string {
		if s.base.product == "postgresql" {
			statement = strings.Replace(strings.Replace(statement, "?", "$1", 1), "?", "$2", 1)
		}
		return statement
	}
	data := "'" + strings.Repeat("x", 300) + "'"
	insert := numbered("INSERT INTO django_session (session_key, session_data, expire_date) VALUES (?, " + data + ", ?)")
	update := numbered("UPDATE django_session SET session_data = " + data + ", expire_date = ? WHERE session_key = ?")
	expires := time.Now().UTC().Add(14 * 24 * time.Hour).Format("2006-01-02 15:04:05")
	var all []time.Duration
	for {
		select {
		case <-end:
			return all
		case <-time.After(5 * time.Millisecond):
		}
		key, start := djangosession.NewKey(), time.Now()
		_, err := db.ExecContext(t.Context(), insert, key, expires)
		if err == nil {
			_, err = db.ExecContext(t.Context(), update, expires, key)
		}
		if err != nil {
			t.Error(err)
			return all
		}
		all = append(all, time.Since(start))
	}
}

func percentiles(d []time.Duration) string {
	return fmt.Sprintf("%v in the median, %v at 99 %%, at most %v (%d logins)", percentile(d, 50), percentile(d, 99), percentile(d, 100), len(d))
}

func percentile(d []time.Duration, p int) time.Duration {
	if len(d) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(d))
	return sorted[(len(sorted)-1)*p/100].Round(10 * time.Microsecond)
}
