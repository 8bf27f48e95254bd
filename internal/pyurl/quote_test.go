package pyurl

import "testing"

// The expected texts are those of urllib.parse in Python 3.11: quote_from_bytes,
// unquote_to_bytes, and bytes.decode("latin-1").
func TestQuotesAndUnquotesAsPython(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, got, want string }{
		{name: "quote", got: Quote("aZ09_.-~ /%\xe9\x00?", ""), want: "aZ09_.-~%20%2F%25%E9%00%3F"},
		{name: "quote with safe characters", got: Quote("/a?b=c", "/="), want: "/a%3Fb=c"},
		{name: "unquote", got: Unquote("a%20b%2fc%2FD%e9"), want: "a b/c/D\xe9"},
		{name: "unquote without escapes", got: Unquote("a+b"), want: "a+b"},
		{name: "unquote what is not an escape", got: Unquote("%zz%2%%41%"), want: "%zz%2%A%"},
		{name: "unquote twice encoded", got: Unquote("%2541"), want: "%41"},
		{name: "unquote a plus sign", got: UnquotePlus("a+b%2Bc"), want: "a b+c"},
		{name: "latin-1", got: Latin1("a\xe9\xc3\xa9"), want: "aé\u00c3\u00a9"},
		{name: "latin-1 of ASCII", got: Latin1("abc"), want: "abc"},
	} {
		if c.got != c.want {
			t.Errorf("%s: %q, want %q", c.name, c.got, c.want)
		}
	}
}
