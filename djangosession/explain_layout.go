package djangosession

import (
	"bytes"
	"compress/zlib"
	"encoding/base64"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/djangobridge/djangobridge/internal/cookies"
	"github.com/djangobridge/djangobridge/internal/pybase64"
	"github.com/djangobridge/djangobridge/signing"
)

// form is a text in a form that it may have had before something changed it.
type form struct{ text, how string }

func forms(text string) []form {
	fs := []form{{text: text}}
	trimmed := strings.TrimSpace(text)
	if trimmed != text {
		fs = append(fs, form{trimmed, "without the white space around it"})
	}
	unquoted := strings.TrimPrefix(trimmed, "b")
	if n := len(unquoted); n >= 2 && unquoted[0] == unquoted[n-1] && strings.ContainsRune(`"'`, rune(unquoted[0])) {
		fs = append(fs, form{unquoted[1 : n-1], "without the quotes around it"})
		header := http.Header{"Cookie": {"c=" + unquoted}}
		if value, ok := cookies.Find(header, "c"); ok && value != unquoted[1:n-1] && value != unquoted {
			fs = append(fs, form{value, "as the value of a quoted cookie"})
		}
	}
	if unescaped, err := url.PathUnescape(trimmed); err == nil && unescaped != trimmed {
		fs = append(fs, form{unescaped, "after URL unescaping"})
	}
	return fs
}

// describe determines the layout of a text.
func (e *Explanation) describe(text string) {
	parts := strings.Split(text, ":")
	if len(parts) == 1 {
		if isLegacyLayout(text) {
			e.Layout, e.Kind = LegacyLayout, SessionKind
		}
		return
	}
	if len(parts) > 2 {
		e.describeTimed(text, parts)
	}
	if _, known := algorithmOf(parts[len(parts)-1]); e.Layout == "" && known {
		e.Layout, e.Kind = PlainLayout, SignedKind
	}
}

// describeTimed determines the layout of a text of three or more parts, of which the last
// two are a time and a signature.
func (e *Explanation) describeTimed(text string, parts []string) {
	at, err := signing.B62Decode(parts[len(parts)-2])
	if err != nil {
		return
	}
	e.SignedAt = time.Unix(at, 0).UTC()
	e.Layout, e.Kind = TimedLayout, SignedKind
	head := inside(text)
	switch {
	case isMessages(string(head)):
		e.Layout, e.Kind = DumpsLayout, MessagesKind
	case len(parts) == 3 && mayBeSession(head):
		e.Layout, e.Kind = DumpsLayout, SessionKind
	case isMessages(text): // the form of Django 3.1
		e.Kind = MessagesKind
	case len(head) > 0 && head[0] == '[':
		e.Layout = DumpsLayout
	}
	e.Compressed = e.Layout == DumpsLayout && strings.HasPrefix(text, ".")
}

// headLength is the number of bytes that are read to recognize an object.
const headLength = 32

// inside returns the start of the object that signing.dumps put into a text; nil if it
// has none.
func inside(text string) []byte {
	value, _, _ := strings.Cut(text, ":")
	bare := strings.TrimPrefix(value, ".")
	data, err := base64.RawURLEncoding.DecodeString(bare)
	if err != nil {
		return nil
	}
	if bare == value {
		return data[:min(len(data), headLength)]
	}
	inflater, err := zlib.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil
	}
	head := make([]byte, headLength)
	n, _ := io.ReadFull(inflater, head) // as much as there is
	return head[:n]
}

// mayBeSession reports whether an object that starts like this may be a session: a JSON
// object or a pickle.
func mayBeSession(head []byte) bool {
	return len(head) > 0 && strings.IndexByte("{(}\x80", head[0]) >= 0
}

// lookInside determines the serializer of a text whose signature is good.
func (e *Explanation) lookInside(text string) {
	head := inside(text)
	if e.Layout != DumpsLayout || len(head) == 0 {
		return
	}
	switch {
	case mayBeSession(head) && head[0] != '{':
		e.Serializer = pickleName
	case strings.IndexByte("{[\"-0123456789tfn", head[0]) >= 0:
		e.Serializer = jsonName
	}
}

// The values of [Explanation].Serializer.
const (
	jsonName   = "json"
	pickleName = "pickle"
)

// isLegacyLayout reports whether a text is base64 of a SHA-1 hash in hex, a colon and
// something.
func isLegacyLayout(text string) bool {
	raw, err := pybase64.Decode(make([]byte, 0, len(text)*3/4), text, 0, false)
	return err == nil && len(raw) > 41 && raw[40] == ':' && isHex(string(raw[:40]))
}

func isHex(text string) bool { return strings.Trim(text, "0123456789abcdef") == "" }
