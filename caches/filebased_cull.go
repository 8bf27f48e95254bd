package caches

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/djangobridge/djangobridge/internal/atomicfile"
)

// culling says when a cache is full, and how much is removed then.
type culling struct {
	maxEntries int // MAX_ENTRIES
	frequency  int // CULL_FREQUENCY: one of so many is removed; 0 removes all
}

// newCulling reads the options MAX_ENTRIES and CULL_FREQUENCY. As in Django, a value that
// is not a number is ignored.
func newCulling(options map[string]any) culling {
	return culling{maxEntries: optionInt(options["MAX_ENTRIES"], 300), frequency: optionInt(options["CULL_FREQUENCY"], 3)}
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

// cull removes values if the cache is full, except the file keep. Matches _cull.
func (c *FileBased) cull(keep string) error {
	folder, err := os.Open(c.dir)
	if err != nil {
		return err
	}
	names, err := folder.Readdirnames(-1)
	_ = folder.Close() // it was only read
	if err != nil {
		return err
	}
	n := 0
	for _, name := range names {
		if strings.HasSuffix(name, fileSuffix) && !strings.HasPrefix(name, ".") {
			names[n] = name
			n++
		}
	}
	if names = names[:n]; n < c.culling.maxEntries {
		return nil
	}
	if c.culling.frequency != 0 { // random.sample fails for a negative number
		rand.Shuffle(n, func(i, j int) { names[i], names[j] = names[j], names[i] }) //nolint:gosec // no secret
		names = names[:max(0, n/c.culling.frequency)]
	}
	for _, name := range names {
		// Django removes the file that it is about to write, too, which makes no difference.
		if file := filepath.Join(c.dir, name); file != keep {
			if err := atomicfile.Remove(file); err != nil {
				return err
			}
		}
	}
	return nil
}
