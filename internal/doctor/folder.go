package doctor

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// folder checks a folder of sessions, and reports whether it exists.
func (d *Deployment) folder(r *report, check, name string) bool {
	info, err := os.Stat(name)
	switch {
	case err != nil:
		r.faultf(check, "Make it as the user that runs Django, and check that the service sees the same folder (a systemd unit "+
			"with PrivateTmp "+
			"has its own /tmp).", "The folder %s cannot be used: %s.", name, plainError(err))
		return false
	case !info.IsDir():
		r.faultf(check, "Correct the setting.", "%s is not a folder.", name)
		return false
	}
	mode := info.Mode()
	if mode.Perm()&0o002 != 0 && mode&os.ModeSticky == 0 {
		r.faultf(check, "Run chmod o-w on it.", "Every user of this machine can write to the folder %s (mode %04o), and so make "+
			"sessions; a pickle "+
			"in one runs as code in Django.", name, mode.Perm())
	}
	if problem := unwritable(name, info); problem != "" && !d.ReadOnly {
		r.faultf(check, "Run the service as the user that runs Django, which owns the folder.", "The folder %s cannot be "+
			"written: %s.", name, problem)
	}
	r.okUnlessf(check, "The folder %s can be used.", name)
	return true
}

// maxFiles bounds how many files are counted.
const maxFiles = 20000

// count counts files whose names have a suffix and a prefix, up to maxFiles. It reports
// whether it has counted all.
func count(ctx context.Context, folder, suffix, prefix string, each func(os.FileInfo)) (n int64, all bool) {
	dir, err := os.Open(folder) //nolint:gosec // the settings say which folder
	if err != nil {
		return -1, false
	}
	defer dir.Close() //nolint:errcheck // it was only read
	const page = 500
	for n < maxFiles && ctx.Err() == nil {
		entries, err := dir.ReadDir(page)
		for _, e := range entries {
			if !strings.HasSuffix(e.Name(), suffix) || !strings.HasPrefix(e.Name(), prefix) {
				continue
			}
			n++
			if each == nil {
				continue
			}
			if info, err := os.Stat(filepath.Join(folder, e.Name())); err == nil {
				each(info)
			}
		}
		if errors.Is(err, io.EOF) {
			return n, true
		}
		if err != nil {
			return n, false
		}
	}
	return n, false
}
