package main

import (
	"strings"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/internal/release"
	"github.com/djangobridge/djangobridge/signing"
)

// next returns the command that reads an explained text, or "". It contains no secret and
// no part of the text.
func (c *explainCommand) next(s djangosession.Settings, text string, e *djangosession.Explanation) string {
	switch {
	case e.Decodes:
		return ""
	case e.SignedWith != nil:
		return c.nextOfSigned(s, text, e)
	}
	switch e.Kind {
	default:
		return ""
	case djangosession.SessionKind, djangosession.CookieSessionKind, djangosession.MessagesKind:
		return c.command("explain", "--try-key", "KEY", "--try-salt", "SALT")
	case djangosession.SignedKind, djangosession.SignedCookieKind:
		return c.command("explain", "--cookie", "NAME", "--try-key", "KEY", "--try-salt", "SALT")
	case djangosession.SessionKeyKind:
		return c.command("sessions show", "DATABASE") + " < FILE_WITH_THE_KEY"
	}
}

// nextOfSigned is next for a text with a valid signature.
func (c *explainCommand) nextOfSigned(s djangosession.Settings, text string, e *djangosession.Explanation) string {
	var name string
	var flags []string
	switch e.Kind {
	case djangosession.SessionKind:
		name, flags = "decode", sessionFlags(s, e)
	case djangosession.SignedCookieKind:
		var ok bool
		name = "unsign"
		if flags, ok = c.cookieFlags(s, text, e.SignedWith); !ok {
			flags = valueFlags(s, e)
		}
	default:
		if e.Layout == "" {
			return "" // messages of before 3.1
		}
		name, flags = valueCommand(e), valueFlags(s, e)
	}
	if !isOwnKey(s, e.SignedWith.Key) {
		flags = append([]string{"--secret-key", "KEY"}, flags...)
	}
	return c.command(name, flags...)
}

// isOwnKey reports whether a key that an explanation names is one that the site's release
// verifies with.
func isOwnKey(s djangosession.Settings, name string) bool {
	fallback := strings.HasPrefix(name, "SECRET_KEY_FALLBACKS[") && strings.HasSuffix(name, "]")
	return name == "SECRET_KEY" || fallback && releaseOf(s).HasFallbackKeys()
}

// releaseOf returns the release of settings that have been checked.
func releaseOf(s djangosession.Settings) release.Release {
	r, _ := release.Parse(s.DjangoVersion)
	return r
}

// command returns a command line of this tool. It repeats the flags of explain that
// describe the site, except secrets.
func (c *explainCommand) command(name string, flags ...string) string {
	words := []string{program, name}
	if c.Settings != "" {
		words = append(words, "--settings", shellQuote(c.Settings))
	}
	if c.Django != "" {
		words = append(words, "--django", shellQuote(c.Django))
	}
	for _, word := range flags {
		words = append(words, shellQuote(word))
	}
	return strings.Join(words, " ")
}

// sessionFlags are the flags with which decode reads a session.
func sessionFlags(s djangosession.Settings, e *djangosession.Explanation) []string {
	var flags []string
	const prefix = "django.contrib.sessions."
	switch {
	case e.Layout == djangosession.LegacyLayout:
		name := strings.TrimPrefix(e.SignedWith.Salt, strings.TrimSuffix(prefix, "."))
		if store := s.SessionStore; store[strings.LastIndexByte(store, '.')+1:] != name {
			flags = append(flags, "--store", name)
		}
	case s.KeySalt != "" && s.KeySalt != e.SignedWith.Salt, s.KeySalt == "" && prefix+s.SessionStore != e.SignedWith.Salt:
		flags = append(flags, "--salt", e.SignedWith.Salt)
	}
	old := e.Layout == djangosession.LegacyLayout || e.SignedWith.Algorithm == signing.SHA1
	if r := releaseOf(s); old && !r.ReadsLegacyLayout() || !old && !r.HasDumpsLayout() {
		flags = append(flags, "--legacy")
	}
	if e.Problem.Reason == signing.BadSerialization && e.Serializer != "" {
		flags = append(flags, "--serializer", e.Serializer)
	}
	return flags
}

// cookieFlags are the flags with which unsign reads a signed cookie that the site
// accepts.
func (c *explainCommand) cookieFlags(
	s djangosession.Settings, text string, m *djangosession.SignedWith,
) (flags []string, ok bool) {
	for _, salt := range append([]string{""}, c.TrySalt...) {
		signer, err := s.SignedCookie(m.Cookie, salt)
		if err != nil {
			return nil, false
		}
		if _, err := signer.Unsign(text); err != nil {
			continue
		}
		flags = []string{"--cookie", m.Cookie}
		if salt != "" {
			flags = append(flags, "--salt", salt)
		}
		return flags, true
	}
	return nil, false
}

// valueCommand is the command that reads a signed value.
func valueCommand(e *djangosession.Explanation) string {
	if e.Layout == djangosession.DumpsLayout {
		return "loads"
	}
	return "unsign"
}

// valueFlags are the flags with which that command reads the value.
func valueFlags(s djangosession.Settings, e *djangosession.Explanation) []string {
	var flags []string
	if e.SignedWith.CookieKey {
		flags = append(flags, "--cookie-key")
	}
	if e.Layout == djangosession.PlainLayout {
		flags = append(flags, "--no-timestamp")
	}
	switch {
	case e.Layout == djangosession.DumpsLayout && e.SignedWith.Salt == "django.core.signing":
	case e.Layout == djangosession.TimedLayout && e.SignedWith.Salt == "django.core.signing.TimestampSigner":
	case e.Layout == djangosession.PlainLayout && e.SignedWith.Salt == "django.core.signing.Signer":
	default:
		flags = append(flags, "--salt", e.SignedWith.Salt)
	}
	if e.Layout == djangosession.DumpsLayout && e.Serializer == pickleName {
		flags = append(flags, "--serializer", e.Serializer)
	}
	return append(flags, algorithmFlags(s, e)...)
}

// algorithmFlags are the flags that make the site's release accept the algorithm.
func algorithmFlags(s djangosession.Settings, e *djangosession.Explanation) []string {
	o, err := s.SigningOptions()
	if err != nil || e.SignedWith.Algorithm == o.Algorithm || e.SignedWith.Algorithm == signing.SHA1 && o.AcceptSHA1 {
		return nil
	}
	return []string{"--algorithm", e.SignedWith.Algorithm}
}
