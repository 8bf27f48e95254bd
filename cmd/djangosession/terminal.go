package main

import (
	"io"
	"os"
)

// isTerminal reports whether a reader or writer is a terminal.
func isTerminal(stream any) bool {
	file, ok := stream.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	if err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return false
	}
	null, err := os.Stat(os.DevNull) // also a character device
	return err != nil || !os.SameFile(info, null)
}

// isColourful reports whether to write colors. See no-color.org for the variable.
func isColourful(w io.Writer) bool {
	return isTerminal(w) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}

// bold returns text for w, in bold if w shows that.
func bold(w io.Writer, text string) string {
	if isColourful(w) {
		return "\x1b[1m" + text + "\x1b[0m"
	}
	return text
}
