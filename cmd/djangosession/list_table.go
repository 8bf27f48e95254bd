package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"time"
	"unicode/utf8"
)

// listedSession is a line of sessions list as JSON.
type listedSession struct {
	Key     string   `json:"session_key"`
	Expires string   `json:"expire_date"`
	Expired bool     `json:"expired"`
	Bytes   *int     `json:"bytes,omitempty"`
	User    string   `json:"user_id,omitempty"`
	Error   *problem `json:"error,omitempty"`
}

// listTable prints the lines of sessions list. Its columns have fixed widths, because it
// prints while it reads.
type listTable struct {
	tool        *tool
	command     *listCommand
	secretKnown bool
	keyWidth    int
	user        *string // whose sessions are listed; nil for all

	begun      bool
	listed     int64
	unreadable tally        // also of sessions that are not listed
	out        bytes.Buffer // lines until the next flush, because a write for each is slow
	json       *json.Encoder
}

func newListTable(t *tool, c *listCommand, secretKnown bool) *listTable {
	l := &listTable{tool: t, command: c, secretKnown: secretKnown, keyWidth: 11, unreadable: newTally()}
	if c.FullKeys {
		l.keyWidth = 32
	}
	l.json = json.NewEncoder(&l.out)
	l.json.SetEscapeHTML(false)
	return l
}

// isFull reports whether --limit is reached.
func (l *listTable) isFull() bool {
	return l.command.Limit != nil && l.listed >= int64(*l.command.Limit)
}

// add adds a session, unless it is another user's.
func (l *listTable) add(r *row) {
	reason := ""
	if r.unreadable != nil {
		reason = reasonOf(r.unreadable)
		l.unreadable.add(reason)
	}
	if l.user != nil && !sameUser(r.user, *l.user) {
		return
	}
	l.listed++
	if l.command.JSON {
		l.addJSON(r)
		return
	}
	if !l.begun {
		l.begin()
	}
	l.out.Write(l.appendLine(l.out.AvailableBuffer(), r, reason))
}

// flush writes the lines.
func (l *listTable) flush() error {
	defer l.out.Reset()
	if l.out.Len() == 0 {
		return nil
	}
	if _, err := l.tool.stdout.Write(l.out.Bytes()); err != nil {
		return fmt.Errorf("write output: %w", err)
	}
	return nil
}

func (l *listTable) addJSON(r *row) {
	found := listedSession{
		Key: shownKey(r.key, l.command.FullKeys), Expires: jsonDate(r.expires), Expired: r.expired, User: r.user,
	}
	if r.size != unknownSize {
		found.Bytes = &r.size
	}
	if r.unreadable != nil {
		p := describe(r.unreadable)
		found.Error = &p
	}
	_ = l.json.Encode(found) //nolint:gosec,errchkjson // strings and numbers never fail, and the key is what was asked for
}

func (l *listTable) begin() {
	l.begun = true
	if !l.secretKnown {
		l.tool.notef("no secret key is given, so users are not shown")
	}
	heading := fmt.Sprintf("%-*s  %-23s  %-7s  %8s  %s", l.keyWidth, "KEY", "EXPIRES", "STATE", "BYTES", "USER")
	l.out.WriteString(bold(l.tool.stdout, heading) + "\n")
}

// appendLine appends the line of a session. Reason is why it does not decode.
func (l *listTable) appendLine(b []byte, r *row, reason string) []byte {
	b = appendPadded(b, printable(shownKey(r.key, l.command.FullKeys)), l.keyWidth)
	b = append(b, "  "...)
	if r.expires.IsZero() && r.size == unknownSize {
		b = appendPadded(b, "unknown", dateWidth)
	} else {
		b = appendDate(b, r.expires)
	}
	state, size := "live", "-"
	if r.expired {
		state = "expired"
	}
	if r.size != unknownSize {
		size = strconv.Itoa(r.size)
	}
	b = append(b, "  "...)
	b = appendPadded(b, state, 7)
	b = append(b, "  "...)
	b = append(appendSpaces(b, 8-len(size)), size...)
	b = append(b, "  "...)
	switch {
	case !l.secretKnown:
	case reason != "":
		b = append(append(append(b, '('), reason...), ')')
	case r.user == "":
		b = append(b, '-')
	default:
		b = append(b, printable(r.user)...)
	}
	return append(b, '\n')
}

// dateWidth is the width of the column of the dates.
const dateWidth = 23

// appendDate appends what shownDate returns.
func appendDate(b []byte, date time.Time) []byte {
	if date.IsZero() {
		return appendPadded(b, shownDate(date), dateWidth)
	}
	start := len(b)
	b = date.AppendFormat(b, shownDateLayout)
	return appendSpaces(b, dateWidth-utf8.RuneCount(b[start:]))
}

// appendPadded appends a text and spaces up to a width in characters.
func appendPadded(b []byte, text string, width int) []byte {
	return appendSpaces(append(b, text...), width-utf8.RuneCountInString(text))
}

func appendSpaces(b []byte, n int) []byte {
	for ; n > 0; n-- {
		b = append(b, ' ')
	}
	return b
}
