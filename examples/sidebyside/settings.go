package main

import (
	"bytes"
	"context"

	"github.com/djangobridge/djangobridge/djangosession"
)

// settings asks Django for its settings. None is copied by hand.
func (s *site) settings(ctx context.Context) (djangosession.Settings, error) {
	printed, err := s.output(s.command(ctx, "sh", "-c", djangosession.SettingsCommand))
	if err != nil {
		return djangosession.Settings{}, err
	}
	return djangosession.ReadSettings(bytes.NewReader(printed))
}
