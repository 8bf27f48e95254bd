package compat_test

import (
	"strings"
	"testing"
)

// TestInspectOnEachStore looks at Django's sessions in other stores than tables, and
// logs a user out.
func TestInspectOnEachStore(t *testing.T) {
	t.Parallel()
	e := &example{program: buildTool(t), browser: startBrowser(t)}
	for name, lists := range map[string]bool{"cache on Redis": true, "cache on memcached": false, "file": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, made := newStoreSite(t, name)
			first, second := made[0], made[1]
			f.django("DJANGO_SETTINGS_MODULE=shop.front python manage.py migrate") // the page asks for the names of users
			i := e.inspect(t, f, "--write")
			i.check("overview")
			overview := i.shown()
			i.showsTea(t, first, lists)
			if !lists {
				if strings.Count(overview, "cannot be listed") != 1 {
					t.Errorf("the overview says\n%s", overview)
				}
				return
			}
			if !strings.Contains(overview, "All 2 sessions were read") || strings.Contains(overview, "Which key") {
				t.Errorf("the overview says\n%s", overview)
			}
			i.open("/sessions")
			i.check("sessions")
			if found := i.links(); len(found) != 2 {
				t.Errorf("listed: %q", found)
			}
			i.open("/users")
			i.check("users")
			i.choose("id", "7")
			if text := i.shown(); !strings.Contains(text, "1 session of this user") {
				t.Errorf("the user has\n%s", text)
			}
			i.press("form[action$='/logout'] button")
			i.press("main .danger")
			if text := i.await(); !strings.Contains(text, "1 session deleted") {
				t.Errorf("the job says\n%s", text)
			}
			if left := f.django("python has.py " + first + " " + second); left != second {
				t.Errorf("Django finds %q, want %q", left, second)
			}
		})
	}
}

// showsTea looks for a session: by the beginning of its key, or by the whole key in a
// store that does not list its keys.
func (i *inspection) showsTea(t *testing.T, key string, lists bool) {
	t.Helper()
	if lists {
		i.choose("key", key[:6])
	} else {
		i.fill("text", key)
		i.press("form.search button")
	}
	i.check("session")
	if text := i.shown(); !strings.Contains(text, "'tea'") || strings.Contains(text, key) {
		t.Errorf("the session is shown as\n%s", text)
	}
}
