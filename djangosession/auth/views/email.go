package views

import (
	"net/netip"
	"regexp"
	"strings"
	"unicode/utf8"
)

const (
	longestAddress = 254 // characters; max_length of PasswordResetForm.email
	maxAddress     = 320 // characters that EmailValidator accepts
)

// The parts of an address that EmailValidator accepts.
var (
	userPart = regexp.MustCompile(`^(?:` + atom + `(?:\.` + atom + `)*|"(?:` + quoted + `)*")$`)
	domain   = regexp.MustCompile(`^` + label + `(?:\.` + label + `)*\.(?:xn--[a-z0-9]{1,59}|[a-z` + beyondASCII + `-]{2,63})$`)
)

const (
	// Python takes the last four letters for I, S and K in a pattern that ignores case.
	atom        = "[-!#$%&'*+/=?^_`{}|~0-9A-Za-z\u0131\u0130\u017f\u212a]+"
	quoted      = `[\x01-\x08\x0b\x0c\x0e-\x1f!\x23-\x5b\x5d-\x7f]|\\[\x01-\x09\x0b\x0c\x0e-\x7f]`
	beyondASCII = `\x{a1}-\x{ffff}`
	label       = `[a-z` + beyondASCII + `0-9](?:[a-z` + beyondASCII + `0-9-]{0,61}[a-z` + beyondASCII + `0-9])?`
)

// email returns a required address. It is "" if the field has a problem.
func (f *form) email(name string) string {
	value := strings.TrimFunc(f.raw(name), isSpace)
	before := len(f.problems)
	length := utf8.RuneCountInString(value)
	switch {
	case value == "":
		f.add(problem(name, "required"))
		return ""
	case length > maxAddress, !isAddress(value):
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
func isAddress(address string) bool {
	at := strings.LastIndexByte(address, '@')
	if at < 0 || !userPart.MatchString(address[:at]) {
		return false
	}
	host := strings.ToLower(address[at+1:])
	if address[at+1:] == "localhost" || domain.MatchString(host) && !strings.HasSuffix(host, "-") {
		return true
	}
	literal, ok := strings.CutPrefix(host, "[")
	literal, closed := strings.CutSuffix(literal, "]")
	ip, err := netip.ParseAddr(literal)
	return ok && closed && err == nil && ip.Zone() == ""
}
