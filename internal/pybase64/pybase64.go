// Package pybase64 decodes base64 as leniently as Python does.
package pybase64

import "errors"

// Err is returned for text that does not decode to a whole number of bytes.
var Err = errors.New("the text is not base64")

// Decode decodes s, followed by the given number of "=", as Python's binascii.a2b_base64
// does in its non-strict mode: bytes outside the alphabet are ignored, and so is
// everything after complete padding. The alphabet is the standard one. With urlsafe, "-"
// and "_" also mean "+" and "/" (base64.urlsafe_b64decode). The result is appended to
// dst.
func Decode(dst []byte, s string, padding int, urlsafe bool) ([]byte, error) {
	var acc uint32
	quad, pads := 0, 0
	for i := range len(s) + padding {
		c := byte('=')
		if i < len(s) {
			c = s[i]
		}
		if c == '=' {
			if quad >= 2 {
				if pads++; quad+pads >= 4 {
					return dst, nil
				}
			}
			continue
		}
		v := value(c, urlsafe)
		if v < 0 {
			continue
		}
		pads = 0
		acc = acc<<6 | uint32(v)
		switch quad {
		case 1:
			dst = append(dst, byte(acc>>4))
		case 2:
			dst = append(dst, byte(acc>>2))
		case 3:
			dst = append(dst, byte(acc))
		}
		quad = (quad + 1) & 3
	}
	if quad != 0 {
		return nil, Err
	}
	return dst, nil
}

func value(c byte, urlsafe bool) int {
	switch {
	case 'A' <= c && c <= 'Z':
		return int(c - 'A')
	case 'a' <= c && c <= 'z':
		return int(c-'a') + 26
	case '0' <= c && c <= '9':
		return int(c-'0') + 52
	case c == '+' || urlsafe && c == '-':
		return 62
	case c == '/' || urlsafe && c == '_':
		return 63
	}
	return -1
}
