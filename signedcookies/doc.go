// Package signedcookies keeps sessions in the cookies of browsers, as Django's engine
// "django.contrib.sessions.backends.signed_cookies" does. The value of the cookie is the
// whole session with a signature. Nothing is stored on the server:
//
//   - The visitor, and everybody who gets a copy of the cookie, can read the session, but
//     not change it.
//   - A logout only deletes the cookie in this browser. A copy remains valid until
//     SESSION_COOKIE_AGE after it was signed. Deleting or listing sessions is the error
//     [djangosession.ErrStateless].
//   - Of two responses at the same time, the browser keeps one cookie. The changes of the
//     other request are lost. [djangosession.Options].MergeSaves cannot prevent that and
//     is refused.
//   - A change after the header of the response was sent is an error; see
//     [djangosession.ErrHeaderSent].
//   - Browsers drop large cookies. Saving such a session is an error; see
//     [MaxCookieSize].
//
// An invalid or expired cookie is replaced with that of an empty session as soon as it is
// read. If the signature is invalid but claims to be newer than the settings, the
// settings are probably outdated, and the cookie is left alone; see
// [djangosession.ErrOutdatedSettings]. A client can forge such a claim, which harms only
// that client and writes a line to the log. A valid cookie that inflates to more than
// Settings.MaxInflated is left alone too; see [djangosession.ErrMaxInflated].
package signedcookies
