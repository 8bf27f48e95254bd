package auth

import (
	"log/slog"
	"slices"
	"strings"
)

// harmless reports whether a middleware neither replaces the user of a request nor ends
// sessions. The code of each was read; third-party packages in their versions of November
// 2026.
func harmless(middleware string) bool {
	switch middleware {
	case "django.contrib.admindocs.middleware.XViewMiddleware",
		"django.contrib.auth.middleware.AuthenticationMiddleware",
		"django.contrib.auth.middleware.LoginRequiredMiddleware",
		"django.contrib.auth.middleware.SessionAuthenticationMiddleware",
		"django.contrib.flatpages.middleware.FlatpageFallbackMiddleware",
		"django.contrib.messages.middleware.MessageMiddleware",
		"django.contrib.redirects.middleware.RedirectFallbackMiddleware",
		"django.contrib.sessions.middleware.SessionMiddleware",
		"django.contrib.sites.middleware.CurrentSiteMiddleware":
		return true
	case "allauth.account.middleware.AccountMiddleware",
		"auditlog.middleware.AuditlogMiddleware",
		"axes.middleware.AxesMiddleware",
		"corsheaders.middleware.CorsMiddleware",
		"csp.middleware.CSPMiddleware",
		"debug_toolbar.middleware.DebugToolbarMiddleware",
		"django_browser_reload.middleware.BrowserReloadMiddleware",
		"django_htmx.middleware.HtmxMiddleware",
		"django_otp.middleware.OTPMiddleware",
		"django_permissions_policy.PermissionsPolicyMiddleware",
		"django_prometheus.middleware.PrometheusAfterMiddleware",
		"django_prometheus.middleware.PrometheusBeforeMiddleware",
		"django_structlog.middlewares.RequestMiddleware",
		"django_user_agents.middleware.UserAgentMiddleware",
		"hijack.middleware.HijackUserMiddleware",
		"qsessions.middleware.SessionMiddleware",
		"reversion.middleware.RevisionMiddleware",
		"simple_history.middleware.HistoryRequestMiddleware",
		"social_django.middleware.SocialAuthExceptionMiddleware",
		"user_sessions.middleware.SessionMiddleware",
		"waffle.middleware.WaffleMiddleware",
		"wagtail.contrib.redirects.middleware.RedirectMiddleware",
		"whitenoise.middleware.WhiteNoiseMiddleware":
		return true
	}
	return strings.HasPrefix(middleware, "django.middleware.") // no middleware of this package concerns users
}

// UnknownMiddleware returns the entries of the site's MIDDLEWARE after SessionMiddleware
// that may replace request.user or end sessions: all that are neither known to be
// harmless nor listed in [Options].KnownMiddleware. If one does so, Django and Go
// disagree about who is logged in, unless [Options].EffectiveUser does the same. The
// result is empty if the exported settings lack MIDDLEWARE.
func (a *Auth) UnknownMiddleware() []string {
	all := a.manager.Settings().Middleware
	// Earlier entries have no session yet.
	if i := slices.Index(all, "django.contrib.sessions.middleware.SessionMiddleware"); i >= 0 {
		all = all[i:]
	}
	unknown := []string{}
	for _, m := range all {
		if !harmless(m) && !slices.Contains(a.options.KnownMiddleware, m) {
			unknown = append(unknown, m)
		}
	}
	return unknown
}

func (a *Auth) warnOfMiddleware() {
	unknown := a.UnknownMiddleware()
	if len(unknown) == 0 {
		return
	}
	a.logger.Warn("Django and Go may disagree about who is logged in, because of the site's "+
		"MIDDLEWARE: set Options.EffectiveUser if one replaces request.user or ends sessions, then list them in "+
		"Options.KnownMiddleware", slog.Any("middleware", unknown))
}
