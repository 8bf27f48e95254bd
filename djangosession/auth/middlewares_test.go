package auth_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/auth"
)

const (
	sessionMiddleware     = "django.contrib.sessions.middleware.SessionMiddleware"
	authMiddleware        = "django.contrib.auth.middleware.AuthenticationMiddleware"
	impersonateMiddleware = "impersonate.middleware.ImpersonateMiddleware"
	timeoutMiddleware     = "django_session_timeout.middleware.SessionTimeoutMiddleware"
)

// startproject is MIDDLEWARE in a new project of Django 6.1.
var startproject = []string{
	"django.middleware.security.SecurityMiddleware", sessionMiddleware, "django.middleware.common.CommonMiddleware",
	"django.middleware.csrf.CsrfViewMiddleware", authMiddleware, "django.contrib.messages.middleware.MessageMiddleware",
	"django.middleware.clickjacking.XFrameOptionsMiddleware",
}

func TestMiddlewareThatMayReplaceTheUserIsReported(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name       string
		middleware []string
		known      []string
		want       []string
	}{
		{name: "not exported"},
		{name: "a new project", middleware: startproject},
		{
			name: "impersonation", middleware: append(slices.Clone(startproject), impersonateMiddleware),
			want: []string{impersonateMiddleware},
		},
		{
			name: "two unknown ones, one listed by the caller", middleware: append(slices.Clone(startproject), impersonateMiddleware, "shop.M"),
			known: []string{impersonateMiddleware}, want: []string{"shop.M"},
		},
		{name: "all listed by the caller", middleware: append(slices.Clone(startproject), "shop.M"), known: []string{"shop.M"}},
		{
			name:       "harmless packages",
			middleware: append(slices.Clone(startproject), "django_otp.middleware.OTPMiddleware", "hijack.middleware.HijackUserMiddleware"),
		},
		{name: "in another case", middleware: append(slices.Clone(startproject), "Hijack.middleware"), want: []string{"Hijack.middleware"}},
		{
			name: "a logout of users whom the server does not name", middleware: append(slices.Clone(startproject),
				"django.contrib.auth.middleware.RemoteUserMiddleware"), want: []string{"django.contrib.auth.middleware.RemoteUserMiddleware"},
		},
		{
			name: "a timeout between session and login", middleware: []string{sessionMiddleware, timeoutMiddleware, authMiddleware},
			want: []string{timeoutMiddleware},
		},
		{name: "before there is a session", middleware: []string{"shop.M", sessionMiddleware, authMiddleware}},
		{
			name: "custom middlewares for all", middleware: []string{"shop.Session", "shop.Login"},
			want: []string{"shop.Session", "shop.Login"},
		},
	} {
		site := newSite(t, "5.2.19", func(s *djangosession.Settings, o *auth.Options) {
			s.Middleware, o.KnownMiddleware = c.middleware, c.known
		})
		if got := site.auth.UnknownMiddleware(); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q", c.name, got)
		}
		log := site.log.String()
		if strings.Count(log, "level=WARN") != min(len(c.want), 1) {
			t.Errorf("%s: log %q", c.name, log)
		}
		for _, m := range c.want {
			if !strings.Contains(log, m) || !strings.Contains(log, "Options.EffectiveUser") || !strings.Contains(log, "Options.KnownMiddleware") {
				t.Errorf("%s: log %q", c.name, log)
			}
		}
	}
}
