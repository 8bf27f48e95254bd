package release

import (
	_ "embed"
	"slices"
	"strings"
)

// list is versions.txt. Programs that do not call [Versions] do not contain it.
//
//go:embed versions.txt
var list string

// Version is a row of versions.txt, the list of the releases that this module is tested
// with.
type Version struct {
	Name    string   // such as "5.2.19"
	Pythons []string // such as "3.13", the preferred one first
	Debian  string   // the Debian release that has one of Pythons
	Uses    []string // the tests that use the release; versions.txt describes them
}

// Series returns the version without its patch number, such as "5.2".
func (v Version) Series() string { return v.Name[:strings.LastIndexByte(v.Name, '.')] }

// Versions returns the rows of versions.txt, oldest first.
func Versions() []Version {
	var versions []Version
	for line := range strings.Lines(list) {
		fields := strings.Fields(line)
		if len(fields) != 4 || fields[0] == "#" {
			continue // a test refuses all lines but comments
		}
		versions = append(versions, Version{
			Name: fields[0], Pythons: strings.Split(fields[1], ","), Debian: fields[2], Uses: strings.Split(fields[3], ","),
		})
	}
	return versions
}

// VersionsFor returns the names of the releases with this use, oldest first.
func VersionsFor(use string) []string {
	var names []string
	for _, v := range Versions() {
		if slices.Contains(v.Uses, use) {
			names = append(names, v.Name)
		}
	}
	return names
}
