package release

// Every fact names the release that introduced or removed it. Where Django released a
// change in several series at once, all of its patch releases are listed, oldest first.

// Signing.

// HasDumpsLayout reports whether sessions are written by signing.dumps, with SHA-256.
func (r Release) HasDumpsLayout() bool { return r.since(Release{3, 1}) }

// ReadsLegacyLayout reports whether sessions from before 3.1 and SHA-1 signatures can
// still be read, and DEFAULT_HASHING_ALGORITHM selects the algorithm of new ones.
func (r Release) ReadsLegacyLayout() bool { return r.before(4, 0) }

// HasFallbackKeys reports whether the setting SECRET_KEY_FALLBACKS exists.
func (r Release) HasFallbackKeys() bool { return r.since(Release{4, 1}) }

// HasCookieSaltV2 reports whether set_signed_cookie signs with the unambiguous salt.
func (r Release) HasCookieSaltV2() bool {
	return r.since(Release{5, 2, 15}, Release{6, 0, 6}, Release{6, 1})
}

// AcceptsOldCookieSaltByDefault is the default of SIGNED_COOKIE_LEGACY_SALT_FALLBACK.
func (r Release) AcceptsOldCookieSaltByDefault() bool { return r.before(6, 1) }

// ReadsPlainMessages reports whether the messages cookie may be a hash and JSON without a
// signer.
func (r Release) ReadsPlainMessages() bool { return r.before(4, 0) }

// ReadsSignedMessages reports whether the messages cookie may be signed JSON, which only
// 3.1 writes.
func (r Release) ReadsSignedMessages() bool { return r.since(Release{3, 1}) && r.before(4, 1) }

// ReadsDumpsMessages reports whether the messages cookie may have the layout of
// signing.dumps.
func (r Release) ReadsDumpsMessages() bool { return r.since(Release{3, 2}) }

// SignsMessages reports whether SIGNING_BACKEND signs the messages cookie.
func (r Release) SignsMessages() bool { return r.since(Release{3, 1}) }

// HasMessageSafety reports whether a stored message says whether its text is HTML.
func (r Release) HasMessageSafety() bool { return r.since(Release{1, 6}) }

// ReadsShortMessages reports whether a stored message need not say whether its text is
// HTML.
func (r Release) ReadsShortMessages() bool { return r.before(3, 1) }

// SpacesMessages reports whether the messages in a session are separated by commas and
// spaces. Before, they are separated by commas.
func (r Release) SpacesMessages() bool { return r.since(Release{3, 2}) }

// StoresEmptyTags reports whether a message without extra tags is stored with an empty
// text for them.
func (r Release) StoresEmptyTags() bool { return r.since(Release{4, 1}) }

// Sessions.

// UsesJSONByDefault reports whether the default of SESSION_SERIALIZER is JSONSerializer.
// Before, sessions are pickles by default.
func (r Release) UsesJSONByDefault() bool { return r.since(Release{1, 6}) }

// HasPickleSerializer reports whether Django contains the class PickleSerializer.
func (r Release) HasPickleSerializer() bool { return r.before(5, 0) }

// HasISOExpiry reports whether set_expiry stores a point in time as text.
func (r Release) HasISOExpiry() bool { return r.since(Release{4, 1}) }

// UsesTZByDefault is the default of USE_TZ.
func (r Release) UsesTZByDefault() bool { return r.since(Release{5, 0}) }

// NeedsPython3 reports whether the release does not run on Python 2.
func (r Release) NeedsPython3() bool { return r.since(Release{2, 0}) }

// PickleProtocol is the highest protocol that every Python supported by the release has.
func (r Release) PickleProtocol() int {
	switch {
	case !r.NeedsPython3():
		return 2
	case r.before(4, 0):
		return 4 // Python 3.8 has 5, and 3.2 runs on 3.6 too
	}
	return 5
}

// HasTimezoneFixedOffset reports whether django.utils.timezone has the class FixedOffset.
// Before, only django.utils.tzinfo has it.
func (r Release) HasTimezoneFixedOffset() bool { return r.since(Release{1, 7}) }

// DecodesStrictBase64 reports whether the database cache refuses values that are not
// base64 on one line. Before, it ignores other characters.
func (r Release) DecodesStrictBase64() bool { return r.since(Release{6, 1}) }

// The session middleware.

// SavesWith reports whether a session is saved when the response has this status.
func (r Release) SavesWith(status int) bool {
	switch {
	case r.since(Release{4, 2}):
		return status < 500
	case r.since(Release{1, 5}):
		return status != 500
	}
	return true
}

// RedirectsGoneSessions reports whether a request whose session was deleted while
// it ran is answered with a redirect to the same address instead of status 400.
func (r Release) RedirectsGoneSessions() bool { return r.since(Release{1, 10}) && r.before(1, 11) }

// VariesOnDeletion reports whether a response that deletes the cookie has Vary: Cookie.
// Older releases leave it out, even if the session was accessed.
func (r Release) VariesOnDeletion() bool { return r.since(Release{3, 0}) }

// VariesWithCookie reports whether a response that sets the cookie has Vary: Cookie, even
// if the session was not accessed.
func (r Release) VariesWithCookie() bool {
	return r.since(Release{5, 2, 14}, Release{6, 0, 5}, Release{6, 1})
}

// Cookies.

// CookieDate is the format of dates in cookies.
func (r Release) CookieDate() string {
	if r.since(Release{2, 1}) {
		return "Mon, 02 Jan 2006 15:04:05 GMT"
	}
	return "Mon, 02-Jan-2006 15:04:05 GMT"
}

// HasWholeMaxAge reports whether Max-Age is a whole number.
func (r Release) HasWholeMaxAge() bool { return r.since(Release{3, 2}) }

// HasSameSite reports whether cookies have the attribute SameSite.
func (r Release) HasSameSite() bool { return r.since(Release{2, 1}) }

// DeletesWithDomain reports whether the cookie that deletes has the Domain of the cookie
// it deletes.
func (r Release) DeletesWithDomain() bool { return r.since(Release{1, 9}) }

// DeletesWithPath reports whether the cookie that deletes has the Path of the cookie it
// deletes.
func (r Release) DeletesWithPath() bool { return r.since(Release{1, 11}) }

// DeletesWithSameSite reports whether the cookie that deletes has the SameSite of the
// cookie it deletes.
func (r Release) DeletesWithSameSite() bool {
	return r.since(Release{2, 2, 15}, Release{3, 0, 9}, Release{3, 1})
}

// DeletesNoneSecurely reports whether the cookie that deletes has Secure if its SameSite
// is None, because browsers ignore it otherwise.
func (r Release) DeletesNoneSecurely() bool { return r.since(Release{3, 1}) }

// Login.

// DemandsHash reports whether a login without a session hash counts as nobody's.
func (r Release) DemandsHash() bool { return r.since(Release{1, 10}) }

// HashesWithFallbackKeys reports whether a session hash may be made with a key of
// SECRET_KEY_FALLBACKS.
func (r Release) HashesWithFallbackKeys() bool { return r.since(Release{4, 1, 8}) }

// KeepsLanguage reports whether logout copies the language into the new session.
func (r Release) KeepsLanguage() bool { return r.since(Release{1, 7}) && r.before(3, 0) }

// Tokens that reset passwords.

// MakesTokensInSeconds reports whether tokens contain the second instead of the day.
func (r Release) MakesTokensInSeconds() bool { return r.since(Release{3, 1}) }

// AcceptsTokensInDays reports whether tokens that contain the day, and tokens with SHA-1,
// are valid.
func (r Release) AcceptsTokensInDays() bool { return r.before(4, 0) }

// HashesEmailInTokens reports whether tokens depend on the user's email address.
func (r Release) HashesEmailInTokens() bool { return r.since(Release{3, 2}) }

// Password hashers.

// HasArgon2id reports whether Argon2PasswordHasher makes argon2id, and looks at the
// variant and the salt of stored passwords. Before, it knows only argon2i.
func (r Release) HasArgon2id() bool { return r.since(Release{3, 2}) }

// SaltEntropy is salt_entropy of the hashers, in bits. Before, it is 0: salts have 12
// characters.
func (r Release) SaltEntropy() int {
	if r.since(Release{3, 2}) {
		return 128
	}
	return 0
}

// ScryptParallelism is the parallelism of ScryptPasswordHasher, which 4.0 introduced.
func (r Release) ScryptParallelism() int {
	if r.since(Release{5, 1}) {
		return 5
	}
	return 1
}

// Login pages.

// LimitsNext reports whether the address to which a login page leads has a maximum length.
func (r Release) LimitsNext() bool {
	return r.since(Release{5, 0, 14}, Release{5, 1, 8}, Release{5, 2})
}

// LogsOutByAnyMethod reports whether LogoutView ends the login before it looks at the
// method.
func (r Release) LogsOutByAnyMethod() bool { return r.before(4, 1) }

// LogsOutByGet reports whether LogoutView accepts GET requests.
func (r Release) LogsOutByGet() bool { return r.before(5, 0) }

// ReadsDomainsAsUnicode reports whether the domain of an email address is checked as it
// is, and must end with letters. Before, letters that are not ASCII are converted first.
func (r Release) ReadsDomainsAsUnicode() bool { return r.since(Release{5, 2}) }

// NeverCachesPrivately reports whether the header of never_cache contains private.
func (r Release) NeverCachesPrivately() bool { return r.since(Release{3, 0}) }

// The CSRF check.

// HasMaskedTokens reports whether each form gets its own mask of the token.
func (r Release) HasMaskedTokens() bool { return r.since(Release{1, 10}) }

// ChecksOrigin reports whether the header Origin is checked, CSRF_TRUSTED_ORIGINS
// contains origins, and a bad token is described in detail.
func (r Release) ChecksOrigin() bool { return r.since(Release{4, 0}) }

// StoresSecrets reports whether the cookie contains the secret itself. Before, it is
// masked like a token.
func (r Release) StoresSecrets() bool { return r.since(Release{4, 1}) }

// HasCSRFCookieMasked reports whether the setting CSRF_COOKIE_MASKED exists.
func (r Release) HasCSRFCookieMasked() bool { return r.since(Release{4, 1}) && r.before(5, 0) }

// SplitsProxyHeader reports whether only the first value of SECURE_PROXY_SSL_HEADER's
// header counts.
func (r Release) SplitsProxyHeader() bool { return r.since(Release{4, 1}) }

// ParsesParams reports whether a Referer is parsed with its parameters, which shows in
// the reason.
func (r Release) ParsesParams() bool { return r.before(5, 2) }

// AllowsSubdomainsOfLocalhost reports whether subdomains of localhost are allowed too
// when DEBUG is set and ALLOWED_HOSTS is empty.
func (r Release) AllowsSubdomainsOfLocalhost() bool { return r.since(Release{3, 1}) }

// Forms.

// LowersTypes reports whether the content type of a form may be in capitals.
func (r Release) LowersTypes() bool { return r.since(Release{4, 2}) }

// RefusesCharsets reports whether a form must not declare another encoding than UTF-8.
func (r Release) RefusesCharsets() bool { return r.since(Release{5, 0}) }

// LimitsFiles reports whether the setting DATA_UPLOAD_MAX_NUMBER_FILES exists.
func (r Release) LimitsFiles() bool {
	return r.since(Release{3, 2, 18}, Release{4, 0, 10}, Release{4, 1, 7})
}

// EscapesParams reports whether backslashes escape quotes in the parameters of a header.
func (r Release) EscapesParams() bool { return r.since(Release{4, 1}) }

// DecodesParams reports whether headers are decoded before their parameters are parsed.
func (r Release) DecodesParams() bool { return r.since(Release{4, 2}) }

// ReadsParamsAsEmail reports whether Python's package email parses the parameters of a
// header.
func (r Release) ReadsParamsAsEmail() bool {
	return r.since(Release{5, 2, 18}, Release{6, 0, 9}, Release{6, 1, 2})
}

// HasPrintableNames reports whether characters that cannot be printed are removed from
// the names of files.
func (r Release) HasPrintableNames() bool { return r.since(Release{4, 2}) }

// LimitsPartHeaders reports whether the headers of a part have a maximum size.
func (r Release) LimitsPartHeaders() bool { return r.since(Release{5, 1}) }

// StripsHeaderNames reports whether a space before the colon of a part's header is
// removed.
func (r Release) StripsHeaderNames() bool { return r.since(Release{6, 0}) }

// HasStrictBase64 reports whether a field in base64 must contain nothing else.
func (r Release) HasStrictBase64() bool { return r.since(Release{6, 1}) }

// JoinsBase64Pieces reports whether a piece of a file in base64 whose length is not a
// multiple of four is completed with the whole next piece. Before, it is completed with
// up to three characters.
func (r Release) JoinsBase64Pieces() bool {
	return r.since(Release{4, 2, 30}, Release{5, 2, 13}, Release{6, 0, 4}, Release{6, 1})
}

// CarriesBase64Rest reports whether the characters after the last multiple of four are
// put before the next piece of a file in base64.
func (r Release) CarriesBase64Rest() bool {
	return r.since(Release{5, 2, 19}, Release{6, 0, 10}, Release{6, 1, 3})
}
