package pyutf8_test

import (
	"testing"
	"unicode/utf8"

	"github.com/djangobridge/djangobridge/internal/pyutf8"
)

// TestDecodesAsPython expects what Python's bytes.decode("utf-8", "replace") returns for
// these bytes.
func TestDecodesAsPython(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ text, want string }{
		{text: "", want: ""},
		{text: "plain", want: "plain"},
		{text: "\ufffd", want: "\ufffd"},
		{text: "\xff\xfe", want: "\ufffd\ufffd"},
		{text: "\xed\xa0\x80", want: "\ufffd\ufffd\ufffd"},
		{text: "\xe2\x82", want: "\ufffd"},
		{text: "\xe2\x82x", want: "\ufffdx"},
		{text: "\xf0\x9f\x98", want: "\ufffd"},
		{text: "\xf0\x9f\x98x", want: "\ufffdx"},
		{text: "\xf0\x80\x80", want: "\ufffd\ufffd\ufffd"},
		{text: "\xf4\x90\x80\x80", want: "\ufffd\ufffd\ufffd\ufffd"},
		{text: "\xc2", want: "\ufffd"},
		{text: "\xc1\xbf", want: "\ufffd\ufffd"},
		{text: "\xe0\x9f\xbf", want: "\ufffd\ufffd\ufffd"},
		{text: "\xe0\xa0", want: "\ufffd"},
		{text: "\xed\x9f", want: "\ufffd"},
		{text: "\xf4\x8f\xbf", want: "\ufffd"},
		{text: "a\xc3\xa9\xc3b", want: "aé\ufffdb"},
		{text: "\xf1\x80\xc2\xa9", want: "\ufffd©"},
		{text: "\xf5\x80", want: "\ufffd\ufffd"},
		{text: "\xe2\xe2\x82\xac", want: "\ufffd€"},
	} {
		if got := pyutf8.Decode(c.text); got != c.want {
			t.Errorf("%x: got %q, want %q", c.text, got, c.want)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add("\xf0\x9f\x98x\xed\xa0\x80")
	f.Fuzz(func(t *testing.T, s string) {
		got := pyutf8.Decode(s)
		if !utf8.ValidString(got) {
			t.Errorf("%x: %q is not UTF-8", s, got)
		}
		if utf8.RuneCountInString(got) > utf8.RuneCountInString(s) {
			t.Errorf("%x: %q has more characters than bytes decode to one by one", s, got)
		}
	})
}
