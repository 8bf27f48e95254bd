package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
)

// itemsHelp is the part of the help texts about items.
const itemsHelp = `
Items are the arguments or, without any (and in place of the argument "-"), the lines of standard input. Each item
immediately produces one line of output, in order, so that input and output can be joined line by line. An empty line is an
item too. A carriage return at the end of a line is dropped.`

// rowsHelp adds advice for piping rows out of a database.
const rowsHelp = itemsHelp + ` A database client must print only
rows, without headings and borders: psql -At, mysql -NB --raw, sqlite3 -list. NULL and the empty string are empty lines and
malformed, which keeps rows and lines in step.`

// items yields the arguments, or the lines of standard input if the arguments ask for
// them.
func (t *tool) items(args []string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		if len(args) == 0 {
			args = []string{"-"}
		}
		for _, arg := range args {
			if arg != "-" {
				if !yield(arg, nil) {
					return
				}
				continue
			}
			if isTerminal(t.stdin) {
				t.notef("reading standard input, one item per line; control-D ends it")
			}
			for line, err := range lines(t.stdin) {
				if !yield(line, err) {
					return
				}
			}
		}
	}
}

// lines yields the lines of r, of any length, without their ends. An error ends the
// sequence.
func lines(r io.Reader) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		buffered := bufio.NewReader(r)
		for {
			line, err := buffered.ReadString('\n')
			if line == "" && errors.Is(err, io.EOF) {
				return
			}
			if err != nil && !errors.Is(err, io.EOF) {
				yield("", fmt.Errorf("read standard input: %w", err))
				return
			}
			line = strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r")
			if !yield(line, nil) || err != nil {
				return
			}
		}
	}
}
