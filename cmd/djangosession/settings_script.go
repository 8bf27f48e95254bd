package main

import (
	"io"

	"github.com/djangobridge/djangobridge/djangosession"
)

// settingsCommand groups the commands about settings files.
type settingsCommand struct {
	Script settingsScriptCommand `cmd:"" help:"Print a Python program that makes a Django site print its settings."`
	Check  settingsCheckCommand  `cmd:"" help:"Report what is missing, unknown or contradictory in a settings file."`
}

type settingsScriptCommand struct{}

// Help is what settings script --help adds.
func (*settingsScriptCommand) Help() string {
	return `Prints a Python program for the standard input of "manage.py shell". The program makes the site print its settings as
one line of JSON. It works with Django 1.8 to 6.1. It only reads, and connects to no database.

The JSON contains SECRET_KEY, and the password of the cache if sessions are in one: keep the file as secret as SECRET_KEY. It
does not contain passwords of databases and of other caches. Other output of the site may be in the file too: all commands
ignore it. Run "settings check" on the file.

Examples:

` + exportExamples + `

If the file contains no settings, read the error output of manage.py. If IPython or bpython is in the way, add "-i python"
to "manage.py shell" (before Django 1.10: "--plain").`
}

// exportExamples are the ways to make a settings file.
const exportExamples = `    # In the folder of manage.py. The umask keeps the file from other users.
    (umask 077; djangosession settings script | python manage.py shell > site.json)

    # In a container.
    (umask 077; djangosession settings script | docker exec -i web python manage.py shell > site.json)
    (umask 077; djangosession settings script | docker compose exec -T web python manage.py shell > site.json)
    (umask 077; djangosession settings script | kubectl exec -i deploy/web -- python manage.py shell > site.json)

    # On another machine.
    (umask 077; djangosession settings script | ssh www 'cd /srv/site && venv/bin/python manage.py shell' > site.json)

    # Where this program is not installed: copy export.py there.
    djangosession settings script > export.py
    (umask 077; python manage.py shell < export.py > site.json)

    # On Windows, in cmd.exe and in PowerShell (which changes text in its own pipes).
    cmd /c "djangosession settings script | python manage.py shell > site.json"`

// Run is the command.
func (*settingsScriptCommand) Run(t *tool) error {
	_, err := io.WriteString(t.stdout, djangosession.SettingsScript)
	return err
}
