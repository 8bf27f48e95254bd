package djangosession_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// TestThePythonPackageExportsTheSameSettings compares the program in the package with the
// one in SettingsScript.
func TestThePythonPackageExportsTheSameSettings(t *testing.T) {
	t.Parallel()
	want, err := os.ReadFile("settings_export.py")
	must(err)
	got, err := os.ReadFile(filepath.Join("..", "python", "djangobridge", "settings_export.py"))
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("djangosession/settings_export.py was changed: copy it to python/djangobridge (%v)", err)
	}
}
