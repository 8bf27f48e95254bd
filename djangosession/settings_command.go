package djangosession

import (
	_ "embed"
	"strings"
)

// SettingsCommand is a line for the shell that makes a Django site print its settings in
// the form that [ReadSettings] takes. Run it where manage.py is. The output contains the
// site's secrets: keep the file as safe as the settings.
//
// LOGIN_URL is printed as the URL that Django's login_required leads to, also where the
// setting is the name of a view: in the site's default language and below
// FORCE_SCRIPT_NAME, but without a SCRIPT_NAME that only the web server knows. It stays a
// name if there is no such view, or if the URLconf cannot be imported.
//
// Besides settings it prints EXPORTED_AT, PYTHON_VERSION, PICKLE_PROTOCOL and facts about
// the session store; see [SessionStoreClass]. A site whose engine cannot be imported
// prints the rest. [SettingsScript] prints more: everything that package djangobridge
// needs.
var SettingsCommand = shellLine(settingsExport) //nolint:gochecknoglobals // a constant that is written in another file

//go:embed settings_export.py
var settingsExport string

// shellLine wraps a Python program without apostrophes into one line. The program runs in
// a namespace of its own, because the shell command of old releases hides the names of a
// program from the functions in it. Comments are left out: terminals cut a pasted line
// after 4,095 bytes.
func shellLine(program string) string {
	var kept []string
	left := false
	for line := range strings.Lines(program) {
		switch marker := strings.TrimLeft(line, " "); {
		case strings.HasPrefix(marker, beginScript):
			left = true
		case strings.HasPrefix(marker, endScript):
			left = false
		}
		if left {
			continue
		}
		code, _, _ := strings.Cut(line, "  # ")
		code = strings.TrimRight(code, "\n")
		if trimmed := strings.TrimLeft(code, " "); trimmed != "" && trimmed[0] != '#' {
			kept = append(kept, strings.Repeat(" ", (len(code)-len(trimmed))/4)+trimmed)
		}
	}
	text := strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(strings.Join(kept, "\n"))
	return `python manage.py shell -v 0 -c 'exec("` + strings.ReplaceAll(text, "\n", `\n`) + `", {})'`
}
