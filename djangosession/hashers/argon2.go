package hashers

import (
	"encoding/base64"
	"fmt"
	"strings"
	"time"
)

// argon2Unit is the time to fill 1 KiB once.
const argon2Unit = 950 * time.Nanosecond

// Limits of Argon2.
const (
	minLaneMemory  = 8 // KiB
	minArgon2Salt  = 8
	minArgon2Tag   = 4
	maxArgon2Lanes = 255
	argon2Tag      = 32 // length of new tags, as in argon2-cffi since 21.2
	argon2Version  = 0x13
)

// argon2Params are the parameters of Argon2.
type argon2Params struct {
	variant string // "argon2i", "argon2d" or "argon2id"
	version int
	memory  int // in KiB
	time    int // passes
	lanes   int // parallelism
}

// argon2Hasher is Argon2PasswordHasher.
type argon2Hasher struct {
	hashable
	*primitives
	argon2Params
	name   string
	strict bool // since 3.2, must_update looks at the variant and the salt too
	tag    int  // length of new hashes
	salts  salts
}

// argon2Password is algorithm$variant$v=version$m=memory,t=time,p=lanes$salt$tag.
type argon2Password struct {
	*argon2Hasher
	argon2Params
	salt, tag []byte
}

func (h *argon2Hasher) parse(encoded string) (stored, bool) {
	name, text, _ := strings.Cut(encoded, "$")
	parts := strings.Split(text, "$")
	const fields = 5
	if len(parts) == fields-1 { // written by Argon2 1.2 or older
		parts = append(parts[:1:1], append([]string{"v=16"}, parts[1:]...)...)
	}
	if name != h.name || len(parts) != fields || !isArgon2(parts[0]) {
		return nil, false
	}
	p := &argon2Password{argon2Hasher: h, argon2Params: argon2Params{variant: parts[0]}}
	version, isVersion := strings.CutPrefix(parts[1], "v=")
	var ok bool
	if p.version, ok = positive(version); !ok || !isVersion || !p.parseCosts(parts[2]) {
		return nil, false
	}
	base64Text := base64.RawStdEncoding.Strict()
	var errSalt, errTag error
	p.salt, errSalt = base64Text.DecodeString(parts[3])
	p.tag, errTag = base64Text.DecodeString(parts[4])
	return p, errSalt == nil && errTag == nil && len(p.salt) >= minArgon2Salt && len(p.tag) >= minArgon2Tag &&
		!strings.ContainsAny(text, "\r\n") && (h.strict || p.variant == "argon2i") // before 3.2, Django knows only this one
}

func isArgon2(variant string) bool {
	return variant == "argon2id" || variant == "argon2i" || variant == "argon2d"
}

// parseCosts reads "m=102400,t=2,p=8".
func (p *argon2Password) parseCosts(text string) bool {
	parts := strings.Split(text, ",")
	fields := []struct {
		prefix string
		value  *int
	}{{"m=", &p.memory}, {"t=", &p.time}, {"p=", &p.lanes}}
	if len(parts) != len(fields) {
		return false
	}
	for i, f := range fields {
		digits, isField := strings.CutPrefix(parts[i], f.prefix)
		n, ok := positive(digits)
		if !isField || !ok {
			return false
		}
		*f.value = n
	}
	const mostLanes = 1<<24 - 1
	return p.lanes <= mostLanes && p.memory >= minLaneMemory*p.lanes
}

func (h *argon2Hasher) encode(password string) (string, error) {
	salt := []byte(h.salts.next())
	tag := h.argon2(h.argon2Params, password, salt, h.tag)
	text := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("%s$%s$v=%d$m=%d,t=%d,p=%d$%s$%s", h.name, h.variant, h.version, h.memory, h.time, h.lanes,
		text(salt), text(tag)), nil
}

func (a argon2Params) cost() cost {
	c := cost{time: maxTime + 1, memory: int64(a.memory) << 10}
	if int64(a.time) <= int64(maxTime/argon2Unit)/int64(a.memory) {
		c.time = times(int64(a.memory)*int64(a.time), argon2Unit)
	}
	return c
}

func (h *argon2Hasher) cost() cost { return h.argon2Params.cost() }

func (h *argon2Hasher) spend(password string, d time.Duration) error {
	work, least := int(d/argon2Unit), minLaneMemory*h.lanes
	rest := h.argon2Params
	if rest.memory = work / rest.time; rest.memory < least {
		rest.memory, rest.time = least, work/least
	}
	if rest.time > 0 {
		h.argon2(rest, password, []byte("the salt does not matter"), h.tag)
	}
	return nil
}

func (p *argon2Password) cost() cost { return p.argon2Params.cost() }

func (p *argon2Password) matches(password string) (bool, error) {
	return equal(string(p.argon2(p.argon2Params, password, p.salt, len(p.tag))), string(p.tag)), nil
}

// outdated implements stored. It accepts tags of both lengths that the library
// argon2-cffi has had, because the length is not known: Django and Go would otherwise
// encode the password again in turns.
func (p *argon2Password) outdated() bool {
	old, current := p.argon2Params, p.argon2Hasher.argon2Params
	if !p.strict {
		old.variant = current.variant
		return old != current
	}
	const olderTag, newerTag = 16, 32 // in argon2-cffi up to 21.1, and since
	return old != current || len(p.tag) != olderTag && len(p.tag) != newerTag || p.salts.outdated(len(p.salt))
}

func (h *argon2Hasher) problem() string {
	if p := h.argon2Params; p.time < 1 || p.lanes < 1 || p.memory < minLaneMemory*p.lanes {
		return "time_cost, memory_cost or parallelism is too small"
	}
	return h.argon2Params.problem()
}

func (p *argon2Password) problem() string { return p.argon2Params.problem() }

func (a argon2Params) problem() string {
	switch {
	case a.version != argon2Version || a.variant == "argon2d":
		return fmt.Sprintf("%s of version %d is not supported", a.variant, a.version)
	case a.lanes > maxArgon2Lanes:
		return fmt.Sprintf("more than %d lanes are not supported", maxArgon2Lanes)
	}
	return ""
}
