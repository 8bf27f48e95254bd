package main

import (
	"bytes"
	"context"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/auth"
	"github.com/djangobridge/djangobridge/djangosession/csrf"
)

// settings are the settings of the site that the Go service needs. All of them come from
// Django itself; none is copied by hand.
type settings struct {
	csrf csrf.Settings // includes those for sessions
	auth auth.Options
}

// settings asks Django for its settings.
func (s *site) settings(ctx context.Context) (settings, error) {
	printed, err := s.output(s.command(ctx, "sh", "-c", djangosession.SettingsCommand))
	if err != nil {
		return settings{}, err
	}
	forms, err := csrf.ReadSettings(bytes.NewReader(printed))
	if err != nil {
		return settings{}, err
	}
	logins, err := auth.ReadOptions(bytes.NewReader(printed))
	return settings{csrf: forms, auth: logins}, err
}
