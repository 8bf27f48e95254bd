package main

import (
	"errors"
	"fmt"

	"github.com/alecthomas/kong"
)

// texts is a repeatable flag that accepts any text, including commas and a leading
// hyphen. kong repeats refused values in its errors, and these values can be secrets.
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
