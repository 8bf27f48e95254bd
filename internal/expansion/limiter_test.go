package expansion

import (
	"math/big"
	"strings"
	"testing"
)

func TestALimiterRefusesSixteenTimesAndAMebibyte(t *testing.T) {
	t.Parallel()
	part := new(int)
	for _, size := range []int{1 << 10, 1 << 20} {
		l, at, written := Limiter{}, 0, 0
		for !l.Exceeded(at) {
			again := l.Begin(part, at)
			if again == (written == 0) {
				t.Fatalf("time %d: written before is %v", written, again)
			}
			at += size
			if again {
				l.End(at)
			}
			written++
		}
		if want := 1 + factor + FreeText/size + 1; written != want {
			t.Errorf("%d bytes were written %d times, want %d", size, written, want)
		}
	}
}

func TestALimiterCountsWhatIsInsideOnce(t *testing.T) {
	t.Parallel()
	l, outer, inner := Limiter{}, new(int), new(byte)
	for i := range 2 {
		again := l.Begin(outer, 1000*i)
		if l.Begin(inner, 1000*i+10) {
			t.Error("a part of what is counted already is counted")
		}
		l.Text("a", 1000*i+10, 1000*i+900)
		if again {
			l.End(1000 * (i + 1))
		}
	}
	if l.repeated != 1000 {
		t.Errorf("%d bytes were written again, want 1000", l.repeated)
	}
}

func TestALimiterRecognizesPartsByTheirMemory(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("x", 1000)
	n := big.NewInt(1)
	for name, c := range map[string]struct {
		first, second any
		repeats       bool
	}{
		"one text":        {text, text, true},
		"one slice":       {text[1:], text[1:], true},
		"another slice":   {text, text[:999], false},
		"an equal text":   {text, strings.Clone(text), false},
		"one integer":     {n, n, true},
		"an equal number": {n, big.NewInt(1), false},
	} {
		l := Limiter{}
		l.Text(c.first, 0, 1000)
		l.Text(c.second, 1000, 2000)
		if repeats := l.repeated == 1000; repeats != c.repeats || l.repeated != 0 && !repeats {
			t.Errorf("%s: %d bytes repeat others", name, l.repeated)
		}
	}
}
