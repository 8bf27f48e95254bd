package settingsjson

import (
	"strings"
	"testing"
)

// TestOutputAroundTheSettingsIsIgnored has what sites and shells print.
func TestOutputAroundTheSettingsIsIgnored(t *testing.T) {
	t.Parallel()
	const line = `{"DJANGOBRIDGE_SETTINGS": 2, "SECRET_KEY": "a {\"DJANGOBRIDGE_SETTINGS\": \n"}`
	for name, text := range map[string]string{
		"alone": line, "lines before": "loading\n{}\n" + line + "\n", "no end of line": "loading..." + line,
		"prompts": ">>> ... ... " + line + "\n>>> ", "lines after": line + "\r\nbye {}\n",
	} {
		if s, err := Read(strings.NewReader(text)); err != nil || string(s["DJANGOBRIDGE_SETTINGS"]) != "2" || len(s) != 2 {
			t.Errorf("%s: %d settings, %v", name, len(s), err)
		}
	}
	for name, text := range map[string]string{
		"twice": line + "\n" + line, "twice in a line": line + line, "cut off": "loading\n" + line[:40],
		"something on its line": line + "hush",
	} {
		if s, err := Read(strings.NewReader(text)); err == nil || s != nil || strings.Contains(err.Error(), "hush") {
			t.Errorf("%s: %d settings, %v", name, len(s), err)
		}
	}
}
