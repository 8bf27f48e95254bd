package main

import (
	"bytes"
	"context"
	"strings"

	"github.com/djangobridge/djangobridge/djangosession"
)

// settings asks Django for its settings. None is copied by hand.
func (s *site) settings(ctx context.Context) (djangosession.Settings, error) {
	export := s.command(ctx, s.interpret, "manage.py", "shell")
	export.Stdin = strings.NewReader(djangosession.SettingsScript)
	printed, err := s.output(export)
	if err != nil {
		return djangosession.Settings{}, err
	}
	return djangosession.ReadSettings(bytes.NewReader(printed))
}
