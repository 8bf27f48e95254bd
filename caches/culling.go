package caches

import (
	"strconv"
	"strings"
)

// Culling says when a cache is full, and how much is removed then.
type Culling struct {
	MaxEntries int // MAX_ENTRIES
	Frequency  int // CULL_FREQUENCY: one of so many values is removed; 0 removes all
}

// NewCulling reads MAX_ENTRIES and CULL_FREQUENCY from OPTIONS. Values that are not
// numbers are ignored, as in Django.
func NewCulling(options map[string]any) Culling {
	return Culling{MaxEntries: optionInt(options["MAX_ENTRIES"], 300), Frequency: optionInt(options["CULL_FREQUENCY"], 3)}
}

// optionInt returns what int(value) returns in Python, or fallback where that fails.
func optionInt(value any, fallback int) int {
	const most = 1 << 31
	switch v := value.(type) {
	case bool:
		if v {
			return 1
		}
		return 0
	case float64:
		return int(max(-most, min(v, most)))
	case string:
		if n, err := strconv.Atoi(strings.TrimSpace(v)); err == nil {
			return n
		}
	}
	return fallback
}
