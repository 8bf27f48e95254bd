package hashers

import "time"

// Cheapen makes the default hasher of h fast, so that refusals take no time.
func (h *Hashers) Cheapen() {
	if p, ok := h.preferred.django.(*pbkdf2Hasher); ok {
		p.iterations = 1
	}
}

// SkipRefusals makes refusals of h do no further work.
func (h *Hashers) SkipRefusals() {
	if h.preferred.django != nil {
		h.preferred.django = idle{h.preferred.django}
	}
	if h.standIn != nil {
		h.standIn = idle{h.standIn}
	}
}

type idle struct{ algorithm }

func (idle) spend(string, time.Duration) error { return nil }

// CountWork makes h do no work, but add its time to total. Every password is wrong.
func (h *Hashers) CountWork(total *time.Duration) {
	*h.primitives = primitives{
		pbkdf2: func(_ bool, _, _ string, iterations int) ([]byte, error) {
			*total += time.Duration(iterations) * pbkdf2Unit
			return []byte("x"), nil
		},
		argon2: func(p argon2Params, _ string, _ []byte, _ int) []byte {
			*total += time.Duration(p.memory) * time.Duration(p.time) * argon2Unit
			return []byte("x")
		},
		bcrypt: func(_ []byte, rounds int) (string, error) {
			*total += bcryptUnit << rounds
			return "$2a$", nil
		},
		bcryptMatches: func(_ string, _ []byte, rounds int) bool {
			*total += bcryptUnit << rounds
			return false
		},
		scrypt: func(_, _ string, s scryptParams) ([]byte, error) {
			*total += time.Duration(s.n) * time.Duration(s.r) * time.Duration(s.p) * scryptUnit
			return []byte("x"), nil
		},
	}
}

// WorkOf returns the time of checking a stored password of the hasher with this
// algorithm, or of making one if encoded is "".
func (h *Hashers) WorkOf(algorithm, encoded string) time.Duration {
	e := h.entries[algorithm]
	if encoded == "" {
		return e.django.cost().time
	}
	p, ok := e.django.parse(encoded)
	if !ok {
		panic(encoded)
	}
	return p.cost().time
}
