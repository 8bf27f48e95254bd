package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
)

// itemsHelp is the part of the help texts that says how items come in and go out.
const itemsHelp = `
Items are the arguments or, without any (and in place of the argument "-"), the lines of standard input. Each gives one
line of output, at once and in order, so that the two can be put side by side. An empty line is an item too; a carriage
return at the end of a line is dropped.`

// rowsHelp adds what those need to know who pipe rows out of a database.
const rowsHelp = itemsHelp + ` A database client must print rows alone, without headings and borders: psql -At,
mysql -NB --raw, sqlite3 -list. NULL and the empty string come as an empty line and are malformed, which
keeps rows and lines in step.`

// items yields the arguments, or the lines of standard input where the arguments ask for it.
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
				t.notef("reading standard input, one item a line; control-D ends it")
			}
			for line, err := range lines(t.stdin) {
				if !yield(line, err) {
					return
				}
			}
		}
	}
}

// lines yields the lines of r, of any length, without their ends; an error comes last.
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
