package pyjson

import "fmt"

// What is expected where a scan fails; see [SyntaxError].
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
)

var (
	wantShallow = fmt.Sprintf("at most %d levels of nesting", MaxDepth)
	wantSmall   = fmt.Sprintf("an integer of at most %d digits", MaxIntDigits)
)

func expected(what string, offset int) *SyntaxError {
	return &SyntaxError{Offset: offset, Expected: what}
}

// scanText checks that s is one JSON value, with space around it or not, and returns where the value stands in it.
func scanText(s string) (start, end int, err *SyntaxError) {
	start = skipSpace(s, 0)
	if end, err = scanValue(s, start, 0); err != nil {
		return 0, 0, err
	}
	if i := skipSpace(s, end); i != len(s) {
		return 0, 0, expected(wantEnd, i)
	}
	return start, end, nil
}

// scanValue checks the value that begins at s[i], within depth others, and returns where it ends. It decides alone what is
// accepted and what is not; what builds values relies on it. It uses one byte of memory for each level of nesting.
func scanValue(s string, i, depth int) (int, *SyntaxError) {
	var err *SyntaxError
	var few [64]byte
	open := few[:0] // the closing brackets of the containers that are open
	for {
		// A value begins here, perhaps after some space.
		i = skipSpace(s, i)
		if i >= len(s) {
			return 0, expected(wantValue, i)
		}
		switch c := s[i]; c {
		case '"':
			if i, err = scanString(s, i); err != nil {
				return 0, err
			}
		case '{', '[':
			if depth+len(open) >= MaxDepth {
				return 0, expected(wantShallow, i)
			}
			closing := c + 2 // in ASCII
			i = skipSpace(s, i+1)
			if i < len(s) && s[i] == closing {
				i++
				break
			}
			open = append(open, closing)
			if c == '{' {
				if i, err = scanKey(s, i); err != nil {
					return 0, err
				}
			}
			continue
		default:
			if i, err = scanScalar(s, i); err != nil {
				return 0, err
			}
		}
		// A value ended here, and perhaps with it those that it is in.
		for {
			if len(open) == 0 {
				return i, nil
			}
			i = skipSpace(s, i)
			closing := open[len(open)-1]
			if i < len(s) && s[i] == ',' {
				i++
				if closing == '}' {
					if i, err = scanKey(s, i); err != nil {
						return 0, err
					}
				}
				break
			}
			if i >= len(s) || s[i] != closing {
				if closing == '}' {
					return 0, expected(wantInDict, i)
				}
				return 0, expected(wantInList, i)
			}
			i++
			open = open[:len(open)-1]
		}
	}
}

// scanKey checks the key that begins at s[i], after space or not, and returns where the colon behind it ends.
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

// scanScalar checks the number or the word that begins at s[i] and returns where it ends.
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

// scanNumber checks the number that begins at s[i] and returns where it ends. As in Python, "1." is the integer 1 with
// something else behind it.
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

func isSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\r' || c == '\t' }
