package main

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/djangobridge/djangobridge/fixtures"
	"github.com/djangobridge/djangobridge/internal/sqlitedriver"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"djangosession": main})
}

// The files in testdata/script use these commands besides the usual ones:
//
//	site FILE            make the database of the newest release's demo.sql
//	sql FILE STATEMENT   run a statement; rows go to standard output, values separated by |
//	await FILE STATEMENT wait until a statement, which gives a number, gives another one than 0
//	damage FROM TO       copy a database, with bytes of its first table overwritten
//	exits N PROGRAM ...  run a program that has to end with this status
//	lock FILE            lock a database until the script ends
//	longsession FILE N   write a line of JSON: a session with a text of N bytes
//	trim FILE            remove the end of the last line
//	bytes FILE HEX       write bytes
//	expand FILE          replace $WORK in a file with the folder of the script
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("GORACE", "atexit_sleep_ms=0") // the race detector keeps every process for a second
			return nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"site":        scriptSite,
			"sql":         scriptSQL,
			"damage":      scriptDamage,
			"await":       scriptAwait,
			"exits":       scriptExits,
			"lock":        scriptLock,
			"longsession": scriptLongSession,
			"expand":      scriptExpand,
			"trim":        scriptTrim,
			"bytes":       scriptBytes,
		},
	})
}

func scriptSite(ts *testscript.TestScript, _ bool, args []string) {
	_, err := scriptOpen(ts, args[0]).ExecContext(context.Background(), fixtures.DemoSQL)
	ts.Check(err)
}

func scriptOpen(ts *testscript.TestScript, file string) *sql.DB {
	db, err := sql.Open(sqlitedriver.Name, sqlitedriver.DataSource(ts.MkAbs(file), nil))
	ts.Check(err)
	ts.Defer(func() { _ = db.Close() })
	return db
}

func scriptSQL(ts *testscript.TestScript, _ bool, args []string) {
	db := scriptOpen(ts, args[0])
	rows, err := db.QueryContext(context.Background(), args[1])
	ts.Check(err)
	defer func() { ts.Check(rows.Close()); ts.Check(db.Close()) }()
	columns, err := rows.Columns()
	ts.Check(err)
	var out strings.Builder
	for rows.Next() {
		values := make([]sql.NullString, len(columns))
		targets := make([]any, len(columns))
		for i := range values {
			targets[i] = &values[i]
		}
		ts.Check(rows.Scan(targets...))
		texts := make([]string, len(columns))
		for i := range values {
			texts[i] = values[i].String
		}
		fmt.Fprintln(&out, strings.Join(texts, "|"))
	}
	ts.Check(rows.Err())
	_, err = ts.Stdout().Write([]byte(out.String()))
	ts.Check(err)
}

func scriptAwait(ts *testscript.TestScript, _ bool, args []string) {
	db := scriptOpen(ts, args[0])
	for range 1000 {
		var n int
		if err := db.QueryRowContext(context.Background(), args[1]).Scan(&n); err == nil && n != 0 {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	ts.Fatalf("it did not happen: %s", args[1])
}

func scriptDamage(ts *testscript.TestScript, _ bool, args []string) {
	data, err := os.ReadFile(ts.MkAbs(args[0]))
	ts.Check(err)
	const header = 100 // bytes, which stay
	for i := header; i < len(data); i++ {
		data[i] = 0xA5
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), data, 0o600))
}

func scriptExits(ts *testscript.TestScript, _ bool, args []string) {
	got := 0
	err := ts.Exec(args[1], args[2:]...)
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if strconv.Itoa(got) != args[0] {
		ts.Fatalf("status %d, want %s", got, args[0])
	}
}

func scriptLock(ts *testscript.TestScript, _ bool, args []string) {
	db := scriptOpen(ts, args[0])
	db.SetMaxOpenConns(1)
	_, err := db.ExecContext(context.Background(), "BEGIN EXCLUSIVE")
	ts.Check(err)
}

func scriptExpand(ts *testscript.TestScript, _ bool, args []string) {
	text := strings.ReplaceAll(ts.ReadFile(args[0]), "$WORK", ts.Getenv("WORK"))
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(text), 0o600))
}

func scriptTrim(ts *testscript.TestScript, _ bool, args []string) {
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(strings.TrimSuffix(ts.ReadFile(args[0]), "\n")), 0o600))
}

func scriptBytes(ts *testscript.TestScript, _ bool, args []string) {
	data, err := hex.DecodeString(args[1])
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), data, 0o600))
}

func scriptLongSession(ts *testscript.TestScript, _ bool, args []string) {
	size, err := strconv.Atoi(args[1])
	ts.Check(err)
	// Digits of a counter: text that compresses, but not to nothing.
	text := make([]byte, 0, size+20)
	for i := 0; len(text) < size; i++ {
		text = strconv.AppendInt(text, int64(i)*int64(i), 36)
	}
	line := `{"session":{"long":"` + string(text[:size]) + `"}}` + "\n"
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(line), 0o600))
}

// Filters must work in a pipeline that stays open.
func TestOutputOfAnItemDoesNotWaitForTheNext(t *testing.T) {
	t.Setenv(secretVariable, "test-secret-key")
	in, toTool, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	fromTool, out, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	status := make(chan int)
	go func() { status <- run([]string{"decode"}, in, out, os.Stderr) }()
	if _, err := toTool.WriteString("e30:1r31eq:V0zhXyqaeSiXnlEQJVh5I3Tjp7U3uQESH5gHoaFBmW8\n"); err != nil {
		t.Fatal(err)
	}
	if err := fromTool.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	buffer := make([]byte, 100)
	n, err := fromTool.Read(buffer)
	if err != nil || string(buffer[:n]) != "{\"session\":{}}\n" {
		t.Errorf("read %q, %v before the input ended", buffer[:n], err)
	}
	if err := toTool.Close(); err != nil {
		t.Fatal(err)
	}
	if got := <-status; got != statusOK {
		t.Errorf("status %d", got)
	}
}

func TestReaderThatEndsEarlyIsNoFaultWorthAWord(t *testing.T) {
	t.Setenv(secretVariable, "test-secret-key")
	reader, out, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := reader.Close(); err != nil {
		t.Fatal(err)
	}
	var stderr bytes.Buffer
	if status := run([]string{"sign", "a", "b"}, os.Stdin, out, &stderr); status != statusFailed || stderr.Len() > 0 {
		t.Errorf("status %d, on standard error %q", status, &stderr)
	}
}
