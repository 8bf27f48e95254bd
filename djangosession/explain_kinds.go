package djangosession

import (
	"encoding/base64"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
)

// A Kind is the kind of a text that was mistaken for a session.
type Kind string

// The kinds that [Codec.Explain] distinguishes.
const (
	SessionKind       Kind = "session"              // the column session_data, or a file of the engine file
	CookieSessionKind Kind = "cookie_session"       // a session of the engine signed_cookies
	MessagesKind      Kind = "messages"             // the cookie of the messages framework
	SignedCookieKind  Kind = "signed_cookie"        // a cookie of set_signed_cookie
	SignedKind        Kind = "signed_value"         // another use of django.core.signing
	SessionKeyKind    Kind = "session_key"          // the value of the session cookie
	CSRFTokenKind     Kind = "csrf_token"           // a masked token
	CSRFSecretKind    Kind = "csrf_secret"          // the secret of such tokens
	ResetTokenKind    Kind = "password_reset_token" // a token of PasswordResetTokenGenerator
	PasswordKind      Kind = "password"             // a hash of a password
	JWTKind           Kind = "jwt"                  // a JSON Web Token
	HashKind          Kind = "hash"                 // a digest in hex, such as _auth_user_hash
	JSONKind          Kind = "json"                 // JSON that is not signed
	PickleKind        Kind = "pickle"               // base64 of a pickle that is not signed
	Base64Kind        Kind = "base64"               // base64 that is not signed
	TextKind          Kind = "text"                 // any other text
)

// words describes a kind, to follow "It is" or "It looks like".
func (k Kind) words() string {
	return map[Kind]string{ //nolint:gosec // words about secrets, none of them one
		SessionKind:       "a session, from the column session_data",
		CookieSessionKind: "a session of the engine signed_cookies, from the session cookie",
		MessagesKind:      "the cookie of Django's messages",
		SignedCookieKind:  "a cookie signed by set_signed_cookie",
		SignedKind:        "a value signed by django.core.signing, not a session",
		SessionKeyKind:    "a session key, from the session cookie",
		CSRFTokenKind:     "a CSRF token, from a form, the X-CSRFToken header, or the CSRF cookie before Django 4.1",
		CSRFSecretKind:    "a CSRF secret, from the CSRF cookie since Django 4.1, or from \"_csrftoken\" in a session",
		ResetTokenKind:    "a password reset token",
		PasswordKind:      "the hash of a password, from the user table",
		JWTKind:           "a JSON Web Token, which Django itself does not use",
		HashKind:          "a hash in hex, such as the value of \"_auth_user_hash\" in a session",
		JSONKind:          "JSON that was never signed",
		PickleKind:        "a pickle in base64 that was never signed",
		Base64Kind:        "base64 without a signature",
	}[k]
}

var (
	resetToken = regexp.MustCompile(`^(?:.*/)?[0-9a-z]{1,13}-(?:[0-9a-f]{20}|[0-9a-f]{32})/?$`)
	password   = regexp.MustCompile(`^(?:pbkdf2_|argon2|bcrypt|scrypt|md5|sha1|unsalted_|crypt)[a-z0-9_]*\$`)
)

// kindOf judges an unsigned text by its form.
func kindOf(text string) Kind {
	text = strings.TrimSpace(text)
	isKey := strings.Trim(text, keyChars) == ""
	isToken := strings.Trim(text, keyChars+"ABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
	switch {
	case text == "":
		return ""
	case len(text) == KeyLength && isKey:
		return SessionKeyKind
	case len(text) == csrfSecretLength && isToken:
		return CSRFSecretKind
	case (len(text) == 40 || len(text) == 64) && isHex(text):
		return HashKind
	case len(text) == 2*csrfSecretLength && isToken:
		return CSRFTokenKind
	case isMessages(text):
		return MessagesKind
	case text[0] == '{' || text[0] == '[' && json.Valid([]byte(text)):
		return JSONKind
	case resetToken.MatchString(text):
		return ResetTokenKind
	case password.MatchString(text):
		return PasswordKind
	case isJWT(text):
		return JWTKind
	}
	return kindOfBase64(text)
}

// csrfSecretLength is the length of a CSRF secret. A token has twice that length.
const csrfSecretLength = 32

// isMessages reports whether a text is the JSON of Django's messages.
func isMessages(text string) bool {
	return strings.HasPrefix(text, `[["__json_message"`) || strings.HasPrefix(text, `["__messagesnotfinished__"`)
}

// isJWT reports whether a text is a JSON Web Token: signed, in three parts, or encrypted,
// in five.
func isJWT(text string) bool {
	parts := strings.Split(text, ".")
	if len(parts) != 3 && len(parts) != 5 || !slices.ContainsFunc(parts[1:], func(p string) bool { return p != "" }) {
		return false
	}
	head, err := base64.RawURLEncoding.DecodeString(parts[0])
	var fields struct {
		Algorithm string `json:"alg"`
	}
	return err == nil && json.Unmarshal(head, &fields) == nil && fields.Algorithm != ""
}

// shortestBase64 is the length from which a text is more likely base64 than a word.
const shortestBase64 = 20

// kindOfBase64 judges a text that may be base64.
func kindOfBase64(text string) Kind {
	bare := strings.TrimRight(strings.NewReplacer("+", "-", "/", "_").Replace(text), "=")
	data, err := base64.RawURLEncoding.DecodeString(bare)
	switch {
	case err != nil || len(data) == 0:
		return TextKind
	case (data[0] == '{' || data[0] == '[') && json.Valid(data):
		return JSONKind
	case isPickle(data):
		return PickleKind
	case len(text) < shortestBase64:
		return TextKind
	}
	return Base64Kind
}

// isPickle reports whether data starts and ends like a pickle.
func isPickle(data []byte) bool {
	switch {
	case len(data) < 3 || data[len(data)-1] != '.':
		return false
	case data[0] == 0x80:
		return data[1] <= 5
	}
	return data[0] == '(' || data[0] == '}' // protocols 0 and 1
}
