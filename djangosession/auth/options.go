package auth

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/djangobridge/djangobridge/djangosession"
)

// ReadOptions reads options from the JSON that [djangosession.SettingsCommand] prints: AUTHENTICATION_BACKENDS and LOGIN_URL.
// What is left out has Django's default, and settings of other names are passed over. A LOGIN_URL that is the name of a
// view is refused by [New]: put the URL in its place.
func ReadOptions(r io.Reader) (Options, error) {
	var s struct {
		AuthenticationBackends []string `json:"AUTHENTICATION_BACKENDS"`
		LoginURL               string   `json:"LOGIN_URL"`
	}
	dec := json.NewDecoder(r)
	err := dec.Decode(&s)
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok && wrong.Field != "" {
		return Options{}, &djangosession.SettingError{Setting: wrong.Field, Problem: "must not be a JSON " + wrong.Value}
	}
	if err != nil { // the text of the error might quote a file full of secrets
		return Options{}, fmt.Errorf("auth: read options: not a JSON object, at byte %d", dec.InputOffset())
	}
	if s.AuthenticationBackends != nil && len(s.AuthenticationBackends) == 0 { // in Options that is the default
		return Options{}, &djangosession.SettingError{Setting: "AUTHENTICATION_BACKENDS", Problem: "is empty: nobody can be logged in"}
	}
	return Options{AuthenticationBackends: s.AuthenticationBackends, LoginURL: s.LoginURL}, nil
}

// fill puts in Django's defaults, and looks whether the rest can be.
func (o *Options) fill(s *djangosession.Settings) error {
	o.AuthenticationBackends = slices.Clone(o.AuthenticationBackends)
	if len(o.AuthenticationBackends) == 0 {
		o.AuthenticationBackends = []string{ModelBackend}
	}
	for name, backends := range map[string][]string{"InactiveBackends": o.InactiveBackends, "PasswordBackends": o.PasswordBackends} {
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
		o.Iterations = defaultIterations(s)
	}
	if o.Iterations < 1 || o.Iterations > maxIterations {
		return &djangosession.SettingError{Setting: "Iterations", Problem: "is out of range"}
	}
	return nil
}
