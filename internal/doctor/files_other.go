//go:build !linux && !darwin && !freebsd && !netbsd && !openbsd

package doctor

import "os"

// owner returns the id of the user that owns a file; -1 if it is unknown.
func owner(os.FileInfo) int { return -1 }

// accessProblem says why this process cannot write a file, or make files in a folder; ""
// if it can or it is unknown.
func accessProblem(string, bool) string { return "" }
