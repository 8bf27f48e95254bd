package main

import (
	"errors"
	"fmt"

	"github.com/alecthomas/kong"
)

// texts is a flag that can be repeated and takes any text, commas and a hyphen at the beginning included: what kong
// refuses it repeats in the error, and this is where secrets go.
type texts []string

// Decode adds the next argument.
func (x *texts) Decode(ctx *kong.DecodeContext) error {
	token := ctx.Scan.Pop()
	if token.IsEOL() {
		return errors.New("expected a value")
	}
	*x = append(*x, fmt.Sprint(token.Value))
	return nil
}
