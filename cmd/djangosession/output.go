package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"syscall"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/py/pyjson"
	"github.com/djangobridge/djangobridge/py/tagged"
)

// tool is the input and output that all commands share.
type tool struct {
	stdin          io.Reader
	stdout, stderr io.Writer

	ended func() error // why the context of the running command ended; nil if it has none
}

// Reasons of errors in addition to those of [djangosession.DecodeError].
const (
	badInput    = "bad_input"   // the command does not accept the item
	unsupported = "unsupported" // the value cannot be written in this form
)

// itemError is an error with one of the reasons above.
type itemError struct {
	reason string
	err    error
}

func (e *itemError) Error() string { return e.err.Error() }
func (e *itemError) Unwrap() error { return e.err }

// filter prints one line per item: the converted item, or the error.
func (t *tool) filter(args []string, convert func(item string) ([]byte, error)) error {
	failed := false
	for item, err := range t.items(args) {
		if err != nil {
			return err
		}
		line, err := convert(item)
		if err != nil {
			failed = true
			line = errorLine(err)
		}
		if err := t.line(line); err != nil {
			return err
		}
	}
	if failed {
		return errSomeFailed
	}
	return nil
}

// line writes a line in one piece and immediately, so that the rest of a pipeline need
// not wait.
func (t *tool) line(line []byte) error {
	if _, err := t.stdout.Write(append(line, '\n')); err != nil {
		return fmt.Errorf("write output: %w", err)
	}
	return nil
}

// printf prints text for people.
func (t *tool) printf(format string, args ...any) error {
	if _, err := fmt.Fprintf(t.stdout, format, args...); err != nil {
		return fmt.Errorf("write output: %w", err)
	}
	return nil
}

// isBrokenPipe reports whether the reader of the output has ended. This is not a failure.
func isBrokenPipe(err error) bool {
	return errors.Is(err, syscall.EPIPE) || errors.Is(err, io.ErrClosedPipe)
}

// complainf prints an error to standard error.
func (t *tool) complainf(format string, args ...any) {
	mark := "djangosession:"
	if isColourful(t.stderr) {
		mark = "\x1b[1;31m" + mark + "\x1b[0m"
	}
	_, _ = fmt.Fprintf(t.stderr, mark+" "+format+"\n", args...) // there is no other place for it
}

// notef prints a remark to standard error.
func (t *tool) notef(format string, args ...any) {
	_, _ = fmt.Fprintf(t.stderr, "djangosession: "+format+"\n", args...) // nothing depends on it
}

// errorLine is the line for an item that failed.
func errorLine(err error) []byte {
	return jsonLine(map[string]any{"error": describe(err)})
}

// problem is an error in JSON.
type problem struct {
	Reason  string `json:"reason"`
	Message string `json:"message"`
}

func describe(err error) problem {
	p := problem{Reason: reasonOf(err), Message: plain(err)}
	if refused, ok := errors.AsType[*djangosession.DecodeError](err); ok {
		p.Message = plain(refused)
	}
	// The reason is a field of its own.
	if rest, ok := strings.CutPrefix(p.Message, strings.ReplaceAll(p.Reason, "_", " ")+": "); ok {
		p.Message = rest
	}
	return p
}

func reasonOf(err error) string {
	var refused *djangosession.DecodeError
	var item *itemError
	var syntax *pyjson.SyntaxError
	var tag *tagged.TagError
	switch {
	case errors.As(err, &item):
		return item.reason
	case errors.As(err, &refused):
		return string(refused.Reason)
	case errors.As(err, &syntax), errors.As(err, &tag):
		return badInput
	}
	return unsupported
}

// plain is the text of an error without the name of the Go package in front, which means
// nothing to a user of the program.
func plain(err error) string {
	text := err.Error()
	for {
		before := text
		for _, name := range []string{
			"djangobridge", "djangosession", "tables", "auth", "forwardauth", "caches", "rediscache", "memcached", "files",
			"signedcookies",
			"signing", "pyjson", "pickle", "tagged", "py",
		} {
			text = strings.TrimPrefix(text, name+": ")
		}
		if text == before {
			return strings.ReplaceAll(text, "\n", "; ") // some drivers print a line per attempt
		}
	}
}

// jsonLine is v as JSON on one line. Callers pass only strings and numbers, which never
// fail.
func jsonLine(v any) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return []byte("{}")
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// object is {"name":value}, the value in tagged JSON.
func object(name string, value any) ([]byte, error) {
	text, err := tagged.Dumps(value)
	if err != nil {
		return nil, &itemError{unsupported, err}
	}
	line := append(make([]byte, 0, len(text)+len(name)+8), `{"`+name+`":`...)
	return append(append(line, text...), '}'), nil
}
