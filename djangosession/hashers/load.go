package hashers

import (
	"fmt"
	"slices"
	"strings"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/internal/release"
)

const djangosModule = "django.contrib.auth.hashers."

// class is one of Django's hasher classes.
type class struct{ name, algorithm string }

// classes returns Django's hasher classes.
func classes() []class {
	return []class{
		{"PBKDF2PasswordHasher", "pbkdf2_sha256"},
		{"PBKDF2SHA1PasswordHasher", "pbkdf2_sha1"},
		{"Argon2PasswordHasher", "argon2"},
		{"BCryptSHA256PasswordHasher", "bcrypt_sha256"},
		{"BCryptPasswordHasher", "bcrypt"},
		{"ScryptPasswordHasher", "scrypt"},
		{"MD5PasswordHasher", "md5"},
		{"SHA1PasswordHasher", "sha1"},
		{"UnsaltedMD5PasswordHasher", "unsalted_md5"},
		{"UnsaltedSHA1PasswordHasher", "unsalted_sha1"},
		{"CryptPasswordHasher", "crypt"},
	}
}

// classOf returns the class of Django's with this qualified name.
func classOf(qualified string) (class, bool) {
	name, _ := strings.CutPrefix(qualified, djangosModule)
	i := slices.IndexFunc(classes(), func(c class) bool { return djangosModule+c.name == qualified && c.name == name })
	if i < 0 {
		return class{}, false
	}
	return classes()[i], true
}

// load creates the entries.
func (h *Hashers) load(s *djangosession.Settings, site release.Release, o *Options) error {
	l := loader{site: site, own: o.Own, primitives: newPrimitives()}
	h.primitives = l.primitives
	facts, known := s.Hashers, s.Hashers != nil
	if !known {
		facts = describe(s.PasswordHashers, site)
	}
	h.entries = map[string]*entry{}
	for i := range facts {
		e := l.entry(&facts[i])
		if i == 0 {
			h.preferred = e
		}
		if h.standIn == nil && h.canStandIn(e) {
			h.standIn = e.django
		}
		h.entries[e.algorithm] = e
	}
	if h.preferred == nil {
		h.preferred = &entry{problem: hasherError("", "is missing: PASSWORD_HASHERS is empty")}
		h.told.Store(toldKey{unusable, ""}, true) // Django cannot log users in either
	}
	// Django checks a password with the last hasher of its algorithm, and the first hasher
	// of all decides about updates. Those of Django check alike, so the first can do both.
	if last := h.entries[h.preferred.algorithm]; last == nil || last.problem == nil {
		h.entries[h.preferred.algorithm] = h.preferred
	}
	for algorithm, own := range o.Own {
		switch {
		case h.entries[algorithm] != nil:
		case known:
			return &djangosession.SettingError{
				Setting: "Options.Own", Problem: fmt.Sprintf("contains %q, but no hasher in PASSWORD_HASHERS has this algorithm", algorithm),
			}
		default:
			h.entries[algorithm] = &entry{algorithm: algorithm, own: own}
		}
	}
	h.checkPreferred()
	return nil
}

// canStandIn reports whether refusals can take as long as this hasher.
func (h *Hashers) canStandIn(e *entry) bool {
	return e.problem == nil && e.django != nil && e.django.problem() == "" && h.excess(e.django.cost()) == "" &&
		e.django.cost().time > 0
}

// describe returns what is known of hashers without facts. Classes of the site have an
// unknown algorithm.
func describe(hashers []string, site release.Release) []djangosession.PasswordHasher {
	if hashers == nil {
		for _, name := range site.PasswordHashers() {
			hashers = append(hashers, djangosModule+name)
		}
	}
	facts := make([]djangosession.PasswordHasher, 0, len(hashers))
	for _, name := range hashers {
		c, _ := classOf(name)
		facts = append(facts, djangosession.PasswordHasher{Class: name, Algorithm: c.algorithm, MRO: []string{name}})
	}
	return facts
}

// checkPreferred logs an error if new passwords cannot be encoded, and gives the hasher a
// problem if its parameters cannot be used.
func (h *Hashers) checkPreferred() {
	p := h.preferred
	if p.django != nil {
		if problem := p.django.problem(); problem != "" {
			p.problem = hasherError(p.algorithm, "cannot encode passwords: "+problem)
		} else if problem := h.excess(p.django.cost()); problem != "" {
			p.problem = hasherError(p.algorithm, "cannot encode passwords: "+problem)
		}
	}
	if p.problem == nil {
		return
	}
	if attrs := h.untold(unusable, p.problem); attrs != nil {
		h.logger.Error(unusable, attrs...)
	}
}

// loader creates entries.
type loader struct {
	*primitives
	site release.Release
	own  map[string]Hasher
}

func (l *loader) entry(f *djangosession.PasswordHasher) *entry {
	e := &entry{algorithm: f.Algorithm, own: l.own[f.Algorithm]}
	if e.own != nil {
		return e
	}
	base, changed := baseOf(f)
	name := f.Algorithm
	if name == "" {
		name = f.Class
	}
	switch {
	case f.Algorithm == "", base.name == "":
		e.problem = hasherError(name, fmt.Sprintf("is %s, which is not Django's: %s", f.Class, supplyIt))
	case changed != "":
		e.problem = hasherError(name, fmt.Sprintf("is %s, which changes %s of %s: %s", f.Class, changed, base.name, supplyIt))
	default:
		if e.django = l.algorithm(base, f); e.django == nil {
			e.problem = hasherError(name, "is not supported: let these users log in to Django once")
		}
	}
	return e
}

// baseOf returns the class of Django's on which a hasher is based, and the name of
// anything that it changes besides parameters.
func baseOf(f *djangosession.PasswordHasher) (base class, changed string) {
	for _, name := range f.MRO {
		if c, ok := classOf(name); ok {
			base = c
			break
		}
	}
	if base.name == "" && f.MRO == nil {
		base, _ = classOf(f.Class)
	}
	for _, names := range f.Overrides {
		for _, name := range names {
			_, given := f.Parameters[name]
			if name != "algorithm" && name != "safe_summary" && !(isParameter(name) && given) {
				return base, name
			}
		}
	}
	return base, ""
}

func isParameter(name string) bool {
	return slices.Contains([]string{
		"iterations", "rounds", "time_cost", "memory_cost", "parallelism", "work_factor", "block_size", "maxmem", "salt_entropy",
	}, name)
}

// algorithm returns a hasher of Django's with the parameters of f; nil if it is not
// supported.
func (l *loader) algorithm(c class, f *djangosession.PasswordHasher) algorithm {
	get := func(name string, fallback int) int {
		if n, ok := f.Parameters[name]; ok {
			return n
		}
		return fallback
	}
	s := salts{entropy: get("salt_entropy", l.site.SaltEntropy())}
	switch c.algorithm {
	case "pbkdf2_sha256", "pbkdf2_sha1":
		return &pbkdf2Hasher{
			primitives: l.primitives, name: f.Algorithm, sha1: c.algorithm == "pbkdf2_sha1", salts: s,
			iterations: get("iterations", l.site.PBKDF2Iterations()),
		}
	case "argon2":
		d := l.site.Argon2()
		return &argon2Hasher{
			primitives: l.primitives, name: f.Algorithm, salts: s, strict: l.site.HasArgon2id(), tag: argon2Tag,
			argon2Params: argon2Params{
				variant: d.Variant, version: argon2Version, time: get("time_cost", d.Time), memory: get("memory_cost", d.Memory),
				lanes: get("parallelism", d.Parallelism),
			},
		}
	case "bcrypt_sha256", "bcrypt":
		const rounds = 12
		return &bcryptHasher{
			primitives: l.primitives, name: f.Algorithm, sha256: c.algorithm == "bcrypt_sha256", rounds: get("rounds", rounds),
		}
	case "scrypt":
		const n, r = 1 << 14, 8
		h := &scryptHasher{
			primitives: l.primitives, name: f.Algorithm, salts: s, maxmem: int64(get("maxmem", 0)),
			scryptParams: scryptParams{
				n: get("work_factor", n), r: get("block_size", r), p: get("parallelism", l.site.ScryptParallelism()),
			},
		}
		if h.maxmem == 0 {
			h.maxmem = defaultMaxmem
		}
		return h
	case "md5", "sha1":
		return &digestHasher{name: f.Algorithm, sha1: c.algorithm == "sha1", salted: true}
	case "unsalted_md5", "unsalted_sha1":
		return &digestHasher{name: f.Algorithm, sha1: c.algorithm == "unsalted_sha1"}
	}
	return nil
}
