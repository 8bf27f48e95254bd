package views

import (
	"net/http"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"github.com/djangobridge/djangobridge/internal/pyutf8"
)

// A form reads the fields of a request and collects their problems.
type form struct {
	values   map[string][]string
	problems []Problem
}

// newForm returns the form in a request. Like Django, it reads that of POST only: other
// requests have an empty one.
func newForm(r *http.Request) *form {
	if r.Method != http.MethodPost {
		return &form{}
	}
	r.PostFormValue("") // parses all kinds of forms, within the limits of the CSRF check
	return &form{values: r.PostForm}
}

// raw returns the last value of a field.
func (f *form) raw(name string) string {
	values := f.values[name]
	if len(values) == 0 {
		return ""
	}
	return pyutf8.Decode(values[len(values)-1])
}

// stripped returns a required field without the spaces around it. It is "" if the field
// has a problem.
func (f *form) stripped(name string) string {
	return f.required(name, strings.TrimFunc(f.raw(name), isSpace))
}

// password returns a required field as it is. It is "" if the field has a problem.
func (f *form) password(name string) string { return f.required(name, f.raw(name)) }

func (f *form) required(name, value string) string {
	switch {
	case value == "":
		f.add(problem(name, "required"))
	case strings.Contains(value, "\x00"):
		f.add(problem(name, "null_characters_not_allowed"))
		return ""
	}
	return value
}

func (f *form) add(p ...Problem) { f.problems = append(f.problems, p...) }

// isSpace reports whether Python's str.strip removes c.
func isSpace(c rune) bool { return unicode.IsSpace(c) || 0x1c <= c && c <= 0x1f }

// longestName is the number of characters above which user names are not normalized, as
// for a USERNAME_FIELD without max_length.
const longestName = 254

// normalized returns a user name in the form in which the model stores names. Matches
// UsernameField.
func normalized(name string) string {
	if utf8.RuneCountInString(name) > longestName {
		return name
	}
	return norm.NFKC.String(name)
}

// sameAddress reports whether two addresses are the same without regard to case. Unlike a
// database, it does not take look-alikes for the same. Matches _unicode_ci_compare.
func sameAddress(a, b string) bool {
	fold := cases.Fold()
	return fold.String(norm.NFKC.String(a)) == fold.String(norm.NFKC.String(b))
}
