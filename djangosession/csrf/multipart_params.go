package csrf

import (
	"cmp"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/djangobridge/djangobridge/internal/pyurl"
	"github.com/djangobridge/djangobridge/internal/pyutf8"
)

// paramRules are the rules by which a release parses the parameters of a header such as
// Content-Type.
type paramRules int

const (
	byteParams    paramRules = iota // Django's parser, on bytes
	escapedParams                   // the same with backslash escapes in quotes, since 4.1
	textParams                      // Django's parser, on text, since 4.2
	emailParams                     // the parser of Python's email package
)

// areText reports whether headers are decoded before they are parsed.
func (p paramRules) areText() bool { return p >= textParams }

// parse returns the value of a header in lowercase, and its parameters. ok is false if
// Django raises ValueError. Matches parse_header_parameters.
func (p paramRules) parse(line string) (value string, params map[string]string, ok bool) {
	fields := splitParams(line, p != byteParams)
	value = strings.ToLower(fields[0])
	if !p.areText() && pyurl.Latin1(value) != value {
		return "", nil, false
	}
	if p == emailParams {
		if strings.Contains(line, ";") {
			value, _, _ = strings.Cut(value, "=")
			value = strings.TrimSpace(value)
		}
		params, ok = emailFields(fields[1:])
		return value, params, ok
	}
	params = map[string]string{}
	for _, field := range fields[1:] {
		name, text, found := strings.Cut(field, "=")
		if !found {
			continue
		}
		name = strings.ToLower(strings.TrimSpace(name))
		extended := false
		if bare, star := strings.CutSuffix(name, "*"); star {
			name, extended = bare, strings.Count(field, "'") == 2
		}
		text = unquoteParam(strings.TrimSpace(text), false)
		if extended {
			if text, ok = decodeExtended(text, false); !ok || !utf8.ValidString(field) {
				return "", nil, false
			}
		}
		params[name] = text
	}
	return value, params, true
}

// splitParams splits at each semicolon outside quotes. With escapes, quotes after a
// backslash are ignored.
func splitParams(s string, escapes bool) []string {
	var fields []string
	start, quoted := 0, false
	for i := range len(s) {
		switch {
		case s[i] == '"' && !(escapes && i > start && s[i-1] == '\\'):
			quoted = !quoted
		case s[i] == ';' && !quoted:
			fields = append(fields, strings.TrimSpace(s[start:i]))
			start = i + 1
		}
	}
	return append(fields, strings.TrimSpace(s[start:]))
}

// unquoteParam removes quotes and, like Python's email package, angle brackets.
func unquoteParam(s string, angles bool) string {
	switch {
	case len(s) < 2:
	case s[0] == '"' && s[len(s)-1] == '"':
		s = strings.ReplaceAll(s[1:len(s)-1], `\\`, `\`)
		return strings.ReplaceAll(s, `\"`, `"`)
	case angles && s[0] == '<' && s[len(s)-1] == '>':
		return s[1 : len(s)-1]
	}
	return s
}

// continued matches the name of a parameter that is encoded or split into pieces.
var continued = regexp.MustCompile(`\A([\pL\pN_]+)\*(?:(\d+)\*?)?\z`)

// piece is a piece of a parameter.
type piece struct {
	number  int
	text    string
	encoded bool
}

// emailFields parses parameters as Python's email package does. Matches
// Message.get_params.
func emailFields(fields []string) (map[string]string, bool) {
	params, pieces := map[string]string{}, map[string][]piece{}
	for _, field := range fields {
		name, text, _ := strings.Cut(field, "=")
		name, text = strings.ToLower(strings.TrimSpace(name)), unquoteParam(strings.TrimSpace(text), true)
		if m := continued.FindStringSubmatch(name); m != nil {
			number := -1
			if m[2] != "" {
				n, err := strconv.Atoi(m[2])
				if err != nil {
					return nil, false // Python sorts such numbers; no browser sends them
				}
				number = n
			}
			pieces[m[1]] = append(pieces[m[1]], piece{number, text, strings.HasSuffix(name, "*")})
		} else if name != "" {
			params[name] = text
		}
	}
	for name, all := range pieces {
		slices.SortStableFunc(all, func(a, b piece) int { return cmp.Compare(a.number, b.number) })
		var b strings.Builder
		extended := false
		for _, p := range all {
			if p.encoded {
				p.text = pyurl.Latin1(pyurl.Unquote(p.text)) // one character per byte
				extended = true
			}
			b.WriteString(p.text)
		}
		text, ok := b.String(), true
		if extended {
			text, ok = decodeExtended(text, true)
		}
		if !ok {
			return nil, false
		}
		params[name] = text
	}
	return params, true
}

// decodeExtended decodes charset'language'text. If done, percent signs have already been
// decoded, one character per byte.
func decodeExtended(s string, done bool) (string, bool) {
	parts := strings.SplitN(s, "'", 3)
	if len(parts) < 3 {
		return s, true
	}
	text := parts[2]
	if !done && !strings.Contains(text, "%") { // the charset is then irrelevant
		return text, true
	}
	if done {
		b := make([]byte, 0, len(text))
		for _, r := range text {
			if r > unicode.MaxLatin1 {
				return "", false
			}
			b = append(b, byte(r))
		}
		text = string(b)
	} else {
		text = pyurl.Unquote(text)
	}
	switch strings.ToLower(strings.ReplaceAll(parts[0], "_", "-")) {
	case "", "utf-8", "utf8", "us-ascii", "ascii":
		return pyutf8.Decode(text), true
	case "iso-8859-1", "latin-1", "latin1":
		return pyurl.Latin1(text), true
	}
	return "", false
}
