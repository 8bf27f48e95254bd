package compat_test

import (
	"strings"
	"testing"

	"github.com/djangobridge/djangobridge/py"
	"github.com/djangobridge/djangobridge/py/pyjson"
)

// makeRandomSessions is Python that stores random sessions, and returns the keys and
// values.
const makeRandomSessions = `
import random, string
draw = random.Random(seed)

def text():
    return "".join(draw.choice(string.printable + "\u00e9\u2603\U0001f600\x00") for _ in range(draw.randrange(12)))

def value(depth):
    kind = draw.randrange(9 if depth else 7)
    if kind == 0: return None
    if kind == 1: return draw.random() < 0.5
    if kind == 2: return draw.randrange(-10 ** draw.randrange(1, 25), 10 ** draw.randrange(1, 25))
    if kind == 3: return draw.choice([0.0, -0.0, 1.0, 1e16, 1e-7, 5e-324, float("inf"), draw.random() * 10 ** draw.randrange(-20, 20)])
    if kind < 7: return text()
    if kind == 7: return [value(depth - 1) for _ in range(draw.randrange(4))]
    return {text(): value(depth - 1) for _ in range(draw.randrange(4))}

result = []
for _ in range(count):
    session = store()
    session.update({text(): value(3) for _ in range(draw.randrange(5))})
    session.save()
    result.append([session.session_key, session._session_cache])
`

// loadSessions is Python that compares stored sessions with the values that they must
// have, with their types. It returns the number of those that are different.
const loadSessions = `
result = sum(repr(store(key).load()) != repr(values) for key, values in sessions)
`

// TestRandomSessionsOfFilesAndCookies has each side read the random sessions of the
// other. ENGINE_VALUES is their number.
func TestRandomSessionsOfFilesAndCookies(t *testing.T) {
	t.Parallel()
	count := times(t, "ENGINE_VALUES", 200)
	for _, c := range fileAndCookieCases() {
		for _, release := range releases() {
			t.Run(c.name+"/"+release, func(t *testing.T) {
				t.Parallel()
				p := newEnginePair(t, c, release, true)
				made, ok := p.django.do(t, "python", map[string]any{"code": makeRandomSessions, "seed": 1, "count": count}).(*py.List)
				if !ok || len(made.Items) != count {
					t.Fatal("Django has not made the sessions")
				}
				again := make([]any, 0, count)
				for i, item := range made.Items {
					pair, _ := py.Resolve(item).(*py.List)
					key, _ := pair.Items[0].(string)
					ours := p.load(t, key)
					if got, want := dumped(t, ours.Dict()), dumped(t, pair.Items[1]); got != want {
						t.Fatalf("session %d: Go reads\n%s, want\n%s", i, got, want)
					}
					fresh := p.sessions.New()
					if err := fresh.Update(pair.Items[1]); err != nil {
						t.Fatal(err)
					}
					save(t, fresh)
					again = append(again, []any{fresh.Key(), pair.Items[1]})
				}
				if wrong := p.django.do(t, "python", map[string]any{"code": loadSessions, "sessions": again}); wrong != int64(0) {
					t.Errorf("Django reads %v of %d sessions with other values", wrong, count)
				}
			})
		}
	}
}

func dumped(t *testing.T, v any) string {
	t.Helper()
	text, err := pyjson.Dumps(v)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(text))
}
