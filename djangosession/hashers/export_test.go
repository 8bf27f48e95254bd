package hashers

// Cheapen makes the default hasher of h fast, so that refusals take no time.
func (h *Hashers) Cheapen() {
	if p, ok := h.preferred.django.(*pbkdf2Hasher); ok {
		p.iterations = 1
	}
}
