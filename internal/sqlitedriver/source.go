package sqlitedriver

import (
	"net/url"
	"path/filepath"
	"strings"
)

// DataSource returns the data source name of a file with parameters such as mode=rw. An
// absolute path may contain any characters, also those that mean something in a URL.
func DataSource(path string, parameters url.Values) string {
	path = filepath.ToSlash(path)
	if filepath.VolumeName(path) != "" && !strings.HasPrefix(path, "/") {
		path = "/" + path // SQLite wants file:///C:/db.sqlite3
	}
	return (&url.URL{Scheme: "file", Path: path, RawQuery: parameters.Encode()}).String()
}
