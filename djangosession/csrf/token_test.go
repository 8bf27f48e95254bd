package csrf

import (
	"strings"
	"testing"
)

// Made by Django 6.1.3, with these masks.
func tokens() []struct{ secret, token string } {
	return []struct{ secret, token string }{
		{"abcdefghijklmnopqrstuvwxyzABCDEF", "0123456789abcdefghijklmnopqrstuv02468acegikmoqsuwyACEGIKMOQSUWY0"},
		{"Sx0123456789abcdefghijklmnopqrsT", "0123456789abcdefghijklmnopqrstuvIoSUWY02468acegikmoqsuwyACEGIKMe"},
		{"Sx0123456789abcdefghijklmnopqrsT", "Z9Y8X7W6V5U4T3S2R1Q0zyxwvutsrqpoHwOZP0Q1R2S3T4U5V6W7HHHHHHHHHHH7"},
	}
}

func TestMasksAndUnmasksAsDjango(t *testing.T) {
	t.Parallel()
	for _, v := range tokens() {
		if got, ok := unmask(v.token); got != v.secret || !ok {
			t.Errorf("%s unmasks to %q, want %q", v.token, got, v.secret)
		}
		if got, ok := combine(v.token[:secretLength], v.secret, 1); got != v.token || !ok {
			t.Errorf("%s masks to %q, want %q", v.secret, got, v.token)
		}
		if !matches(v.token, v.secret) || !matches(v.secret, v.secret) {
			t.Errorf("%s does not match its secret", v.token)
		}
	}
}

func TestTokenOfAnotherSecretDoesNotMatch(t *testing.T) {
	t.Parallel()
	v := tokens()[0]
	for i := range v.token {
		c := byte('a')
		if v.token[i] == c {
			c = 'b'
		}
		if matches(v.token[:i]+string(c)+v.token[i+1:], v.secret) {
			t.Errorf("matches with another character at %d", i)
		}
	}
	for _, secret := range []string{"", v.secret[1:], v.secret + "a", v.token, newSecret()} {
		if matches(v.token, secret) {
			t.Errorf("matches %q", secret)
		}
	}
}

func TestSecretsAreRandomAndEveryMaskIsNew(t *testing.T) {
	t.Parallel()
	const many = 2000
	seen, chars := map[string]bool{}, map[rune]int{}
	for range many {
		s := newSecret()
		if formProblem(s) != "" || len(s) != secretLength || seen[s] {
			t.Fatalf("%q is no new secret", s)
		}
		seen[s] = true
		for _, c := range s {
			chars[c]++
		}
		m, err := mask(tokens()[0].secret)
		if err != nil || seen[m] || !matches(m, tokens()[0].secret) {
			t.Fatalf("%q is no new token: %v", m, err)
		}
		seen[m] = true
	}
	// The expected count of each of 62 characters is 1032, with a standard deviation of
	// 32.
	for _, c := range alphabet {
		if n := chars[c]; n < 830 || n > 1230 {
			t.Errorf("%q came %d times", c, n)
		}
	}
}

func TestTellsWhatIsWrongWithAToken(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, text, want string }{
		{"secret", strings.Repeat("a", 32), ""},
		{"masked", strings.Repeat("Z", 64), ""},
		{"empty", "", badLength},
		{"in between", strings.Repeat("a", 33), badLength},
		{"the limit is in characters, not bytes", strings.Repeat("é", 32), badCharacters},
		{"bytes that would be enough", strings.Repeat("é", 16), badLength},
		{"star", strings.Repeat("*", 64), badCharacters},
		{"line end", strings.Repeat("a", 31) + "\n", badCharacters},
		{"not UTF-8", strings.Repeat("a", 31) + "\xff", badCharacters},
	} {
		if got := formProblem(c.text); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func FuzzToken(f *testing.F) {
	for _, v := range tokens() {
		f.Add(v.token, v.secret)
	}
	f.Add("", "")
	f.Add(strings.Repeat("é", 40), "*")
	f.Fuzz(func(t *testing.T, token, secret string) {
		plain, ok := unmask(token)
		if ok && len(token) == tokenLength {
			if again, ok := combine(token[:secretLength], plain, 1); again != token || !ok {
				t.Errorf("%q is masked to %q", plain, again)
			}
		}
		if formProblem(token) == "" && matches(token, secret) && formProblem(secret) != "" {
			t.Errorf("%q matches %q, which is no secret", token, secret)
		}
		if m, err := mask(secret); err == nil && len(secret) == secretLength && !matches(m, secret) {
			t.Errorf("%q does not match its secret", m)
		}
	})
}
