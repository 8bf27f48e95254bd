"""Names that a site may override, and its middlewares, without an effect on Go.

The lists are those of Go: store_class.go and review_facts.go in djangosession, and
middlewares.go in djangosession/auth, which give the reasons. A test there compares them.
"""

STORE = """
    __init__ __repr__ __str__ acreate_model_instance cache_key_prefix create_model_instance
    get_model_class key_salt model
""".split()

SESSION_MODEL = """
    __repr__ __str__ clean clean_fields full_clean objects validate_constraints
    validate_unique
""".split()

SESSION_MANAGER = """
    __repr__ __str__ decode encode from_queryset save use_in_migrations
""".split()

USER_MODEL = """
    DoesNotExist MultipleObjectsReturned NotUpdated EMAIL_FIELD REQUIRED_FIELDS
    USERNAME_FIELD Meta __repr__ __str__ adelete asave clean clean_fields delete full_clean
    get_constraints get_email_field_name get_full_name get_short_name natural_key
    normalize_username objects save save_base set_password set_unusable_password
    unique_error_message validate_constraints validate_unique
""".split()

USER_MANAGER = """
    __repr__ __str__ _create_user _create_user_object abulk_create abulk_update acreate
    acreate_superuser acreate_user bulk_create bulk_update create create_superuser
    create_user deconstruct from_queryset make_random_password normalize_email
    use_in_migrations
""".split()

# Besides those of django.middleware.
MIDDLEWARES = """
    allauth.account.middleware.AccountMiddleware
    auditlog.middleware.AuditlogMiddleware
    axes.middleware.AxesMiddleware
    corsheaders.middleware.CorsMiddleware
    csp.middleware.CSPMiddleware
    debug_toolbar.middleware.DebugToolbarMiddleware
    django.contrib.admindocs.middleware.XViewMiddleware
    django.contrib.auth.middleware.AuthenticationMiddleware
    django.contrib.auth.middleware.LoginRequiredMiddleware
    django.contrib.auth.middleware.SessionAuthenticationMiddleware
    django.contrib.flatpages.middleware.FlatpageFallbackMiddleware
    django.contrib.messages.middleware.MessageMiddleware
    django.contrib.redirects.middleware.RedirectFallbackMiddleware
    django.contrib.sessions.middleware.SessionMiddleware
    django.contrib.sites.middleware.CurrentSiteMiddleware
    django_browser_reload.middleware.BrowserReloadMiddleware
    django_htmx.middleware.HtmxMiddleware
    django_otp.middleware.OTPMiddleware
    django_permissions_policy.PermissionsPolicyMiddleware
    django_prometheus.middleware.PrometheusAfterMiddleware
    django_prometheus.middleware.PrometheusBeforeMiddleware
    django_structlog.middlewares.RequestMiddleware
    django_user_agents.middleware.UserAgentMiddleware
    hijack.middleware.HijackUserMiddleware
    qsessions.middleware.SessionMiddleware
    reversion.middleware.RevisionMiddleware
    simple_history.middleware.HistoryRequestMiddleware
    social_django.middleware.SocialAuthExceptionMiddleware
    user_sessions.middleware.SessionMiddleware
    waffle.middleware.WaffleMiddleware
    wagtail.contrib.redirects.middleware.RedirectMiddleware
    whitenoise.middleware.WhiteNoiseMiddleware
""".split()
