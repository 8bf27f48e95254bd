package expansion

// FreeParts is how many parts any value may expand to.
const FreeParts = 1 << 20

// A Budget limits how many parts the conversion of a value may produce.
type Budget struct {
	// Value is the value that is converted.
	Value any
	// CountDistinct returns the size of a value in parts, with each part counted once. It
	// is called at most once, and only if Value expands to more than [FreeParts].
	CountDistinct func(value any) int

	used, limit int
}

// Spend counts parts that are about to be produced. It reports whether they are allowed:
// up to [FreeParts], and beyond that up to 16 times the size of the value.
func (b *Budget) Spend(parts int) bool {
	b.used += parts
	if b.used > FreeParts && b.limit == 0 {
		b.limit = FreeParts + factor*b.CountDistinct(b.Value)
	}
	return b.used <= FreeParts || b.used <= b.limit
}
