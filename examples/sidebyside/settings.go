package main

import (
	"context"
	"strings"

	"github.com/djangobridge/djangobridge/djangosession"
)

// exportSettings makes Django write its settings into a file, and returns the name of
// that file. No setting is copied by hand.
func (s *site) exportSettings(ctx context.Context) (string, error) {
	script := s.command(ctx, s.interpret, "manage.py", "shell")
	script.Stdin = strings.NewReader(djangosession.SettingsScript)
	printed, err := s.output(script)
	if err != nil {
		return "", err
	}
	const name = "site.json" // it contains SECRET_KEY, and only this user may read it
	return s.path(name), s.root.WriteFile(name, printed, 0o600)
}
