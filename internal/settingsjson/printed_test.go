package settingsjson

import (
	"strings"
	"testing"
	"unicode/utf16"
)

// TestTextOfWindowsIsRead reads what PowerShell makes of output.
func TestTextOfWindowsIsRead(t *testing.T) {
	t.Parallel()
	const text = "N\u00e4he \U0001f600\r\n{\"DJANGOBRIDGE_SETTINGS\": 2}\r\n"
	little, big := []byte("\xff\xfe"), []byte("\xfe\xff")
	for _, unit := range utf16.Encode([]rune(text)) {
		little, big = append(little, byte(unit), byte(unit>>8)), append(big, byte(unit>>8), byte(unit))
	}
	for name, data := range map[string]string{
		"UTF-16": string(little), "UTF-16, big endian": string(big), "UTF-8 with a mark": "\xef\xbb\xbf" + text, "UTF-8": text,
	} {
		if got, err := Text(strings.NewReader(data)); err != nil || string(got) != text {
			t.Errorf("%s: %q, %v", name, got, err)
		}
		if s, err := Read(strings.NewReader(data)); err != nil || len(s) != 1 {
			t.Errorf("%s: %d settings, %v", name, len(s), err)
		}
	}
	if s, err := Read(strings.NewReader(string(little[:len(little)-9]))); err == nil || s != nil {
		t.Errorf("cut off: %d settings, %v", len(s), err)
	}
	if got, err := Text(strings.NewReader("\xff\xfe")); err != nil || len(got) > 0 {
		t.Errorf("a mark alone: %q, %v", got, err)
	}
}

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
