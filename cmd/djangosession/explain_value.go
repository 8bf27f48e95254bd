package main

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/djangobridge/djangobridge/djangosession"
)

// cacheValue is what a text is that contains the bytes of a cache's value.
type cacheValue struct {
	form string // of the bytes, for people
	from string // the value of --from that reads it
}

// cacheValueOf recognizes a value of a cache by its first bytes; nil for other texts.
func cacheValueOf(s *djangosession.Settings, text string) *cacheValue {
	data, err := bytesOf(text)
	if err != nil {
		return nil
	}
	form := formOf(data)
	if _, err := hex.DecodeString(strings.TrimSpace(text)); err == nil && strings.HasPrefix(string(data), `{"`) {
		form = "JSON" // which in base 64 is more likely something else
	}
	if form == "" {
		return nil
	}
	v := &cacheValue{form: form, from: fromCache}
	if s.SessionCache.Backend == "" {
		v.from = likelyCache(text, data)
	}
	return v
}

// formOf says what bytes are; "" if caches contain no such bytes.
func formOf(data []byte) string {
	const oldest, newest = 2, 5 // protocols that begin with their number
	if len(data) > 2 && data[0] == 0x80 && oldest <= data[1] && data[1] <= newest {
		if expiry, rest, found := bytes.Cut(data, []byte(".x")); found && len(expiry) < 64 && len(rest) > 0 {
			return fmt.Sprintf("an expiry date and compressed data, pickled with protocol %d", data[1])
		}
		return fmt.Sprintf("a pickle of protocol %d", data[1])
	}
	for _, known := range []struct{ begin, form string }{
		{"\x1f\x8b", "data compressed with gzip"},
		{"\xfd7zXZ\x00", "data compressed with lzma"},
		{"\x04\x22\x4d\x18", "data compressed with lz4"},
		{"\x28\xb5\x2f\xfd", "data compressed with zstd"},
		{"\x78\x9c", "data compressed with zlib"},
		{"\x78\x01", "data compressed with zlib"},
		{"\x78\xda", "data compressed with zlib"},
	} {
		if strings.HasPrefix(string(data), known.begin) {
			return known.form
		}
	}
	return ""
}

// likelyCache returns the kind of cache that such a value is usually from.
func likelyCache(text string, data []byte) string {
	_, notHex := hex.DecodeString(strings.TrimSpace(text))
	switch {
	case data[0] != 0x80:
		return fromCache // which needs the settings
	case strings.HasPrefix(formOf(data), "an expiry"):
		return fromFile
	case notHex != nil:
		return fromTable
	}
	return fromRedis
}

// explainValue prints what a value of a cache is.
func (c *explainCommand) explainValue(t *tool, v *cacheValue, gap string) error {
	flags := []string{"--from", v.from}
	if v.from == fromCache && c.Settings == "" {
		flags = append(flags, "--settings", "FILE")
	}
	next := c.command("decode", flags...)
	if c.JSON {
		return t.line(jsonLine(explanation{Kind: "cache value", Layout: v.form, Next: next}))
	}
	return t.printf("%sThis is not session data. It is a value of a cache: %s.\nNext: %s\n", gap, v.form, next)
}
