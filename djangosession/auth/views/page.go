package views

import "github.com/djangobridge/djangobridge/djangosession/auth"

// Templates of pages, under the names that Django's views give them.
const (
	LoginTemplate                = "registration/login.html"
	LoggedOutTemplate            = "registration/logged_out.html"
	PasswordChangeTemplate       = "registration/password_change_form.html"
	PasswordResetTemplate        = "registration/password_reset_form.html"
	PasswordResetConfirmTemplate = "registration/password_reset_confirm.html"
)

// A Page is what a template shows. Values of visitors are as they were sent: a template
// of html/template escapes them.
type Page struct {
	Template string // one of the constants
	// Username and Email are what the visitor typed into the fields "username" and
	// "email". Passwords are not repeated.
	Username, Email string
	// Next is the page to which the login form leads, for a hidden field "next"; "" for
	// the default.
	Next string
	// ValidLink reports whether the link of PasswordResetConfirmTemplate is valid. If
	// not, the page has no form.
	ValidLink bool
	User      *auth.User // whose password is changed; nil on other pages
	Problems  []Problem  // why the form was not accepted
}

// A Problem is why a form was not accepted.
type Problem struct {
	// Field is the name of the field; "" for a problem of the whole form.
	Field string `json:"field"`
	// Code is the code of Django's ValidationError: "required", "invalid_login",
	// "inactive", "password_incorrect", "password_mismatch", "invalid", "max_length",
	// "null_characters_not_allowed", or one of Options.ValidatePassword.
	Code string `json:"code"`
	Text string `json:"text"` // in English
}

// Of returns the problems of one field, for templates.
func (p Page) Of(field string) []Problem {
	var found []Problem
	for _, problem := range p.Problems {
		if problem.Field == field {
			found = append(found, problem)
		}
	}
	return found
}

// problem returns a problem with the text for its code.
func problem(field, code string) Problem {
	text := map[string]string{
		"required":                    "Enter a value here.",
		"invalid_login":               "The user name or the password is wrong. Both may be case-sensitive.",
		"inactive":                    "This account has been deactivated.",
		"password_incorrect":          "The old password is wrong.",
		"password_mismatch":           "The new passwords are not the same.",
		"invalid":                     "This is not an email address.",
		"max_length":                  "This is too long.",
		"null_characters_not_allowed": "Null characters cannot be used here.",
	}[code]
	return Problem{Field: field, Code: code, Text: text}
}
