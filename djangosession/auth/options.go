package auth

import (
	"slices"

	"github.com/djangobridge/djangobridge/djangosession"
)

// fill sets Django's defaults and checks the options.
func (o *Options) fill(s *djangosession.Settings) error {
	if len(s.AuthenticationBackends) == 0 {
		return &djangosession.SettingError{Setting: "AUTHENTICATION_BACKENDS", Problem: "is empty, so no user can log in"}
	}
	for name, backends := range map[string][]string{
		"InactiveBackends": o.InactiveBackends, "PasswordBackends": o.PasswordBackends, "IgnoredBackends": o.IgnoredBackends,
	} {
		for _, b := range backends {
			if !slices.Contains(s.AuthenticationBackends, b) {
				return &djangosession.SettingError{Setting: name, Problem: "names a backend that is not in AUTHENTICATION_BACKENDS"}
			}
		}
	}
	if o.AdminLoginURL == "" {
		o.AdminLoginURL = "/admin/login/"
	}
	if o.RedirectFieldName == "" {
		o.RedirectFieldName = "next"
	}
	return nil
}
