package views

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/auth"
	"github.com/djangobridge/djangobridge/djangosession/auth/tokens"
	"github.com/djangobridge/djangobridge/internal/release"
)

// Site holds the parts of a site that the pages need.
type Site struct {
	Settings djangosession.Settings
	Login    *auth.Auth
	// Users finds the users of reset links. [Views.PasswordReset] also needs them to
	// implement [EmailFinder].
	Users auth.Users
	// Tokens makes and checks reset links.
	Tokens *tokens.Generator
}

// An EmailFinder is implemented by [auth.Users] that can be found by their addresses.
type EmailFinder interface {
	// UsersByEmail returns the users whose address is email, for iexact of the database:
	// all that may be the same without regard to case.
	UsersByEmail(ctx context.Context, email string) ([]*auth.User, error)
}

// Options hold what Django's views have as attributes, templates and settings of their
// own. Render is required.
type Options struct {
	// Render writes a page with status 200. Page.Template says which. A form needs the
	// field of csrf.TemplateField.
	Render func(w http.ResponseWriter, r *http.Request, page Page)
	// ErrorHandler answers requests that fail, usually because the database is down. By
	// default the error is logged, and the status is 500.
	ErrorHandler func(w http.ResponseWriter, r *http.Request, err error)
	// OnSuccess, if set, is called after a form has done its work and before the
	// redirect, for a message as SuccessMessageMixin adds it. The template is that of
	// the form. The user is nil for a reset that was only requested.
	OnSuccess func(r *http.Request, template string, user *auth.User)
	// Logger receives errors. The default is slog.Default.
	Logger *slog.Logger

	// RedirectAuthenticatedUser is redirect_authenticated_user of LoginView: the login
	// page redirects users who are logged in. Other sites can then find out who is, by
	// an image whose address redirects to one.
	RedirectAuthenticatedUser bool
	// LogoutNextPage is next_page of LogoutView, in place of LOGOUT_REDIRECT_URL.
	LogoutNextPage string

	// ValidatePassword returns the problems of a new password, as the validators in
	// AUTH_PASSWORD_VALIDATORS find them. The pages that set passwords fail without it.
	// Set Problem.Code and Problem.Text.
	ValidatePassword func(ctx context.Context, password string, user *auth.User) []Problem
	// SendMail sends a reset link to the address To of the mail. It should put the mail
	// into a queue and return: the time until the response would otherwise reveal whether
	// an address has an account. An error is logged, without telling the visitor.
	SendMail func(ctx context.Context, m ResetMail) error
	// ResetURL is the absolute URL of [Views.PasswordResetConfirm] for links in mails,
	// with the placeholders {uidb64} and {token}, such as
	// "https://example.com/accounts/reset/{uidb64}/{token}/". Use the name of the site,
	// not the Host header of a request, which the sender of the request chooses.
	ResetURL string
	// PostResetLogin is post_reset_login: a reset logs the user in, by
	// PostResetLoginBackend unless that is empty.
	PostResetLogin        bool
	PostResetLoginBackend string

	// Where the forms redirect to. The defaults are the addresses of
	// django.contrib.auth.urls below /accounts/. Those pages are the caller's.
	PasswordChangeDoneURL    string // "/accounts/password_change/done/"
	PasswordResetDoneURL     string // "/accounts/password_reset/done/"
	PasswordResetCompleteURL string // "/accounts/reset/done/"
}

// A ResetMail is a link that resets the password of one user.
type ResetMail struct {
	User       *auth.User
	To         string // the stored address of the user
	UID, Token string
	Link       string // Options.ResetURL with both
}

// Views are the login pages of a site. They are safe for concurrent use.
type Views struct {
	site    Site
	options Options
	rules   rules
}

// rules are the behaviors that differ between releases.
type rules struct {
	logoutAtOnce   bool // for every method, before 4.1
	logoutByGet    bool // before 5.0
	privateHeader  bool // Cache-Control: private
	unicodeDomains bool // in email addresses, since 5.2
}

// New returns the login pages of a site. The error is a [*djangosession.SettingError] or
// reports a missing part.
func New(site Site, o Options) (*Views, error) {
	if site.Login == nil || site.Users == nil || site.Tokens == nil {
		return nil, errors.New("views: New needs Login, Users and Tokens of the site")
	}
	if err := site.Settings.Check(); err != nil {
		return nil, err
	}
	rel, err := release.Parse(site.Settings.DjangoVersion)
	if err != nil {
		return nil, err
	}
	if o.Render == nil {
		return nil, errors.New("views: New needs Options.Render, which writes the pages")
	}
	if o.ResetURL != "" {
		u, err := url.Parse(o.ResetURL)
		if err != nil || u.Scheme == "" || u.Host == "" ||
			strings.Count(o.ResetURL, uidPlaceholder) != 1 || strings.Count(o.ResetURL, tokenPlaceholder) != 1 {
			return nil, &djangosession.SettingError{Setting: "ResetURL", Problem: "must be an absolute URL with {uidb64} and {token}, " +
				"such as https://example.com/accounts/reset/{uidb64}/{token}/"}
		}
	}
	if err := checkRedirect("LOGIN_REDIRECT_URL", site.Settings.LoginRedirectURL); err != nil {
		return nil, err
	}
	if next := site.Settings.LogoutRedirectURL; o.LogoutNextPage == "" && next != "" {
		if err := checkRedirect("LOGOUT_REDIRECT_URL", next); err != nil {
			return nil, err
		}
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	for field, byDefault := range map[*string]string{
		&o.LogoutNextPage:           site.Settings.LogoutRedirectURL,
		&o.PasswordChangeDoneURL:    "/accounts/password_change/done/",
		&o.PasswordResetDoneURL:     "/accounts/password_reset/done/",
		&o.PasswordResetCompleteURL: "/accounts/reset/done/",
	} {
		if *field == "" {
			*field = byDefault
		}
	}
	site.Settings.SecretKey, site.Settings.SecretKeyFallbacks = "", nil // unused here, and fmt would print them
	return &Views{site: site, options: o, rules: rules{
		logoutAtOnce: rel.LogsOutByAnyMethod(), logoutByGet: rel.LogsOutByGet(), privateHeader: rel.NeverCachesPrivately(),
		unicodeDomains: rel.ReadsDomainsAsUnicode(),
	}}, nil
}

// checkRedirect refuses settings for which Django raises NoReverseMatch.
func checkRedirect(setting, target string) error {
	if strings.ContainsAny(target, "/.") {
		return nil
	}
	return &djangosession.SettingError{Setting: setting, Problem: fmt.Sprintf("%q is not the URL of a page, but the name of a view "+
		"or an exception: set it to that URL, and export the settings again", target)}
}

// Placeholders in Options.ResetURL.
const (
	uidPlaceholder   = "{uidb64}"
	tokenPlaceholder = "{token}"
)
