package djangosession

import "strings"

// SettingsScript is a Python program for the standard input of "manage.py shell". It
// makes a Django site print its settings in the form that [ReadSettings] takes:
//
//	djangosession settings-script | python manage.py shell > site.json
//	djangosession settings-script | docker exec -i web python manage.py shell > site.json
//	djangosession settings-script | ssh host 'cd /srv/site && python manage.py shell' > site.json
//
// The command settings-script prints this text. The program only reads. It prints
// everything that [SettingsCommand] prints and, in addition, facts about the databases of
// sessions and users and about the user model; see [Database] and [UserModel]. Its output
// contains the site's secrets: keep the file as safe as the settings.
//
// The settings are one line of JSON. Other output of the site, before and after it, may
// be in the file: [ReadSettings] ignores it. The program also works where the shell reads
// its input line by line, as if a person typed it: the shell of Django does that on
// Windows, and everywhere if its input arrives late.
var SettingsScript = shellInput(settingsExport) //nolint:gochecknoglobals // a constant that is written in another file

// shellInput wraps a program without apostrophes into one statement, because an
// interactive Python ends a block at each empty line. The program runs in a namespace of
// its own, as in shellLine.
func shellInput(program string) string {
	var kept strings.Builder
	for line := range strings.Lines(program) {
		if !strings.HasPrefix(strings.TrimLeft(line, " "), beginScript) && !strings.HasPrefix(strings.TrimLeft(line, " "), endScript) {
			kept.WriteString(line)
		}
	}
	return "exec(r'''\n" + kept.String() + "''', {})\n"
}

// The comments around the parts of the program that SettingsCommand leaves out.
const (
	beginScript = "# BEGIN SCRIPT"
	endScript   = "# END SCRIPT"
)
