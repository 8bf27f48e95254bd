package pyjson

import "math/bits"

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
	open := few[:0]    // the closing brackets of the containers around the innermost open one
	closing := byte(0) // that of the innermost one; 0 if none is open
	var err *SyntaxError
	for {
		i = skipSpace(s, i)
		if i >= len(s) {
			return 0, expected(wantValue, i)
		}
		switch c := s[i]; c {
		case '"':
			i, err = scanString(s, i)
		case '{', '[':
			if depth >= MaxDepth {
				return 0, expected(wantShallow, i)
			}
			var last byte
			if i, last, err = scanBegin(s, i); err == nil && last != 0 {
				depth++
				open = append(open, closing)
				closing = last
				continue
			}
		case '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
			i, err = scanNumber(s, i)
		default:
			i, err = scanScalar(s, i)
		}
		if err != nil {
			return 0, err
		}
		// The value ends here, and perhaps the containers that it is the last value of.
		for {
			if closing == 0 {
				return i, nil
			}
			i = skipSpace(s, i)
			if i >= len(s) || s[i] != closing {
				break
			}
			i++
			depth--
			closing = open[len(open)-1]
			open = open[:len(open)-1]
		}
		switch {
		case i >= len(s) || s[i] != ',':
			return 0, expectedIn(closing, i)
		case closing == '}':
			if i, err = scanKey(s, i+1); err != nil {
				return 0, err
			}
		default:
			i++
		}
	}
}

// scanBegin checks the bracket at s[i] and what precedes the first value of the list or
// dict. It returns the closing bracket, or 0 and the end of an empty list or dict.
func scanBegin(s string, i int) (next int, closing byte, err *SyntaxError) {
	closing = s[i] + 2 // in ASCII
	next = skipSpace(s, i+1)
	if next < len(s) && s[next] == closing {
		return next + 1, 0, nil
	}
	if closing == '}' {
		next, err = scanKey(s, next)
	}
	return next, closing, err
}

// expectedIn returns the error for the text after a value in an open container.
func expectedIn(closing byte, i int) *SyntaxError {
	if closing == '}' {
		return expected(wantInDict, i)
	}
	return expected(wantInList, i)
}

// scanKey checks the key at s[i], which may be preceded by space, and returns the end of
// the colon after it.
func scanKey(s string, i int) (int, *SyntaxError) {
	if i+9 < len(s) && s[i] == '"' { // most keys are short, and have no space around them
		x := load(s, i+1)
		if m := special(x); m != 0 {
			n := bits.TrailingZeros64(m)
			if end := i + 1 + n/8; byte(x>>(n&^7)) == '"' && s[end+1] == ':' {
				return end + 2, nil
			}
		}
	}
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
	const spaces = uint64(1)<<' ' | 1<<'\n' | 1<<'\r' | 1<<'\t'
	for i < len(s) && s[i] <= ' ' && spaces>>s[i]&1 == 1 {
		i++
	}
	return i
}
