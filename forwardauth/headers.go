package forwardauth

import (
	"context"
	"net/http"
	"strings"

	"github.com/djangobridge/djangobridge/djangosession/auth"
	"github.com/djangobridge/djangobridge/internal/pyurl"
)

// Names of the headers that describe the user. All of them are in every response with
// status 200. They are empty for visitors without a login, so that the proxy replaces
// headers that the client has sent.
const (
	HeaderID        = "X-User-Id"
	HeaderName      = "X-User-Name" // value of USERNAME_FIELD
	HeaderEmail     = "X-User-Email"
	HeaderStaff     = "X-User-Staff"     // "true" or "false"
	HeaderSuperuser = "X-User-Superuser" // "true" or "false"
	// HeaderGroups contains the names of the groups, separated by commas; empty unless
	// [Options].Groups is set.
	HeaderGroups = "X-User-Groups"
)

func headers() []string {
	return []string{HeaderID, HeaderName, HeaderEmail, HeaderStaff, HeaderSuperuser, HeaderGroups}
}

// describe sets the headers of a user, or of no user.
func describe(ctx context.Context, header http.Header, user *auth.User, withGroups bool) error {
	for _, name := range headers() {
		header[name] = []string{""}
	}
	if user == nil {
		return nil
	}
	header[HeaderID][0] = encode(user.ID)
	header[HeaderName][0] = encode(user.Username)
	header[HeaderEmail][0] = encode(user.Email)
	header[HeaderStaff][0] = flag(user.IsStaff)
	header[HeaderSuperuser][0] = flag(user.IsSuperuser)
	if !withGroups {
		return nil
	}
	groups, err := user.Groups(ctx)
	for i, name := range groups {
		groups[i] = encode(name)
	}
	header[HeaderGroups][0] = strings.Join(groups, ",")
	return err
}

func flag(set bool) string {
	if set {
		return "true"
	}
	return "false"
}

// encode writes a text in a form that is safe in headers: everything but letters, digits
// and some punctuation becomes %XX, in UTF-8. unquote of urllib.parse reverses it.
func encode(s string) string { return pyurl.Quote(s, "!$&'()*+-./:;=@^_`|~") }

// smuggles reports whether a client has sent one of the headers that describe a user.
func smuggles(h http.Header) bool { return hasHeader(h, headers()) }

// hasHeader reports whether there is a header with one of these names, which begin with
// "X-", in any spelling that a service could take for it: many treat "_" and other
// characters like "-".
func hasHeader(h http.Header, names []string) bool {
	for name := range h {
		if len(name) < 2 || name[0]|0x20 != 'x' {
			continue
		}
		plain := strings.Map(func(c rune) rune {
			if 'a' <= c|0x20 && c|0x20 <= 'z' || '0' <= c && c <= '9' {
				return c
			}
			return '-'
		}, name)
		for _, own := range names {
			if strings.EqualFold(plain, own) {
				return true
			}
		}
	}
	return false
}
