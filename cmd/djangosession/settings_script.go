package main

import (
	"io"

	"github.com/djangobridge/djangobridge/djangosession"
)

type settingsScriptCommand struct{}

// Help is what settings-script --help adds.
func (*settingsScriptCommand) Help() string {
	return `Prints a Python program for the standard input of "manage.py shell". It makes the site print its settings as
JSON. It only reads. The JSON contains the site's secrets: keep the file as safe as the settings.

Lines that the site itself prints may be in the file: all commands ignore them. "settings-check" says whether the file is
complete.

Examples:

    djangosession settings-script | python manage.py shell > site.json
    djangosession settings-script | docker exec -i web python manage.py shell > site.json
    djangosession settings-script | ssh www 'cd /srv/site && venv/bin/python manage.py shell' > site.json`
}

// Run is the command.
func (*settingsScriptCommand) Run(t *tool) error {
	_, err := io.WriteString(t.stdout, djangosession.SettingsScript)
	return err
}
