package djangosession

import (
	"fmt"
	"log/slog"
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
	if len(shown.SessionCache.Location) > 0 {
		shown.SessionCache.Location = []string{redacted}
	}
	hide := func(values map[string]any) map[string]any {
		if len(values) == 0 {
			return values
		}
		return map[string]any{redacted: redacted}
	}
	shown.SessionCache.Options, shown.SessionRedis = hide(shown.SessionCache.Options), hide(shown.SessionRedis)
	_, _ = fmt.Fprintf(f, fmt.FormatString(f, verb), shown)
}

// LogValue implements [slog.LogValuer] and hides what Format hides.
func (s Settings) LogValue() slog.Value { return slog.StringValue(fmt.Sprintf("%+v", s)) }
