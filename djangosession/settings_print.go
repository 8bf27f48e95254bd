package djangosession

import (
	"fmt"
	"log/slog"
)

const redacted = "********"

// Format implements [fmt.Formatter] and hides SECRET_KEY and SECRET_KEY_FALLBACKS.
func (s Settings) Format(f fmt.State, verb rune) {
	type fields Settings // has no Format method
	shown := fields(s)
	if shown.SecretKey != "" {
		shown.SecretKey = redacted
	}
	if len(s.SecretKeyFallbacks) > 0 {
		shown.SecretKeyFallbacks = []string{redacted}
	}
	_, _ = fmt.Fprintf(f, fmt.FormatString(f, verb), shown)
}

// LogValue implements [slog.LogValuer] and hides what Format hides.
func (s Settings) LogValue() slog.Value { return slog.StringValue(fmt.Sprintf("%+v", s)) }
