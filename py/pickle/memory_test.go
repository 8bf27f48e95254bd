package pickle

import (
	"errors"
	"slices"
	"sort"
	"strings"
	"testing"

	"github.com/djangobridge/djangobridge/py"
)

// A filler begins pickles that use up memory n times, with values or with hashed keys.
type filler struct {
	start func(n int) string
	end   string // of the pickle
	more  int    // repetitions beyond the limit, because fragments add to it
}

func ofValues() filler {
	start := "\x80\x02c_codecs\nencode\nq\x00X\xe8\x03\x00\x00" + strings.Repeat("a", 1000) + "q\x01X\x06\x00\x00\x00latin1q\x02"
	return filler{func(n int) string { return start + strings.Repeat("h\x00h\x01h\x02\x86R", n) }, ".", 20}
}

func ofKeys() filler {
	start := "\x80\x02X\x20\x4e\x00\x00" + strings.Repeat("a", 20_000) + "\x85q\x01}(K\x00NK\x01NK\x02NK\x03NK\x04NK\x05NK\x06NK\x07NK\x08NK\x09Nu"
	return filler{func(n int) string { return start + strings.Repeat("h\x01Ns", n) }, "\x87.", 3}
}

// fragments contains every kind of value that a pickle makes. Each leaves one value on
// the stack.
func fragments() []string {
	return []string{
		"N", "\x88", "K\x01", "M\x01\x02", "J\x01\x02\x03\x04", "\x8a\x01\xff", "\x8a\x09aaaaaaaaa", "\x8b\x02\x00\x00\x00aa", "I7\n", "I70000\n", "I99999999999999999999\n", "L7L\n",
		"L99999999999999999999L\n", "F1.5\n", "G\x00\x00\x00\x00\x00\x00\x00\x00", "\x8c\x03abc", "\x8c\x01a", "X\x03\x00\x00\x00abc", "X\x01\x00\x00\x00a",
		"\x8d\x03\x00\x00\x00\x00\x00\x00\x00abc", "Vabc\n", "V\\u0061\xe9\n", "U\x03abc", "T\x03\x00\x00\x00abc", "S'abc'\n", "S'a\\n'\n", "C\x03abc",
		"B\x03\x00\x00\x00abc", "\x8e\x03\x00\x00\x00\x00\x00\x00\x00abc", "\x96\x03\x00\x00\x00\x00\x00\x00\x00abc", "]", "}", "\x8f", ")", "N\x85", "NN\x86", "NNN\x87",
		"(NNNNt", "(NNNNl", "(K\x01NK\x02Nd", "(K\x01K\x02\x91", "]Na", "](NNNe", "]NaNaNa", "}NNs", "}(NNK\x01Nu", "}\x8c\x01aNs", "}(\x8c\x01aN\x8c\x01bNu", "}N\x85Ns", "\x8f(N\x90",
		"\x8f(K\x01K\x02K\x03K\x04K\x05K\x06K\x07K\x08K\x09\x90", "\x8f(N\x85\x90", "cm\nf\n", "\x8c\x01m\x8c\x01f\x93", "cm\nf\n)R", "cm\nf\nN\x85R", "cm\nf\nNN\x86R",
		"cm\nf\n)\x81", "cm\nf\n)}\x92", "(im\nf\n", "(Nim\nf\n", "(cm\nf\no", "(cm\nf\nNo", "cm\nf\n)RNb", "cm\nf\n)R]b", "cm\nf\n)RNa", "cm\nf\n)R(NNe",
		"cm\nf\n)RNNs", "cm\nf\n)R(NNu", "cm\nf\n)Rq\x07cm\ng\nh\x07N\x86R0", "Np77\n0g77\n", "Nr\x00\x00\x01\x000j\x00\x00\x01\x00", "(]q\x07h\x07t", "((((((((((((((((((((N1111111111111111111N",
		"c__builtin__\nset\n](K\x01K\x02e\x85R", "c__builtin__\nfrozenset\n](K\x01K\x02e\x85R", "c__builtin__\nbytearray\n)R", "c__builtin__\nbytes\n)R",
		"\x80\x03cbuiltins\nbytearray\nC\x03abc\x85R", "\x80\x02c_codecs\nencode\nX\x03\x00\x00\x00abcX\x06\x00\x00\x00latin1\x86R",
		"(" + strings.Repeat("K\x01", 200) + "1N", strings.Repeat("N\x94", 200) + strings.Repeat("0", 199), "\x82\x01",
	}
}

// manyOfOne contains lists of types that are allocated many at a time.
func manyOfOne() []string {
	ones := []string{
		"M\x01\x02", "J\x01\x02\x03\x04", "\x8a\x02aa", "I700\n", "L700L\n", "\x8c\x03abc", "X\x03\x00\x00\x00abc", "Vabc\n", "U\x03abc", "C\x03abc",
		"B\x03\x00\x00\x00abc", "cm\nf\n", "\x8c\x01m\x8c\x01f\x93", "\x82\x01",
	}
	for i, one := range ones {
		ones[i] = "(" + strings.Repeat(one, 100) + "1N"
	}
	return ones
}

// Wherever a pickle reaches the memory limit, it is refused: nothing is lost and nothing
// panics.
func TestUsedUpMemoryIsNoticedEverywhere(t *testing.T) {
	t.Parallel()
	values, keys := ofValues(), ofKeys()
	n := values.limit(t)
	for _, fragment := range slices.Concat(fragments(), manyOfOne()) {
		values.check(t, n, fragment)
	}
	n = keys.limit(t)
	for _, fragment := range []string{
		"N", "]", "(" + strings.Repeat("K\x01", 200) + "1N", strings.Repeat("N\x94", 200) + strings.Repeat("0", 199),
		"}N\x85Ns", "}(N\x91Ns", "\x8f(N\x85\x90", "(N\x85\x91", "}\x8c\x01a\x85Ns",
	} {
		keys.check(t, n, fragment)
	}
}

// loads reads the pickle of a fragment. More bytes after its end allow more memory.
func (f filler) loads(n int, fragment string, padding int) (any, error) {
	o := Options{Extensions: map[int64]py.Global{1: {Module: "m", Name: "C"}}}
	return o.LoadsString(f.start(n) + fragment + f.end + strings.Repeat(" ", padding))
}

// limit returns how often the filler has to be repeated to use up all memory, plus some
// more.
func (f filler) limit(t *testing.T) int {
	t.Helper()
	return f.more + sort.Search(1000, func(n int) bool {
		_, err := f.loads(n, "N", 0)
		return err != nil
	})
}

func (f filler) check(t *testing.T, n int, fragment string) {
	t.Helper()
	enough := sort.Search(5000, func(padding int) bool {
		_, err := f.loads(n, fragment, padding)
		return err == nil
	})
	v, err := f.loads(n, fragment, enough)
	alone, errAlone := f.loads(0, fragment, 0)
	if err != nil || errAlone != nil || f.end == "." && canon(v) != canon(alone) {
		t.Errorf("%q: with %d bytes more %s, %v; want %s, %v", fragment, enough, canon(v), err, canon(alone), errAlone)
	}
	for padding := max(0, enough-3); padding < enough; padding++ {
		v, err := f.loads(n, fragment, padding)
		if problem, ok := errors.AsType[*SyntaxError](err); !ok || v != nil || problem.Problem != tooLarge {
			t.Errorf("%q: with %d of %d bytes more: %v", fragment, padding, enough, err)
		}
	}
	if enough == 0 {
		t.Errorf("%q: is not refused", fragment)
	}
}
