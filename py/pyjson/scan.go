package pyjson

// Expectations of a failed scan; see [SyntaxError].
const (
	wantValue   = "a value"
	wantKey     = "a string as a key"
	wantColon   = "':'"
	wantInDict  = "',' or '}'"
	wantInList  = "',' or ']'"
	wantEnd     = "the end of the text"
	wantDict    = "an object"
	wantQuote   = "'\"' at the end of the string"
	wantNoCtrl  = "no control character in the string"
	wantEscape  = "one of '\"\\/bfnrtu' after '\\'"
	wantHex     = "four hexadecimal digits after '\\u'"
	wantUnicode = "UTF-8"
	wantShallow = "at most 100000 levels of nesting"  // MaxDepth
	wantSmall   = "an integer of at most 4300 digits" // MaxIntDigits
)

func expected(what string, offset int) *SyntaxError {
	return &SyntaxError{Offset: offset, Expected: what}
}

// scanText checks that s is one JSON value, optionally surrounded by space, and returns
// the start of the value.
func scanText(s string) (start int, err *SyntaxError) {
	start = skipSpace(s, 0)
	end, err := scanValue(s, start, 0)
	if err != nil {
		return 0, err
	}
	if i := skipSpace(s, end); i != len(s) {
		return 0, expected(wantEnd, i)
	}
	return start, nil
}

// scanValue checks the value at s[i], nested in depth others, and returns its end. It
// alone decides what is accepted; the building of values depends on it. It uses one byte
// of memory per level of nesting.
func scanValue(s string, i, depth int) (int, *SyntaxError) {
	var few [64]byte
	open := few[:0] // the closing brackets of the open containers
	for {
		i = skipSpace(s, i)
		if depth+len(open) >= MaxDepth && i < len(s) && (s[i] == '{' || s[i] == '[') {
			return 0, expected(wantShallow, i)
		}
		next, closing, err := scanBegin(s, i)
		if err != nil {
			return 0, err
		}
		i = next
		if closing != 0 {
			open = append(open, closing)
			continue
		}
		for {
			if len(open) == 0 {
				return i, nil
			}
			next, closed, err := scanNext(s, i, open[len(open)-1])
			if err != nil {
				return 0, err
			}
			i = next
			if !closed {
				break
			}
			open = open[:len(open)-1]
		}
	}
}

// scanBegin checks the value at s[i] and returns its end. For a list or dict that is not
// empty, it checks only what precedes the first value and returns the closing bracket.
func scanBegin(s string, i int) (next int, closing byte, err *SyntaxError) {
	if i >= len(s) {
		return 0, 0, expected(wantValue, i)
	}
	switch c := s[i]; c {
	case '"':
		next, err = scanString(s, i)
		return next, 0, err
	case '{', '[':
		closing = c + 2 // in ASCII
		next = skipSpace(s, i+1)
		if next < len(s) && s[next] == closing {
			return next + 1, 0, nil
		}
		if c == '{' {
			next, err = scanKey(s, next)
		}
		return next, closing, err
	default:
		next, err = scanScalar(s, i)
		return next, 0, err
	}
}

// scanNext checks the text after a value in a list or dict: a comma, followed by a key in
// a dict, or the closing bracket.
func scanNext(s string, i int, closing byte) (next int, closed bool, err *SyntaxError) {
	i = skipSpace(s, i)
	if i < len(s) {
		switch {
		case s[i] == closing:
			return i + 1, true, nil
		case s[i] == ',' && closing == '}':
			next, err = scanKey(s, i+1)
			return next, false, err
		case s[i] == ',':
			return i + 1, false, nil
		}
	}
	if closing == '}' {
		return 0, false, expected(wantInDict, i)
	}
	return 0, false, expected(wantInList, i)
}

// scanKey checks the key at s[i], which may be preceded by space, and returns the end of
// the colon after it.
func scanKey(s string, i int) (int, *SyntaxError) {
	i = skipSpace(s, i)
	if i >= len(s) || s[i] != '"' {
		return 0, expected(wantKey, i)
	}
	i, err := scanString(s, i)
	if err != nil {
		return 0, err
	}
	i = skipSpace(s, i)
	if i >= len(s) || s[i] != ':' {
		return 0, expected(wantColon, i)
	}
	return i + 1, nil
}

// scanScalar checks the number or word at s[i] and returns its end.
func scanScalar(s string, i int) (int, *SyntaxError) {
	word := ""
	switch s[i] {
	case 't':
		word = "true"
	case 'f':
		word = "false"
	case 'n':
		word = "null"
	case 'N':
		word = "NaN"
	case 'I':
		word = "Infinity"
	case '-':
		if i+1 < len(s) && s[i+1] == 'I' {
			word = "-Infinity"
		}
	}
	if word == "" {
		return scanNumber(s, i)
	}
	if len(s)-i < len(word) || s[i:i+len(word)] != word {
		return 0, expected(wantValue, i)
	}
	return i + len(word), nil
}

// scanNumber checks the number at s[i] and returns its end. As in Python, "1." is the
// integer 1 followed by other text.
func scanNumber(s string, i int) (int, *SyntaxError) {
	start := i
	if s[i] == '-' {
		i++
	}
	first := i
	i = skipDigits(s, i)
	if i == first {
		return 0, expected(wantValue, start)
	}
	if s[first] == '0' {
		i = first + 1
	}
	digits, float := i-first, false
	if i < len(s) && s[i] == '.' {
		if j := skipDigits(s, i+1); j > i+1 {
			i, float = j, true
		}
	}
	if i < len(s) && s[i]|0x20 == 'e' {
		j := i + 1
		if j < len(s) && (s[j] == '+' || s[j] == '-') {
			j++
		}
		if k := skipDigits(s, j); k > j {
			i, float = k, true
		}
	}
	if !float && digits > MaxIntDigits {
		return 0, expected(wantSmall, start)
	}
	return i, nil
}

func skipDigits(s string, i int) int {
	for i < len(s) && '0' <= s[i] && s[i] <= '9' {
		i++
	}
	return i
}

func skipSpace(s string, i int) int {
	for i < len(s) && isSpace(s[i]) {
		i++
	}
	return i
}

func isSpace(c byte) bool {
	return c <= ' ' && uint64(1)<<c&(1<<' '|1<<'\n'|1<<'\r'|1<<'\t') != 0
}
