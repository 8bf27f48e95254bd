package csrf

import (
	"fmt"
	"strings"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/internal/cookies"
	"github.com/djangobridge/djangobridge/internal/release"
)

// Settings are the settings of a Django site that the check depends on, each under Django's name. Make them with
// [NewSettings] or [ReadSettings], which fill in Django's defaults, and change what the site changes. They have to be the
// same on both sides, or one refuses what the other has given out.
type Settings struct {
	// Site are the settings of the same site for sessions. DjangoVersion decides which rules there are, and
	// SessionCookieDomain counts where CSRFUseSessions is set.
	Site djangosession.Settings

	CSRFCookieName     string        // CSRF_COOKIE_NAME; "csrftoken"
	CSRFCookieAge      time.Duration // CSRF_COOKIE_AGE; 52 weeks; 0 (None) until the browser closes
	CSRFCookieDomain   string        // CSRF_COOKIE_DOMAIN; "" (None)
	CSRFCookiePath     string        // CSRF_COOKIE_PATH; "/"
	CSRFCookieSecure   bool          // CSRF_COOKIE_SECURE; false
	CSRFCookieHTTPOnly bool          // CSRF_COOKIE_HTTPONLY; false
	CSRFCookieSameSite string        // CSRF_COOKIE_SAMESITE; "Lax"; "" leaves the attribute out
	CSRFCookieMasked   bool          // CSRF_COOKIE_MASKED of 4.1 and 4.2; false
	CSRFUseSessions    bool          // CSRF_USE_SESSIONS: keep the secret in the session instead of a cookie; false
	CSRFHeaderName     string        // CSRF_HEADER_NAME; "HTTP_X_CSRFTOKEN", which is the header X-CSRFToken
	// CSRFTrustedOrigins is CSRF_TRUSTED_ORIGINS: origins of other sites whose forms may be sent here, such as
	// "https://shop.example.com" or "https://*.example.com"; before Django 4.0 hosts, such as "shop.example.com" or
	// ".example.com". Whoever controls one of them can act in the name of this site's users.
	CSRFTrustedOrigins []string

	AllowedHosts []string // ALLOWED_HOSTS; none. A host that is not among them is not trusted as where a form may come from.
	Debug        bool     // DEBUG: localhost is allowed where AllowedHosts is empty. It shows no details to anybody here; false
	// SecureProxySSLHeader is SECURE_PROXY_SSL_HEADER, the key of META and the value by which a proxy says that it was
	// spoken to by HTTPS, such as "HTTP_X_FORWARDED_PROTO" and "https"; none. If the proxy does not remove what browsers
	// send in it, HTTPS can be pretended.
	SecureProxySSLHeader [2]string
	UseXForwardedHost    bool // USE_X_FORWARDED_HOST: believe the header X-Forwarded-Host; false
	UseXForwardedPort    bool // USE_X_FORWARDED_PORT: believe the header X-Forwarded-Port; false

	DataUploadMaxMemorySize   int64 // DATA_UPLOAD_MAX_MEMORY_SIZE, in bytes; 2.5 MiB; less than 0 (None) is no limit
	DataUploadMaxNumberFields int64 // DATA_UPLOAD_MAX_NUMBER_FIELDS; 1000; less than 0 (None) is no limit
	DataUploadMaxNumberFiles  int64 // DATA_UPLOAD_MAX_NUMBER_FILES of 3.2.18 and newer; 100; less than 0 (None) is no limit

	// ServerPort is SERVER_PORT as Django's server has it. It counts only in Referers where a cookie domain is set. If empty
	// it is the port that the connection came in on.
	ServerPort string

	rules rules
}

// rules are what changed from release to release.
type rules struct {
	hasMaskedCookies  bool // CSRF_COOKIE_MASKED counts
	hasSameSite       bool
	cookieDate        string
	localSubdomains   bool
	checksOrigin      bool // and CSRF_TRUSTED_ORIGINS are origins, and what is wrong with a token is said in detail
	storesSecrets     bool // as they are; before, masked like tokens
	splitsProxyHeader bool
	parsesParams      bool // in the Referer, which shows in the reason
	lowersTypes       bool // a form may write its type in capitals
	limitsFiles       bool
	refusesCharsets   bool // a form may not say that it is not in UTF-8
	params            paramRules
	printableNames    bool // of files: other characters are left out
	limitsPartHeaders bool
	stripsHeaderNames bool // of parts: a space before the colon is left out
	strictBase64      bool
	base64            base64Rules
}

// NewSettings returns Django's defaults, of the release that site has. The error is the site's.
func NewSettings(site djangosession.Settings) (Settings, error) {
	if err := site.Check(); err != nil {
		return Settings{}, err
	}
	return defaults(site), nil
}

func defaults(site djangosession.Settings) Settings {
	return Settings{
		Site:                      site,
		CSRFCookieName:            "csrftoken",
		CSRFCookieAge:             52 * 7 * 24 * time.Hour,
		CSRFCookiePath:            "/",
		CSRFCookieSameSite:        "Lax",
		CSRFHeaderName:            "HTTP_X_CSRFTOKEN",
		DataUploadMaxMemorySize:   2621440,
		DataUploadMaxNumberFields: 1000,
		DataUploadMaxNumberFiles:  100,
	}
}

// resolve checks the settings and adds what follows from them.
func (s *Settings) resolve() error {
	if err := s.Site.Check(); err != nil {
		return err
	}
	rel, err := release.Parse(s.Site.DjangoVersion)
	if err != nil {
		return err
	}
	if !rel.HasMaskedTokens() {
		return &djangosession.SettingError{Setting: "DJANGO_VERSION", Problem: "the tokens of Django before 1.10 are not known here"}
	}
	if part, problem := cookies.Problem(s.CSRFCookieName, s.CSRFCookieDomain, s.CSRFCookiePath); problem != "" {
		return &djangosession.SettingError{Setting: "CSRF_COOKIE_" + part, Problem: problem}
	}
	if s.CSRFHeaderName == "" {
		return &djangosession.SettingError{Setting: "CSRF_HEADER_NAME", Problem: "must not be empty"}
	}
	switch strings.ToLower(s.CSRFCookieSameSite) {
	case "", "lax", "strict", "none":
	default:
		return &djangosession.SettingError{Setting: "CSRF_COOKIE_SAMESITE", Problem: `must be "Lax", "Strict", "None" or empty`}
	}
	if (s.SecureProxySSLHeader[0] == "") != (s.SecureProxySSLHeader[1] == "") {
		return &djangosession.SettingError{Setting: "SECURE_PROXY_SSL_HEADER", Problem: "must have a name and a value"}
	}
	s.rules = rulesOf(rel)
	return nil
}

func rulesOf(r release.Release) rules {
	return rules{
		hasMaskedCookies:  r.HasCSRFCookieMasked(),
		hasSameSite:       r.HasSameSite(),
		cookieDate:        r.CookieDate(),
		localSubdomains:   r.AllowsSubdomainsOfLocalhost(),
		checksOrigin:      r.ChecksOrigin(),
		storesSecrets:     r.StoresSecrets(),
		splitsProxyHeader: r.SplitsProxyHeader(),
		parsesParams:      r.ParsesParams(),
		lowersTypes:       r.LowersTypes(),
		limitsFiles:       r.LimitsFiles(),
		refusesCharsets:   r.RefusesCharsets(),
		params:            paramRulesOf(r),
		printableNames:    r.HasPrintableNames(),
		limitsPartHeaders: r.LimitsPartHeaders(),
		stripsHeaderNames: r.StripsHeaderNames(),
		strictBase64:      r.HasStrictBase64(),
		base64:            base64RulesOf(r),
	}
}

func paramRulesOf(r release.Release) paramRules {
	switch {
	case r.ReadsParamsAsEmail():
		return emailParams
	case r.DecodesParams():
		return textParams
	case r.EscapesParams():
		return escapedParams
	}
	return byteParams
}

func base64RulesOf(r release.Release) base64Rules {
	switch {
	case r.CarriesBase64Rest():
		return carriesRest
	case r.JoinsBase64Pieces():
		return joinsPieces
	}
	return completesPieces
}

// masksNew tells whether a new secret is stored masked.
func (s *Settings) masksNew() bool {
	return !s.rules.storesSecrets || s.CSRFCookieMasked && s.rules.hasMaskedCookies
}

func (s *Settings) allowedHosts() []string {
	switch {
	case len(s.AllowedHosts) > 0 || !s.Debug:
		return s.AllowedHosts
	case s.rules.localSubdomains:
		return []string{".localhost", "127.0.0.1", "[::1]"}
	}
	return []string{"localhost", "127.0.0.1", "[::1]"}
}

// badOrigin says what is wrong with an entry of CSRF_TRUSTED_ORIGINS.
func badOrigin(entry string) error {
	problem := fmt.Sprintf("%q is no origin: since Django 4.0 an entry begins with a scheme, as https://", entry)
	return &djangosession.SettingError{Setting: "CSRF_TRUSTED_ORIGINS", Problem: problem}
}
