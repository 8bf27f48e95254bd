// Package till uses package price, and its tests see more of it.
package till

import "example.org/shop/price"

// Free reports whether an article costs seven.
func Free(p int) bool { return !price.Alone(p) }
