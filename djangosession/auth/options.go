package auth

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/internal/release"
	"github.com/djangobridge/djangobridge/internal/settingsjson"
)

// ReadOptions reads options from the JSON that [djangosession.SettingsCommand] prints: AUTHENTICATION_BACKENDS and LOGIN_URL.
// What is left out has Django's default, and settings of other names are passed over. The name of a view in LOGIN_URL is refused
// by [New]: that command prints the URL in its place, unless the site has no such view.
func ReadOptions(r io.Reader) (Options, error) {
	given, err := settingsjson.Read(r)
	if err != nil {
		return Options{}, fmt.Errorf("auth: read options: %w", err)
	}
	var o Options
	name, err := given.Store(map[string]any{
		"AUTHENTICATION_BACKENDS": &o.AuthenticationBackends, "LOGIN_URL": &o.LoginURL,
	})
	if err != nil {
		return Options{}, &djangosession.SettingError{Setting: name, Problem: err.Error()}
	}
	if o.AuthenticationBackends != nil && len(o.AuthenticationBackends) == 0 { // in Options that is the default
		return Options{}, &djangosession.SettingError{Setting: "AUTHENTICATION_BACKENDS", Problem: "is empty: nobody can be logged in"}
	}
	return o, nil
}

// ReadOptionsFile is [ReadOptions] on the file of this name.
func ReadOptionsFile(name string) (Options, error) {
	return settingsjson.File(name, "auth: read options", ReadOptions)
}

// fill puts in Django's defaults, and looks whether the rest can be.
func (o *Options) fill(site release.Release) error {
	o.AuthenticationBackends = slices.Clone(o.AuthenticationBackends)
	if len(o.AuthenticationBackends) == 0 {
		o.AuthenticationBackends = []string{ModelBackend}
	}
	for name, backends := range map[string][]string{
		"InactiveBackends": o.InactiveBackends, "PasswordBackends": o.PasswordBackends, "PassedBackends": o.PassedBackends,
	} {
		for _, b := range backends {
			if !slices.Contains(o.AuthenticationBackends, b) {
				return &djangosession.SettingError{Setting: name, Problem: "names a backend that is not in AUTHENTICATION_BACKENDS"}
			}
		}
	}
	if o.LoginURL == "" {
		o.LoginURL = "/accounts/login/"
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
		return &djangosession.SettingError{Setting: "Iterations", Problem: "is out of range"}
	}
	return o.fillSample()
}

// fillSample looks whether the sample is of a hasher that is known.
func (o *Options) fillSample() error {
	sample := string(o.SamplePassword)
	name, _, _ := strings.Cut(sample, "$")
	switch n, _, ok := splitPBKDF2(sample); {
	case sample == "":
	case name == pbkdf2SHA256 && ok: // of which all that counts is the number
		o.Iterations, o.SamplePassword = n, ""
	case o.Hashers[name] == nil && (digestOf(name) == nil || !ok):
		return &djangosession.SettingError{Setting: "SamplePassword", Problem: "is not encoded by a hasher that is known"}
	}
	return nil
}
