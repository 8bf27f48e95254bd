package auth

import (
	"fmt"
	"slices"
	"strings"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/internal/release"
)

// fill sets Django's defaults and checks the options.
func (o *Options) fill(s *djangosession.Settings, site release.Release) error {
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
	if o.Iterations == 0 {
		o.Iterations = site.PBKDF2Iterations()
	}
	if o.Iterations < 1 || o.Iterations > maxIterations {
		return &djangosession.SettingError{Setting: "Iterations", Problem: fmt.Sprintf("must be from 1 to %d", maxIterations)}
	}
	return o.fillSample()
}

// fillSample checks that the hasher of the sample is known.
func (o *Options) fillSample() error {
	sample := string(o.SamplePassword)
	name, _, _ := strings.Cut(sample, "$")
	switch n, _, ok := splitPBKDF2(sample); {
	case sample == "":
	case name == pbkdf2SHA256 && ok: // only the number matters
		o.Iterations, o.SamplePassword = n, ""
	case o.Hashers[name] == nil && (digestOf(name) == nil || !ok):
		return &djangosession.SettingError{
			Setting: "SamplePassword", Problem: "was not encoded by a known hasher: set a Verifier in Options.Hashers",
		}
	}
	return nil
}
