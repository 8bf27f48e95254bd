package main

import (
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/djangobridge/djangobridge/py"
)

type sessionsCommand struct {
	List   listCommand   `cmd:"" help:"List the sessions with their expiry dates and users."`
	Show   showCommand   `cmd:"" help:"Print the values of sessions."`
	Delete deleteCommand `cmd:"" help:"Delete sessions by key, or all sessions of a user."`
}

// userIDName is the session value with the logged-in user.
const userIDName = "_auth_user_id"

// userID returns the id of the logged-in user, or "".
func userID(d *py.Dict) string {
	id, _ := d.Get(userIDName)
	switch id := py.Native(py.Resolve(id)).(type) {
	case string:
		return id
	case int64: // before Django 1.9
		return strconv.FormatInt(id, 10)
	case py.Str2: // Python 2
		return string(id)
	}
	return ""
}

// visible is how many characters of a session key are shown.
const visible = 8

// shownKey returns a session key in the form to show. The full key gives access to the
// session.
func shownKey(key string, full bool) string {
	if full {
		return key
	}
	return beginningOf(key, visible)
}

// printable replaces characters that would control the terminal or break the line.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return unicode.ReplacementChar
		}
		return r
	}, text)
}

// shownDate returns a date for people.
func shownDate(date time.Time) string {
	if date.IsZero() {
		return "not a date"
	}
	return date.Format(shownDateLayout)
}

const shownDateLayout = "2006-01-02 15:04:05 MST"

// jsonDate returns a date for programs, or "" for the zero time.
func jsonDate(date time.Time) string {
	if date.IsZero() {
		return ""
	}
	return date.Format(time.RFC3339Nano)
}
