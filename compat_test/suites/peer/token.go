package main

import (
	"github.com/djangobridge/djangobridge/djangosession/auth"
	"github.com/djangobridge/djangobridge/djangosession/auth/tokens"
	"github.com/djangobridge/djangobridge/py"
)

// token performs the operations of PasswordResetTokenGenerator.
func (p *peer) token(op string, o *order, a *args) (any, error) {
	settings, err := p.sites.settings(o.Site)
	if err != nil {
		return nil, err
	}
	var options tokens.Options
	if a.has("secret") {
		options.Secret = auth.Secret(a.text("secret"))
	}
	if a.has("fallbacks") {
		options.SecretFallbacks = []auth.Secret{}
		for _, key := range a.keys("fallbacks") {
			options.SecretFallbacks = append(options.SecretFallbacks, auth.Secret(key))
		}
	}
	generator, err := tokens.New(settings, options)
	if err != nil {
		return nil, err
	}
	user := readUser(a)
	switch op {
	case "make":
		return generator.Make(user)
	case "check":
		return generator.Check(user, a.text("token")), nil
	}
	return nil, errUnknownOp
}

// readUser returns the user that Django sent; nil for None.
func readUser(a *args) *auth.User {
	if !a.has("user") {
		return nil
	}
	fields := &args{values: get[*py.Dict](a, "user")}
	user := &auth.User{ID: fields.text("pk"), Password: auth.Secret(fields.text("password")), Email: fields.text("email")}
	if fields.has("last_login") {
		user.LastLogin = get[py.DateTime](fields, "last_login").Time
	}
	if fields.err != nil {
		a.err = fields.err
	}
	return user
}
