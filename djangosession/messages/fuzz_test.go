package messages_test

import (
	"slices"
	"testing"

	"github.com/djangobridge/djangobridge/djangosession/messages"
)

// FuzzDecode checks that no cookie and no value of a session makes the decoder panic, and
// that what it accepts is written back with the same content.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		"", "[]", "{}", "null", "7", `"a"`, `[["__json_message",0,20,"hi",""]]`, `[["__json_message",1,"25",7]]`, `["a",["__json_message"]]`,
		`[["__json_message",0,20,"a"],"__messagesnotfinished__"]`, `["__json_message",0,20,"a"]`, `[[["__json_message",0,20,"a"]]]`,
		"W1siX19qc29uX21lc3NhZ2UiLDAsMjAsImhpIiwiIl1d:1r31eq:hwjPfc6Zv_MFEQEQWhYMvUH7bo-eNT4OUTNWImTsykY", "a$[]", ".:a:b",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, release := range []string{"2.2", "3.1", "3.2", "6.1"} {
			c := codec(t, release)
			if _, _, _, err := c.DecodeCookie(text); err != nil {
				t.Errorf("%s: a cookie that nobody has signed: %v", release, err)
			}
			list, ok, err := c.DecodeSession(text)
			if err != nil || !ok {
				continue
			}
			written, err := c.EncodeSession(list)
			if err != nil {
				t.Fatalf("%s: %v", release, err)
			}
			again, ok, err := c.DecodeSession(written)
			if len(list) == 0 {
				continue
			}
			if err != nil || !ok || !slices.EqualFunc(list, again, same) {
				t.Errorf("%s: %q became %q, %v", release, text, written, err)
			}
			value, err := c.EncodeCookie(list, true)
			if err != nil {
				t.Fatalf("%s: %v", release, err)
			}
			again, more, ok, err := c.DecodeCookie(value)
			if err != nil || !ok || !more || !slices.EqualFunc(list, again, same) {
				t.Errorf("%s: %q does not return from a cookie: %v", release, text, err)
			}
		}
	})
}

// same compares what templates see. Until Django 4.0, an empty text for tags is not
// stored.
func same(a, b messages.Message) bool {
	return a.Level == b.Level && a.Text == b.Text && a.Safe == b.Safe && a.Tags() == b.Tags()
}
