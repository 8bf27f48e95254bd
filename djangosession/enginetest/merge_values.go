package enginetest

import (
	"testing"

	"github.com/djangobridge/djangobridge/djangosession"
)

func mergeValueTests() []test {
	return []test{
		{"every way to change a value is merged", needMerge, testMergeEveryChange},
		{"a clearing removes nothing that others store after it was saved", needMerge, testMergeClearedOnce},
		{"a session that nobody changed merges nothing", needMerge, testMergeUnchanged},
	}
}

// store saves values of another request to the session with this key.
func (s *suite) store(t *testing.T, key string, values map[string]any) {
	t.Helper()
	theirs := s.loaded(t, key)
	if err := theirs.Update(values); err != nil {
		t.Fatal(err)
	}
	if err := theirs.Save(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func testMergeEveryChange(t *testing.T, s *suite) {
	s.merging(t)
	for name, c := range map[string]struct {
		change func(mine *djangosession.Session) error
		want   map[string]any
	}{
		"Set": {
			change: func(mine *djangosession.Session) error { mine.Set("a", 2); return nil },
			want:   map[string]any{"a": 2, "b": 1},
		},
		"Set to the same": {
			change: func(mine *djangosession.Session) error { mine.Set("a", 1); return nil },
			want:   map[string]any{"a": 1, "b": 1},
		},
		"Update": {
			change: func(mine *djangosession.Session) error { return mine.Update(map[string]any{"a": 2, "c": 3}) },
			want:   map[string]any{"a": 2, "b": 1, "c": 3},
		},
		"SetDefault": {
			change: func(mine *djangosession.Session) error { mine.SetDefault("c", 3); return nil },
			want:   map[string]any{"a": 0, "b": 1, "c": 3},
		},
		"SetDefault of what is there": {
			change: func(mine *djangosession.Session) error { mine.SetDefault("a", 3); return nil },
			want:   map[string]any{"a": 0, "b": 1},
		},
		"Delete": {
			change: func(mine *djangosession.Session) error { return mine.Delete("a") },
			want:   map[string]any{"b": 1},
		},
		"Pop": {
			change: func(mine *djangosession.Session) error { _, err := mine.Pop("a"); return err },
			want:   map[string]any{"b": 1},
		},
		"PopDefault": {
			change: func(mine *djangosession.Session) error { mine.PopDefault("a", nil); return nil },
			want:   map[string]any{"b": 1},
		},
		"Clear": {
			change: func(mine *djangosession.Session) error { mine.Clear(); return nil },
			want:   map[string]any{},
		},
		"SetExpiry": {
			change: func(mine *djangosession.Session) error { mine.SetExpiry(600); return nil },
			want:   map[string]any{"a": 0, "b": 1, djangosession.ExpiryName: 600},
		},
		"SetTestCookie": {
			change: func(mine *djangosession.Session) error { mine.SetTestCookie(); return nil },
			want:   map[string]any{"a": 0, "b": 1, "testcookie": "worked"},
		},
	} {
		for saving, save := range map[string]func(mine *djangosession.Session) error{
			"Save":     func(mine *djangosession.Session) error { return mine.Save(t.Context()) },
			"CycleKey": func(mine *djangosession.Session) error { return mine.CycleKey(t.Context()) },
		} {
			t.Run(name+"/"+saving, func(t *testing.T) {
				mine := s.loaded(t, s.created(t, map[string]any{"a": 1, "b": 1}).Key())
				if err := c.change(mine); err != nil {
					t.Fatal(err)
				}
				s.store(t, mine.Key(), map[string]any{"a": 0})
				if err := save(mine); err != nil {
					t.Fatal(err)
				}
				s.wantValues(t, mine.Key(), c.want)
			})
		}
	}
}

func testMergeClearedOnce(t *testing.T, s *suite) {
	s.merging(t)
	for name, save := range map[string]func(mine *djangosession.Session) error{
		"Save":     func(mine *djangosession.Session) error { return mine.Save(t.Context()) },
		"CycleKey": func(mine *djangosession.Session) error { return mine.CycleKey(t.Context()) },
		"Create":   func(mine *djangosession.Session) error { return mine.Create(t.Context()) },
	} {
		t.Run(name, func(t *testing.T) {
			mine := s.created(t, map[string]any{"a": 1})
			mine.Clear()
			if err := save(mine); err != nil {
				t.Fatal(err)
			}
			s.wantValues(t, mine.Key(), map[string]any{})
			s.store(t, mine.Key(), map[string]any{"theirs": 1})
			mine.Set("mine", 2)
			if err := mine.Save(t.Context()); err != nil {
				t.Fatal(err)
			}
			s.wantValues(t, mine.Key(), map[string]any{"theirs": 1, "mine": 2})
		})
	}
}

func testMergeUnchanged(t *testing.T, s *suite) {
	s.merging(t)
	mine := s.created(t, map[string]any{"a": 1, "b": 1})
	s.store(t, mine.Key(), map[string]any{"a": 2})
	if err := mine.Save(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.wantValues(t, mine.Key(), map[string]any{"a": 2, "b": 1})
	if v, _ := mine.Get("a"); v != int64(2) {
		t.Errorf("the session has %v", v)
	}
}
