// Package tokens makes and checks the tokens in links that reset passwords. A link that
// Django sent works in Go, and vice versa. Matches django.contrib.auth.tokens.
//
//	generator, err := tokens.New(settings, tokens.Options{})
//	token, err := generator.Make(user)
//	link := "https://example.com/reset/" + tokens.EncodeUID(user.ID) + "/" + token + "/"
//
// A token is valid until PASSWORD_RESET_TIMEOUT has passed, or until the user's password,
// email address or last login changes. Nothing is stored.
//
// A token takes the place of a password: anyone who has it can log in. Send it to the
// user's stored address only, and never to an address from a form. Do not log it.
//
// The tokens of Django 2.2 and newer are supported:
//
//   - Before 3.1, tokens contain the day, and the hash is SHA-1.
//   - Since 3.1, they contain the second, and the hash is SHA-256. Django 3.1 and 3.2
//     accept both kinds.
//   - Since 3.2, tokens depend on the email address.
//   - Since 4.1, tokens made with SECRET_KEY_FALLBACKS are accepted.
package tokens
