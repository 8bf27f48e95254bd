package main

import (
	"context"

	"github.com/djangobridge/djangobridge/djangosession"
)

// unimplemented is the counterpart of Django's SessionBase, an engine without a store. A
// session must pass on its errors.
type unimplemented struct{}

// notImplementedError names a method with its article.
type notImplementedError struct{ method string }

func (e *notImplementedError) Error() string {
	return "subclasses of SessionBase must provide " + e.method + "() method"
}

// Load implements [djangosession.Engine].
func (unimplemented) Load(context.Context, string) (*djangosession.Record, error) {
	return nil, &notImplementedError{"a load"}
}

// Exists implements [djangosession.Engine].
func (unimplemented) Exists(context.Context, string) (bool, error) {
	return false, &notImplementedError{"an exists"}
}

// Create implements [djangosession.Engine].
func (unimplemented) Create(context.Context, *djangosession.Record) error {
	return &notImplementedError{"a create"}
}

// Save implements [djangosession.Engine].
func (unimplemented) Save(context.Context, *djangosession.Record) error {
	return &notImplementedError{"a save"}
}

// Delete implements [djangosession.Engine].
func (unimplemented) Delete(context.Context, string) error {
	return &notImplementedError{"a delete"}
}

// Cycle implements [djangosession.Engine].
func (unimplemented) Cycle(context.Context, string, func(*djangosession.Record) error) error {
	return &notImplementedError{"a cycle_key"}
}

// ClearExpired implements [djangosession.Engine].
func (unimplemented) ClearExpired(context.Context, djangosession.ClearOptions) (int64, error) {
	return 0, &notImplementedError{"a clear_expired"}
}
