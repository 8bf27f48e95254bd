package caches

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"

	"github.com/djangobridge/djangobridge/internal/atomicfile"
)

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
	if names = names[:n]; n < c.culling.MaxEntries {
		return nil
	}
	if c.culling.Frequency != 0 { // random.sample fails for a negative number
		rand.Shuffle(n, func(i, j int) { names[i], names[j] = names[j], names[i] }) //nolint:gosec // no secret
		names = names[:max(0, n/c.culling.Frequency)]
	}
	for _, name := range names {
		// Django removes the file that it is about to write, too, which makes no
		// difference.
		if file := filepath.Join(c.dir, name); file != keep {
			if err := atomicfile.Remove(file); err != nil {
				return err
			}
		}
	}
	return nil
}
