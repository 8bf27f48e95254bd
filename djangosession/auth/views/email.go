package views

import (
	"net/netip"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	longestAddress = 254 // characters; max_length of PasswordResetForm.email
	maxAddress     = 320 // characters that EmailValidator accepts
)

// The parts of an address that EmailValidator accepts.
var (
	userPart = regexp.MustCompile(`^(?:` + atom + `(?:\.` + atom + `)*|"(?:` + quoted + `)*")$`)
	domain   = regexp.MustCompile(`^(?:` + label + `\.)+(?:` + lastLabel + `)$`)
	// older is the domain before 5.2, converted to ASCII.
	older = regexp.MustCompile(`^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{1,62}[a-z0-9]$`)
)

const (
	// Python takes the last four letters for I, S and K in a pattern that ignores case.
	atom        = "[-!#$%&'*+/=?^_`{}|~0-9A-Za-z\u0131\u0130\u017f\u212a]+"
	quoted      = `[\x01-\x08\x0b\x0c\x0e-\x1f!\x23-\x5b\x5d-\x7f]|\\[\x01-\x09\x0b\x0c\x0e-\x7f]`
	beyondASCII = `\x{a1}-\x{ffff}`
	label       = `[a-z` + beyondASCII + `0-9](?:[a-z` + beyondASCII + `0-9-]{0,61}[a-z` + beyondASCII + `0-9])?`
	letter      = `[a-z` + beyondASCII + `]`
	lastLabel   = `xn--[a-z0-9]{1,59}|` + letter + `[a-z` + beyondASCII + `-]{0,61}` + letter
)

// email returns a required address. It is "" if the field has a problem.
func (f *form) email(name string, r *rules) string {
	value := strings.TrimFunc(f.raw(name), isSpace)
	before := len(f.problems)
	length := utf8.RuneCountInString(value)
	switch {
	case value == "":
		f.add(problem(name, "required"))
		return ""
	case length > maxAddress, !r.isAddress(value):
		f.add(problem(name, "invalid"))
	}
	if length > longestAddress {
		f.add(problem(name, "max_length"))
	}
	if strings.Contains(value, "\x00") {
		f.add(problem(name, "null_characters_not_allowed"))
	}
	if len(f.problems) > before {
		return ""
	}
	return value
}

// isAddress reports whether EmailValidator accepts an address.
func (r *rules) isAddress(address string) bool {
	at := strings.LastIndexByte(address, '@')
	if at < 0 || !userPart.MatchString(address[:at]) {
		return false
	}
	host := strings.ToLower(address[at+1:])
	if address[at+1:] == "localhost" || r.isDomain(host) {
		return true
	}
	literal, ok := strings.CutPrefix(host, "[")
	literal, closed := strings.CutSuffix(literal, "]")
	ip, err := netip.ParseAddr(literal)
	return ok && closed && err == nil && ip.Zone() == ""
}

// isDomain reports whether a domain in lower case has the form that the release accepts.
func (r *rules) isDomain(host string) bool {
	if r.unicodeDomains {
		return domain.MatchString(host)
	}
	return older.MatchString(likeASCII(host))
}

// invisible removes characters that the codec removes from a domain.
//
//nolint:gochecknoglobals // a constant
var invisible = strings.NewReplacer("\u00ad", "", "\u200b", "", "\u200c", "", "\u200d", "", "\u2060", "", "\ufeff", "")

// likeASCII replaces the parts of a domain that are not ASCII by parts that look like
// those that Python's codec idna makes of them. It does not compute these.
func likeASCII(host string) string {
	labels := strings.Split(strings.NewReplacer("\u3002", ".", "\uff0e", ".", "\uff61", ".").Replace(host), ".")
	for i, l := range labels {
		l = invisible.Replace(l)
		labels[i] = l
		if strings.ContainsFunc(l, isNotASCII) {
			labels[i] = "xn--" + strings.Map(func(c rune) rune {
				if isNotASCII(c) && unicode.IsPrint(c) && c != utf8.RuneError {
					return 'x'
				}
				return c
			}, l) + "0"
		}
	}
	return strings.Join(labels, ".")
}

func isNotASCII(c rune) bool { return c > unicode.MaxASCII }
