package hashers

import (
	"strings"
	"unicode/utf8"

	"github.com/djangobridge/djangobridge/djangosession/auth"
)

// entry is a hasher of PASSWORD_HASHERS.
type entry struct {
	algorithm string    // with which encoded passwords begin
	django    algorithm // one of Django's hashers, or nil
	own       Hasher    // one of the site's, or nil
	problem   error     // why the hasher cannot be used, an *auth.HasherError; nil if it can
}

// refuses returns the reason why the hasher cannot encode a password, or nil.
func (e *entry) refuses(password string) error {
	switch {
	case e.problem != nil:
		return e.problem
	case e.own != nil:
		return nil
	}
	return e.django.refuses(password)
}

func (e *entry) encode(password string) (string, error) {
	if e.own != nil {
		return e.own.Encode(password)
	}
	return e.django.encode(password)
}

// find returns the hasher of an encoded password. The error is an [*auth.HasherError].
// Matches identify_hasher.
func (h *Hashers) find(encoded string) (*entry, error) {
	algorithm := algorithmOf(encoded)
	if e := h.entries[algorithm]; e != nil {
		return e, e.problem
	}
	return nil, unknown(encoded, algorithm)
}

// Characters of unsalted hashes, without a prefix and with "md5$$" or "sha1$$".
const md5Length, md5Prefixed, sha1Prefixed = 32, 37, 46

// algorithmOf returns the algorithm of an encoded password; any text for others.
func algorithmOf(encoded string) string {
	n := utf8.RuneCountInString(encoded)
	name, _, separated := strings.Cut(encoded, "$")
	switch {
	case n == md5Length && !separated, n == md5Prefixed && strings.HasPrefix(encoded, "md5$$"):
		return "unsalted_md5"
	case n == sha1Prefixed && strings.HasPrefix(encoded, "sha1$$"):
		return "unsalted_sha1"
	}
	return name
}

// unknown returns the error for a password of an unknown hasher. It quotes nothing that
// could be part of a password, because the tables of some sites contain passwords that
// were never encoded.
func unknown(encoded, algorithm string) error {
	const least = 2 // between algorithm, parameters and hash
	switch {
	case isDjangos(algorithm) && (strings.Contains(encoded, "$") || isHex(encoded)):
		return hasherError(algorithm, "is not in PASSWORD_HASHERS: Django refuses these passwords too")
	case strings.Count(encoded, "$") >= least && isName(algorithm):
		return hasherError(algorithm, "is not in PASSWORD_HASHERS, or the exported settings are old: "+supplyIt)
	}
	return &auth.HasherError{}
}

// supplyIt is the remedy for hashers that are not Django's.
const supplyIt = "export the site's settings again, and supply the hasher in Options.Own of package hashers"

func hasherError(algorithm, problem string) *auth.HasherError {
	return &auth.HasherError{Hasher: algorithm, Problem: problem}
}

// isDjangos reports whether one of Django's hashers has this algorithm.
func isDjangos(algorithm string) bool {
	for _, c := range classes() {
		if c.algorithm == algorithm {
			return true
		}
	}
	return false
}

// isName reports whether text has the form of a name, so that it can be quoted.
func isName(text string) bool {
	const most = 200
	return text != "" && len(text) <= most && !strings.ContainsFunc(text, func(c rune) bool {
		return c != '.' && c != '_' && (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z')
	})
}

func isHex(text string) bool { return strings.Trim(text, "0123456789abcdef") == "" }
