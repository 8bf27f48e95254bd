package djangosession

import (
	"fmt"
	"log/slog"
	"strings"
)

const redacted = "********"

// Format implements [fmt.Formatter] and hides SECRET_KEY, SECRET_KEY_FALLBACKS, and what
// may contain passwords: LOCATION and OPTIONS of SessionCache, and SessionRedis.
func (s Settings) Format(f fmt.State, verb rune) {
	type fields Settings // has no Format method
	shown := fields(s)
	if shown.SecretKey != "" {
		shown.SecretKey = redacted
	}
	if len(s.SecretKeyFallbacks) > 0 {
		shown.SecretKeyFallbacks = []string{redacted}
	}
	shown.SessionRedis = hidden(s.SessionRedis)
	_, _ = fmt.Fprintf(f, fmt.FormatString(f, verb), shown)
}

// LogValue implements [slog.LogValuer] and hides what Format hides.
func (s Settings) LogValue() slog.Value { return slog.StringValue(fmt.Sprintf("%+v", s)) }

// Format implements [fmt.Formatter] and hides the values of Options, and those elements
// of Location that may contain a password.
func (c SessionCache) Format(f fmt.State, verb rune) {
	type fields SessionCache // has no Format method
	shown := fields(c)
	shown.Location = make([]string, 0, len(c.Location))
	for _, place := range c.Location {
		scheme, _, isURL := strings.Cut(place, "://")
		switch {
		case isURL && !strings.ContainsAny(scheme, ":@,; "):
			place = scheme + "://" + redacted
		case isURL, strings.Contains(place, "@"):
			place = redacted
		}
		shown.Location = append(shown.Location, place)
	}
	shown.Options = hidden(c.Options)
	_, _ = fmt.Fprintf(f, fmt.FormatString(f, verb), shown)
}

// LogValue implements [slog.LogValuer] and hides what Format hides.
func (c SessionCache) LogValue() slog.Value { return slog.StringValue(fmt.Sprintf("%+v", c)) }

// hidden returns the names of a map without its values.
func hidden(values map[string]any) map[string]any {
	shown := make(map[string]any, len(values))
	for name := range values {
		shown[name] = redacted
	}
	return shown
}
