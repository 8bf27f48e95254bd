package messages_test

import (
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/messages"
)

func settings(t *testing.T, release string) djangosession.Settings {
	t.Helper()
	s, err := djangosession.NewSettingsFor(release, "test-secret-key")
	if err != nil {
		t.Fatal(err)
	}
	s.Now = func() time.Time { return time.Unix(1700000000, 500000000) }
	return s
}

func codec(t *testing.T, release string) *messages.Codec {
	t.Helper()
	c, err := messages.NewCodec(settings(t, release))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// The values were written by the releases in the first column.
func TestCookiesOfEachRelease(t *testing.T) {
	t.Parallel()
	hi := messages.Message{Level: messages.LevelInfo, Text: "hi"}
	tagged := messages.Message{Level: messages.LevelSuccess, Text: "ok", ExtraTags: "a b"}
	safe := messages.Message{Level: messages.LevelWarning, Text: "<b>", Safe: true}
	text := messages.Message{Level: messages.LevelError, Text: "é☃😀\"\\\n/"}
	a := messages.Message{Level: messages.LevelInfo, Text: "a"}
	for _, c := range []struct {
		releases []string
		list     messages.List
		more     bool
		want     string
	}{
		{releases: []string{"4.1", "6.1"}, list: messages.List{hi}, want: "W1siX19qc29uX21lc3NhZ2UiLDAsMjAsImhpIiwiIl1d:1r31eq:hwjPfc6Zv_MFEQEQWhYMvUH7bo-eNT4OUTNWImTsykY"},
		{releases: []string{"3.2", "4.0", "4.1", "6.1"}, list: messages.List{tagged}, want: "W1siX19qc29uX21lc3NhZ2UiLDAsMjUsIm9rIiwiYSBiIl1d:1r31eq:gOrq8SsVfuLBEL5lU3FZ9ynUDqfksaiDV64xPBj1i6k"},
		{releases: []string{"4.1", "6.1"}, list: messages.List{safe}, want: "W1siX19qc29uX21lc3NhZ2UiLDEsMzAsIjxiPiIsIiJdXQ:1r31eq:ME87Gutmpypr8Q7Qul661eIFIxVcz6RlhqY5-9Qd6Qw"},
		{releases: []string{"4.1", "6.1"}, list: messages.List{text}, want: "W1siX19qc29uX21lc3NhZ2UiLDAsNDAsIlx1MDBlOVx1MjYwM1x1ZDgzZFx1ZGUwMFwiXFxcbi8iLCIiXV0:1r31eq:FoC_kCTbopjn8AePUAcwPXrbhjTNd0XH_AmHnJvO-9g"},
		{releases: []string{"4.1", "6.1"}, list: messages.List{a}, more: true, want: "W1siX19qc29uX21lc3NhZ2UiLDAsMjAsImEiLCIiXSwiX19tZXNzYWdlc25vdGZpbmlzaGVkX18iXQ:1r31eq:k-fZQ4YQwveLJ1-9jl4QPA366ErpUTD2DFjLXtu7iAs"},
		{releases: []string{"3.2", "6.1"}, more: true, want: "WyJfX21lc3NhZ2Vzbm90ZmluaXNoZWRfXyJd:1r31eq:Pi0pBt_xRs7lq_hQ13qYhw45pvbqi0VtA1BPFVbRykk"},
		{releases: []string{"3.2", "6.1"}, want: "W10:1r31eq:mUhPDrlBZfhl0fAKF0B98Vf7AjKrrC59JNwAsNOnE8g"},
		{releases: []string{"3.2", "4.0"}, list: messages.List{hi}, want: "W1siX19qc29uX21lc3NhZ2UiLDAsMjAsImhpIl1d:1r31eq:E1zTGCLSP07qKyWT4WW2UdTuyk8RkDT0EgLVN_aZk8k"},
		{releases: []string{"3.2", "4.0"}, list: messages.List{safe}, want: "W1siX19qc29uX21lc3NhZ2UiLDEsMzAsIjxiPiJdXQ:1r31eq:6dUdmmoPbQAYAW7tmsPXPXuhXkpGUKnaAHcchJZnLz8"},
		{releases: []string{"3.2", "4.0"}, list: messages.List{a}, more: true, want: "W1siX19qc29uX21lc3NhZ2UiLDAsMjAsImEiXSwiX19tZXNzYWdlc25vdGZpbmlzaGVkX18iXQ:1r31eq:Csk70uGFmjek5CClnlWgspVD683Y6ltCraW2q2HTQJY"},
		{releases: []string{"3.1"}, list: messages.List{hi}, want: `[["__json_message",0,20,"hi"]]:1r31eq:P6exmzYj9BZ7k-Kf_p7mUqbkamam7xk7R5iz6_0g2FQ`},
		{releases: []string{"3.1"}, more: true, want: `["__messagesnotfinished__"]:1r31eq:rcY0eQjzNgmWxIEUmU8NBido-h6rD_fyTlESgtzFUfs`},
		{releases: []string{"2.2", "3.0"}, list: messages.List{tagged}, want: `f2097569e390a162f7ff95f015154ca20e48537a$[["__json_message",0,25,"ok","a b"]]`},
		{releases: []string{"2.2", "3.0"}, list: messages.List{safe}, want: `75d2459bbfeac62e5c06bf0492d1e5b277b0ec02$[["__json_message",1,30,"<b>"]]`},
		{releases: []string{"2.2", "3.0"}, list: messages.List{text}, want: `4235fcdd2d042e7759b8262834fe6ae92a35be39$[["__json_message",0,40,"\u00e9\u2603\ud83d\ude00\"\\\n/"]]`},
		{releases: []string{"2.2", "3.0"}, list: messages.List{a}, more: true, want: `9253874facb87e8e30988b0431762bc0e2c46542$[["__json_message",0,20,"a"],"__messagesnotfinished__"]`},
		{releases: []string{"2.2", "3.0"}, more: true, want: `c85942749d9e61a931806542235dd3c9e714b685$["__messagesnotfinished__"]`},
	} {
		for _, release := range c.releases {
			m := codec(t, release)
			got, err := m.EncodeCookie(c.list, c.more)
			if err != nil || got != c.want {
				t.Errorf("%s: %s, %v, want %s", release, got, err, c.want)
			}
			list, more, ok, err := m.DecodeCookie(c.want)
			if err != nil || !ok || more != c.more || len(list) != len(c.list) {
				t.Errorf("%s: %s: %d messages, %v, %v, %v", release, c.want, len(list), more, ok, err)
			}
			for i := range list {
				if list[i].Text != c.list[i].Text || list[i].Level != c.list[i].Level || list[i].Safe != c.list[i].Safe ||
					list[i].ExtraTags != c.list[i].ExtraTags {
					t.Errorf("%s: %s: message %d", release, c.want, i)
				}
			}
			again, err := m.EncodeCookie(list, more)
			if err != nil || again != c.want {
				t.Errorf("%s: encoded again: %s, %v, want %s", release, again, err, c.want)
			}
		}
	}
}
