package csrf

import (
	"fmt"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/internal/cookies"
	"github.com/djangobridge/djangobridge/internal/hosts"
	"github.com/djangobridge/djangobridge/internal/release"
)

// rules are the behaviors that differ between releases.
type rules struct {
	hasMaskedCookies  bool // CSRF_COOKIE_MASKED has an effect
	hasSameSite       bool
	cookieDate        string
	localSubdomains   bool
	checksOrigin      bool // CSRF_TRUSTED_ORIGINS are origins, and messages explain what is wrong with a token
	storesSecrets     bool // plain; earlier releases mask them like tokens
	splitsProxyHeader bool
	parsesParams      bool // in the Referer, which the message quotes
	lowersTypes       bool // the form's content type may have uppercase letters
	limitsFiles       bool
	refusesCharsets   bool // the form's charset must be UTF-8
	params            paramRules
	printableNames    bool // in file names: other characters are dropped
	limitsPartHeaders bool
	stripsHeaderNames bool // in parts: a space before the colon is dropped
	strictBase64      bool
	base64            base64Rules
}

// newRules checks the settings and returns the rules of their release.
func newRules(s *djangosession.Settings) (rules, error) {
	if err := s.Check(); err != nil {
		return rules{}, err
	}
	refuse := func(setting, problem string) (rules, error) {
		return rules{}, &djangosession.SettingError{Setting: setting, Problem: problem}
	}
	rel, err := release.Parse(s.DjangoVersion)
	if err != nil {
		return rules{}, err
	}
	if !rel.HasMaskedTokens() {
		return refuse("DJANGO_VERSION", "CSRF tokens of Django before 1.10 are not supported")
	}
	part, problem := cookies.Problem(s.CSRFCookieName, s.CSRFCookieDomain, s.CSRFCookiePath, s.CSRFCookieSameSite)
	if problem != "" {
		return refuse("CSRF_COOKIE_"+part, problem)
	}
	if s.CSRFHeaderName == "" {
		return refuse("CSRF_HEADER_NAME", "must not be empty")
	}
	if (s.SecureProxySSLHeader[0] == "") != (s.SecureProxySSLHeader[1] == "") {
		return refuse("SECURE_PROXY_SSL_HEADER", "must have a name and a value")
	}
	return rulesOf(rel), nil
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

// masksNew reports whether a new secret is stored masked.
func (p *Protection) masksNew() bool {
	return !p.rules.storesSecrets || p.settings.CSRFCookieMasked && p.rules.hasMaskedCookies
}

// allowedHosts returns ALLOWED_HOSTS, or the hosts that Django allows without it.
func (p *Protection) allowedHosts() []string {
	return hosts.Allowed(p.settings.AllowedHosts, p.settings.Debug, p.rules.localSubdomains)
}

// badOrigin returns the error for an invalid entry of CSRF_TRUSTED_ORIGINS.
func badOrigin(entry string) error {
	problem := fmt.Sprintf("%q is not an origin: since Django 4.0, entries begin with a scheme such as https://", entry)
	return &djangosession.SettingError{Setting: "CSRF_TRUSTED_ORIGINS", Problem: problem}
}
