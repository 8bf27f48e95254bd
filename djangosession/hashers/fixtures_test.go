package hashers_test

import (
	"encoding/json"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/auth"
	"github.com/djangobridge/djangobridge/djangosession/hashers"
	"github.com/djangobridge/djangobridge/fixtures"
)

// passwordCase is a case of passwords.json.
type passwordCase struct {
	Name       string              `json:"name"`
	Op         string              `json:"op"`
	Class      string              `json:"class"`
	Algorithm  string              `json:"algorithm"`
	MRO        []string            `json:"mro"`
	Overrides  map[string][]string `json:"overrides"`
	Parameters map[string]int      `json:"parameters"`
	Hasher     string              `json:"hasher"`
	Hashers    []string            `json:"hashers"`
	Password   json.RawMessage     `json:"password"`
	Encoded    string              `json:"encoded"`
	Correct    bool                `json:"correct"`
	Updates    bool                `json:"updates"`
	Refused    bool                `json:"refused"`
	Raises     string              `json:"raises"`
	Expect     string              `json:"expect"`
	Length     int                 `json:"length"`
	Usable     bool                `json:"usable"`
}

// TestVectorsOfDjango checks passwords that five releases of Django have encoded, and
// encodes passwords for each of its hashers.
func TestVectorsOfDjango(t *testing.T) {
	t.Parallel()
	for _, release := range fixtures.Releases() {
		file, err := fixtures.Read[passwordCase](release + "/passwords.json")
		if err != nil {
			t.Fatal(err)
		}
		facts := map[string]djangosession.PasswordHasher{}
		for _, c := range file.Cases {
			if c.Op == "hasher" {
				facts[c.Class] = djangosession.PasswordHasher{
					Class: c.Class, Algorithm: c.Algorithm, MRO: c.MRO, Overrides: c.Overrides, Parameters: c.Parameters,
				}
			}
		}
		t.Run(release, func(t *testing.T) {
			t.Parallel()
			built := map[string]*hashers.Hashers{}
			checked := 0
			for _, c := range file.Cases {
				if c.Op != "check_password" {
					continue
				}
				h := siteHashers(t, built, file.Django, facts, c.Hashers)
				var password string
				if json.Unmarshal(c.Password, &password) != nil || string(c.Password) == "null" {
					continue // bytes, or None
				}
				checked++
				ok, updates, err := h.Check(t.Context(), password, auth.Secret(c.Encoded))
				if c.unsupported() {
					if ok || !errors.Is(err, auth.ErrUnknownHasher) {
						t.Errorf("%s: %v, %v", c.Name, ok, err)
					}
					continue
				}
				want := c.Updates && c.Correct && !isWeak(facts[c.Hashers[0]]) && !c.hasOtherTag()
				if ok != c.Correct || updates != want || c.Correct && err != nil {
					t.Errorf("%s: %s: %v, update %v, %v; want %v, %v (%s)", c.Name, c.Encoded, ok, updates, err, c.Correct, c.Updates, c.Expect)
				}
			}
			if checked < 300 {
				t.Errorf("%d passwords were checked", checked)
			}
		})
	}
}

// unsupported reports whether the case needs a form of Argon2 that no release of Django
// has written.
func (c *passwordCase) unsupported() bool {
	return c.Correct && (strings.HasPrefix(c.Encoded, "argon2$argon2") && !strings.Contains(c.Encoded, "$v=19$") ||
		strings.HasPrefix(c.Encoded, "argon2$argon2d$"))
}

// hasOtherTag reports whether the case is an update only because of the length of a tag,
// which depends on the version of a library.
func (c *passwordCase) hasOtherTag() bool {
	return c.Name == "argon2-variant-id" || c.Name == "argon2-variant-id-32"
}

// isWeak reports whether passwords of a hasher are only checked.
func isWeak(f djangosession.PasswordHasher) bool {
	return slices.ContainsFunc([]string{"md5", "sha1", "unsalted", "crypt"}, func(weak string) bool {
		return strings.HasPrefix(f.Algorithm, weak)
	})
}

// siteHashers returns the hashers of a site with these classes, the first of which
// encodes passwords that it checks without an update.
func siteHashers(
	t *testing.T, built map[string]*hashers.Hashers, django string, facts map[string]djangosession.PasswordHasher, classes []string,
) *hashers.Hashers {
	t.Helper()
	key := strings.Join(classes, " ")
	if built[key] != nil {
		return built[key]
	}
	s, err := djangosession.NewSettingsFor(django, "key")
	if err != nil {
		t.Fatal(err)
	}
	s.PasswordHashers, s.Hashers = classes, []djangosession.PasswordHasher{}
	for _, name := range classes {
		if facts[name].Class == "" {
			t.Fatalf("no facts about %s", name)
		}
		s.Hashers = append(s.Hashers, facts[name])
	}
	h, err := hashers.New(s, hashers.Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	h.SkipRefusals()
	built[key] = h
	if isWeak(facts[classes[0]]) || strings.HasPrefix(classes[0], module) { // which only checks, or is slow
		return h
	}
	encoded, err := h.Make(t.Context(), "pässword")
	if err != nil {
		t.Errorf("%s: %v", key, err)
	}
	if ok, updates, err := h.Check(t.Context(), "pässword", encoded); !ok || updates || err != nil {
		t.Errorf("%s: a new password: %v, update %v, %v", key, ok, updates, err)
	}
	return h
}
