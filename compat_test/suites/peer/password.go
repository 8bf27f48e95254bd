package main

import (
	"context"
	"errors"
	"log/slog"

	"github.com/djangobridge/djangobridge/djangosession/auth"
	"github.com/djangobridge/djangobridge/djangosession/hashers"
)

// password performs make_password and check_password.
func (p *peer) password(ctx context.Context, op string, o *order, a *args) (any, error) {
	settings, err := p.sites.settings(o.Site)
	if err != nil {
		return nil, err
	}
	h, err := hashers.New(settings, hashers.Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return nil, err
	}
	switch op {
	case "make":
		made, err := h.Make(ctx, a.text("password"))
		return string(made), err
	case "check":
		ok, anew, err := h.Check(ctx, a.text("password"), auth.Secret(a.text("encoded")))
		if unknown, is := errors.AsType[*auth.HasherError](err); is && unknown.Hasher == "" {
			err = nil // what is no encoded password is an error in Go, and False in Django
		}
		return []any{ok, anew}, err
	}
	return nil, errUnknownOp
}
