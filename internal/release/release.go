// Package release contains everything that differs between the Django releases that this
// module matches. Other packages ask a [Release] for a fact, such as
// [Release.HasDumpsLayout], and never compare version numbers themselves.
//
// The facts are in facts.go, one line each. The numbers that change with almost every
// series are in series.go. A new Django release needs changes in this package only.
package release

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Release is a Django release as major, minor and patch number.
type Release [3]int

// Parse reads a version such as "5.2.19", "5.2" or "6.1rc1". It ignores anything after
// the numbers, and reads "" as [Newest]. It returns an error if s is not a version, or is
// older than Django 1.4, the first release with signed sessions.
func Parse(s string) (Release, error) {
	if s == "" {
		s = Newest
	}
	var r Release
	for i, part := range strings.SplitN(s, ".", len(r)) {
		digits := len(part) - len(strings.TrimLeft(part, "0123456789"))
		if i > 0 && digits == 0 {
			break // "6.2.dev20261101"
		}
		n, err := strconv.Atoi(part[:digits])
		if err != nil {
			return Release{}, fmt.Errorf("%q is not a release", s)
		}
		r[i] = n
		if digits < len(part) {
			break
		}
	}
	if !r.AtLeast(1, 4, 0) {
		return Release{}, errors.New("signed sessions begin with Django 1.4")
	}
	return r, nil
}

// AtLeast reports whether r is the given release or a later one.
func (r Release) AtLeast(major, minor, patch int) bool {
	for i, n := range [3]int{major, minor, patch} {
		if r[i] != n {
			return r[i] > n
		}
	}
	return true
}

// since reports whether r has a change that came with the last of these releases. The
// others are the patch releases of earlier series that have the same change.
func (r Release) since(releases ...Release) bool {
	for _, patch := range releases[:len(releases)-1] {
		if r[0] == patch[0] && r[1] == patch[1] {
			return r[2] >= patch[2]
		}
	}
	first := releases[len(releases)-1]
	return r.AtLeast(first[0], first[1], first[2])
}

// before reports whether r is older than the given release.
func (r Release) before(major, minor int) bool { return !r.AtLeast(major, minor, 0) }
