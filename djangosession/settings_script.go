package djangosession

import _ "embed"

// SettingsScript is a Python program for the standard input of "manage.py shell". It
// makes a Django site print its settings in the form that [ReadSettings] reads. It works
// with Django 1.8 to 6.1, on Python 2.7 and 3:
//
//	(umask 077; djangosession settings script | python manage.py shell > site.json)
//	(umask 077; djangosession settings script | docker exec -i web python manage.py shell > site.json)
//	(umask 077; djangosession settings script | ssh www 'cd /srv/site && python manage.py shell' > site.json)
//
// The command "djangosession settings script" prints this text; its help contains the
// forms for other shells. The program only reads, and connects to no database and no
// cache. It prints the site's settings and facts about its session store, user model,
// databases and cache; see [Settings]. Its output contains SECRET_KEY, and the password
// of the cache if sessions are in one. Either lets its reader log in as any user, so keep
// the file as secret as SECRET_KEY. It does not contain passwords of databases and of
// other caches.
//
// The settings are one line of JSON. The file may contain other output of the site,
// before and after that line: [ReadSettings] ignores it. The program also works where
// the shell reads its input line by line, as if a person typed it. Django's shell does
// that on Windows, before Django 1.11, and everywhere if its input arrives late.
//
// EXPORTED_AT is a time shortly before Django read the settings, not the time at which
// the program ran. A change of SECRET_KEY during the export makes the file too old,
// never too new.
//
// LOGIN_URL is printed as the URL that Django's login_required redirects to, even if the
// setting is the name of a view. The URL is that of the site's default language, includes
// FORCE_SCRIPT_NAME, and lacks a SCRIPT_NAME that only the web server knows. It remains a
// name if the site has no such view or if the URLconf cannot be imported.
var SettingsScript = "exec(r'''\n" + settingsExport + "''', {})\n" //nolint:gochecknoglobals // a constant, in another file

// The program is quoted as one statement, because an interactive Python ends a block at
// each empty line. It runs in a namespace of its own, because the shell command of old
// releases hides the names of a program from the functions in it.
//
//go:embed settings_export.py
var settingsExport string
