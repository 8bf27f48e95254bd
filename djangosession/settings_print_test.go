package djangosession_test

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/djangobridge/djangobridge/djangosession"
)

func TestSettingsDoNotPrintTheirSecrets(t *testing.T) {
	t.Parallel()
	s := djangosession.NewSettings("the-secret-of-today")
	s.SecretKeyFallbacks = []string{"the-secret-of-before"}
	s.SessionCookieName = "shop"
	s.SessionCache = djangosession.SessionCache{
		Location: []string{"redis://user:the-secret-of-redis@shop:1", "unix:///s?password=the-secret", "user:the-secret@shop", "user:the-secret@shop,redis://shop", "127.0.0.1:1"},
		Options:  map[string]any{"PASSWORD": "the-secret", "CONNECTION_POOL_KWARGS": map[string]any{"password": "the-secret"}},
	}
	s.SessionRedis = map[string]any{"password": "the-secret-of-redis"}
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "settings", s, "pointer", &s)
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "settings", s, "pointer", &s)
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "cache", s.SessionCache, "pointer", &s.SessionCache)
	for name, text := range map[string]string{
		"v": fmt.Sprint(s), "+v": fmt.Sprintf("%+v", s), "#v": fmt.Sprintf("%#v", s), "s": fmt.Sprintf("%s", s), "q": fmt.Sprintf("%q", &s),
		"in another": fmt.Sprintf("%+v", struct{ Site djangosession.Settings }{s}), "log": log.String(),
	} {
		if strings.Contains(text, "the-secret") || !strings.Contains(text, "shop") {
			t.Errorf("%s: %s", name, text)
		}
	}
	if text := fmt.Sprintf("%+v", s.SessionCache); strings.Contains(text, "the-secret") || !strings.Contains(text, "127.0.0.1:1") ||
		!strings.Contains(text, "PASSWORD") {
		t.Errorf("the cache alone: %s", text)
	}
	if s.SecretKey != "the-secret-of-today" || s.SessionRedis["password"] != "the-secret-of-redis" || s.SecretKeyFallbacks[0] != "the-secret-of-before" {
		t.Error("printing has changed them")
	}
}

func TestSettingsWithoutFallbacksPrintNone(t *testing.T) {
	t.Parallel()
	s := djangosession.NewSettings("")
	if text := fmt.Sprintf("%+v", s); strings.Contains(text, "***") || !strings.Contains(text, "SecretKeyFallbacks:[]") {
		t.Error(text)
	}
}

// TestDurationsOfCookiesAreDjangos has the values of django.conf.global_settings, in
// seconds.
func TestDurationsOfCookiesAreDjangos(t *testing.T) {
	t.Parallel()
	s := djangosession.NewSettings("x")
	if s.CSRFCookieAge.Seconds() != 31449600 || s.SessionCookieAge.Seconds() != 1209600 {
		t.Errorf("CSRF_COOKIE_AGE %v, SESSION_COOKIE_AGE %v", s.CSRFCookieAge, s.SessionCookieAge)
	}
}
