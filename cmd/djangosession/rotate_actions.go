package main

import (
	"strings"
	"time"
)

// action is a part of a step: what to do, and the command for it, if there is one.
type action struct {
	Do  string `json:"do"`
	Run string `json:"run,omitempty"`
}

const newKeyCommand = `python -c 'from django.core.management.utils import get_random_secret_key as new; print(new())'`

// actions returns what to do in a step. It contains no secret.
func (c *rotateCommand) actions(r *rotation, step nextStep) []action {
	const deploy = " Deploy all Django workers."
	switch step.name {
	case stepStart:
		if !r.hasFallbacks {
			return c.withoutFallbacks(r)
		}
		return c.rollOut(
			r,
			action{"Make a new key.", newKeyCommand},
			action{Do: "In Django's settings, leave SECRET_KEY as it is, and set SECRET_KEY_FALLBACKS to a list of the new key." + deploy},
		)
	case stepSwitch:
		return c.rollOut(
			r,
			action{Do: "Make sure that all Django workers and all Go services have these settings (Go services log exported_at when " +
				"they load them" + exportedAt(r) + "). A process without the new key would lose its visitors' sessions."},
			action{Do: "In Django's settings, exchange the two keys: the new key becomes SECRET_KEY, and the old key the fallback." +
				deploy},
		)
	case stepFinish:
		return []action{
			{Do: "Find the process that has older settings" + exportedAt(r) + ": a Django worker that was not restarted, or a Go " +
				"service. Restart it, or send it SIGHUP if it reloads its settings.", Run: "kill -HUP PID"},
			{Do: "Look again " + c.Recent.String() + " later.", Run: c.again(step.proved)},
		}
	case stepWait:
		when := "Look again when the sessions of the old key have ended."
		if !step.until.IsZero() {
			when = "Look again at " + shownDate(step.until) + ", when the last of them has ended."
		}
		return []action{{Do: when + " Sessions that are used again may last longer.", Run: c.again(step.proved)}}
	case stepDrop:
		return c.rollOut(r, action{Do: "In Django's settings, remove the old key from SECRET_KEY_FALLBACKS." + deploy})
	}
	return c.rollOut(r) // stepExport
}

// rollOut adds the actions that bring new settings of Django to the Go services.
func (c *rotateCommand) rollOut(r *rotation, first ...action) []action {
	file, fresh := shellQuote(c.Settings), shellQuote(c.Settings+".new")
	check := append([]string{program, "settings", "check"}, c.acceptWords()...)
	if r.settings.SessionCache.Backend == locMemBackend && usesTable(r.settings) { // readers need no copy
		check = append(check, "--accept-setting", "SESSION_CACHE.backend")
	}
	check = append(check, fresh)
	return append(
		first,
		action{
			"Export the settings, where manage.py is.",
			"(umask 077; " + program + " settings script | python manage.py shell > " + fresh + ")",
		},
		action{
			"Check the file, and put it in the place of the old one. If a service runs as another user, first give the file the " +
				"owner and the mode of the old one.",
			strings.Join(check, " ") + " && mv " + fresh + " " + file,
		},
		action{
			"Have each Go service load it. Those that watch the file do so by themselves; send the others SIGHUP, or restart them.",
			"kill -HUP PID",
		},
		action{"See what is next.", c.again(false)},
	)
}

// withoutFallbacks returns the rotation before Django 4.1.
func (c *rotateCommand) withoutFallbacks(r *rotation) []action {
	return c.rollOut(
		r,
		action{"Make a new key.", newKeyCommand},
		action{Do: "Choose a time at which few visitors are logged in: all of them have to log in again."},
		action{Do: "Stop the Go services, or make them read-only, so that the sides do not end each other's sessions."},
		action{Do: "Set SECRET_KEY to the new key in Django's settings. Restart all Django workers at once."},
	)
}

// again returns the command itself. Its databases may be URLs with a password, which are
// left out. If the step has proved that SECRET_KEY is the new key, the command says so:
// the sessions that prove it may be cleared later.
func (c *rotateCommand) again(switched bool) string {
	words := []string{program, "rotate", "--settings", shellQuote(c.Settings)}
	add := func(flag, value string) {
		if value != "" {
			words = append(words, flag, shellQuote(value))
		}
	}
	if c.UsersDatabase != "" {
		words = append(words, "--users-database", withoutSecret(c.UsersDatabase, "USERS_DATABASE"))
	}
	add("--schema", c.Schema)
	words = append(words, c.acceptWords()...)
	if c.Recent != defaultRecent {
		add("--recent", c.Recent.String())
	}
	if !c.Since.IsZero() {
		add("--since", c.Since.Format(time.RFC3339))
	}
	if switched || c.Switched {
		words = append(words, "--switched")
	}
	if c.Database != "" {
		words = append(words, withoutSecret(c.Database, "DATABASE"))
	}
	return strings.Join(words, " ")
}

// withoutSecret returns the name of a database file, and the placeholder for a URL.
func withoutSecret(database, placeholder string) string {
	if isFile(database) {
		return shellQuote(database)
	}
	return placeholder
}

// exportedAt names the time of the export.
func exportedAt(r *rotation) string {
	if r.settings.ExportedAt.IsZero() {
		return ""
	}
	return "; these were exported at " + r.settings.ExportedAt.UTC().Format(time.RFC3339)
}
