package djangosession_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/djangobridge/djangobridge/djangosession"
)

// Texts that Django wrote with the secret "test-secret-key"; the tokens belong to a user
// in Django's own tables.
const (
	oldCookie      = "3 apples:1r31eq:hjl-MdMqDvJFGIXgUT6KxZnIEU6Kk7j5ACj4Bwjydps" // set_signed_cookie("cart", "3 apples") of 3.2 and 4.2
	oldSaltCookie  = "3 apples:1r31eq:sTRgi4qGHBynYHw6Evkr_-kG9D9LKKuTLpTWsLMd-f4" // with salt="shop"
	newCookie      = "3 apples:1r31eq:pa-I3r5BJ8KL16h0jGFa-XEscIGIfTwFlAw3q2pKQpU" // the same of 5.2.19 and 6.1
	newSaltCookie  = "3 apples:1r31eq:l4noOD6HdlvhpnxTXs7D5sI6sgbaLA0utoBJ1iVGeys"
	helloSigner    = "hello:Bhwb70gkLMxw89zHbeKamLKat9XovdaGC_qGGTgRVOA"
	helloOtherSalt = "hello:3jAQeUApMIR889-z7FKMVU5W36fsFtjjh8rvZayJQAI" // Signer(salt="x")
	helloTimed     = "hello:1r31eq:bI-reVCgAQqA6NH_MVUY791PTRb9Mb2fwN5bTx1JFV0"

	messages61     = "W1siX19qc29uX21lc3NhZ2UiLDAsMjAsImhpIiwiIl1d:1r31eq:hwjPfc6Zv_MFEQEQWhYMvUH7bo-eNT4OUTNWImTsykY"
	messagesZipped = ".eJyLjlaKj88qzs-Lz00tLk5MT1XSMdAxMtBRSlTSUVKK1cEmbQiUTlKKjQUARHsSOw:1r31eq:KAw5BRlkXMcFLtZrBjbJcAxL6VTIZnFj17JBSee3n-0"
	messages32     = "W1siX19qc29uX21lc3NhZ2UiLDAsMjAsImhpIl1d:1r31eq:E1zTGCLSP07qKyWT4WW2UdTuyk8RkDT0EgLVN_aZk8k"
	messages31     = `[["__json_message",0,20,"hi"]]:1r31eq:P6exmzYj9BZ7k-Kf_p7mUqbkamam7xk7R5iz6_0g2FQ`
	messages31More = `["__messagesnotfinished__"]:1r31eq:rcY0eQjzNgmWxIEUmU8NBido-h6rD_fyTlESgtzFUfs`
	messages22     = `f2097569e390a162f7ff95f015154ca20e48537a$[["__json_message",0,25,"ok","a b"]]`
	messages22More = `c85942749d9e61a931806542235dd3c9e714b685$["__messagesnotfinished__"]`
	messagesQuoted = `"a4a3af70de05c7c8c9bf70c58231fbe81ed7fdc6$[[\"__json_message\"\0540\05420\054\"hi\"]]"` // in the form of the header

	cookieSessionOld = "eyJhIjoxfQ:1r31eq:pm-kbOZ2rs06SnkfMGA1WLg4jwk" // of the engine signed_cookies, before 3.1

	csrfToken     = "6QeCvuGjxxet34kFfQSpQuhVdJs1yMiD863mOrASi85A3jX9xxEx1lC0UQyR7zLh"
	csrfSecret    = "bPofuAxA8s5N6P77K7ZRiJH3fvnSb4DE"
	resetToken    = "bxodq8-44f36f50faa29df77835ebd13c029e97"
	oldResetToken = "6g0-5500f722a615e0769bbc"
	password      = "pbkdf2_sha256$260000$seasaltada$kRhqhHbeUA0+9MRUU7cyfEWdrYbU9xLU2f58wJn0wug="
	authHash      = "637bd4d31490e4134624be9bef5662277e72a11da3bd28ed8a4fdca0088adcb4"
	jwt           = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJ1c2VyX2lkIjoxfQ.rTpKoaYqZqPOAZ5zVVUZP1XFeKVGzRtQhtl-P7S3d5c"
)

// saying is what an explanation must contain besides its kind.
type saying struct {
	text    string
	release string // "6.1" if empty
	change  func(*djangosession.Settings)
	more    djangosession.Candidates
	kind    djangosession.Kind
	layout  djangosession.Layout
	proven  bool
	said    string
	unsaid  string // must not be part of it; not checked if empty
}

func TestExplainRecognisesWhatElseDjangoWrites(t *testing.T) {
	t.Parallel()
	cart := djangosession.Candidates{Cookies: []string{"basket", "cart"}}
	shop := djangosession.Candidates{Cookies: []string{"cart"}, Salts: []string{"shop"}}
	acceptOld := func(s *djangosession.Settings) { s.SignedCookieLegacySaltFallback = true }
	checkSayings(t, map[string]saying{
		"signed cookie, old salt, old release":         {text: oldCookie, release: "4.2.30", more: cart, kind: djangosession.SignedCookieKind, layout: djangosession.TimedLayout, proven: true, said: "The site accepts this cookie"},
		"signed cookie, old salt, release with both":   {text: oldCookie, release: "5.2.19", more: cart, kind: djangosession.SignedCookieKind, layout: djangosession.TimedLayout, proven: true, said: "The site accepts this cookie"},
		"signed cookie, old salt, newest release":      {text: oldCookie, more: cart, kind: djangosession.SignedCookieKind, layout: djangosession.TimedLayout, proven: true, said: "SIGNED_COOKIE_LEGACY_SALT_FALLBACK is True"},
		"signed cookie, old salt, fallback set":        {text: oldCookie, change: acceptOld, more: cart, kind: djangosession.SignedCookieKind, layout: djangosession.TimedLayout, proven: true, said: "The site accepts this cookie"},
		"signed cookie, new salt":                      {text: newCookie, more: cart, kind: djangosession.SignedCookieKind, layout: djangosession.TimedLayout, proven: true, said: "The site accepts this cookie"},
		"signed cookie, new salt, old release":         {text: newCookie, release: "5.2.14", more: cart, kind: djangosession.SignedCookieKind, layout: djangosession.TimedLayout, proven: true, said: "Django 5.2.14 does not accept it"},
		"signed cookie with a salt of its own":         {text: newSaltCookie, more: shop, kind: djangosession.SignedCookieKind, layout: djangosession.TimedLayout, proven: true, said: "The site accepts this cookie"},
		"signed cookie with a salt of its own, before": {text: oldSaltCookie, release: "5.2.14", more: shop, kind: djangosession.SignedCookieKind, layout: djangosession.TimedLayout, proven: true, said: "The site accepts this cookie"},
		"signed cookie of an old key":                  {text: newCookie, change: fallback, more: cart, kind: djangosession.SignedCookieKind, layout: djangosession.TimedLayout, proven: true, said: "The site accepts this cookie"},
		"signed cookie of another key":                 {text: newCookie, change: otherKey, more: djangosession.Candidates{Cookies: []string{"cart"}, Keys: []string{"test-secret-key"}}, kind: djangosession.SignedCookieKind, layout: djangosession.TimedLayout, proven: true, said: "not signed with the secret of these settings"},
		"signed cookie without its name":               {text: newCookie, kind: djangosession.SignedKind, layout: djangosession.TimedLayout, said: "name of a signed cookie"},
		"signed cookie in quotes":                      {text: `"` + newCookie + `"`, more: cart, kind: djangosession.SignedCookieKind, layout: djangosession.TimedLayout, proven: true, said: "The site accepts this cookie"},

		"messages":                         {text: messages61, kind: djangosession.MessagesKind, layout: djangosession.DumpsLayout, proven: true, said: "3.2 and later"},
		"messages, compressed":             {text: messagesZipped, kind: djangosession.MessagesKind, layout: djangosession.DumpsLayout, proven: true, said: "3.2 and later"},
		"messages of 3.2":                  {text: messages32, release: "3.2.25", kind: djangosession.MessagesKind, layout: djangosession.DumpsLayout, proven: true, said: "3.2 and later"},
		"messages of 3.2, read by 3.1":     {text: messages32, release: "3.1.14", kind: djangosession.MessagesKind, layout: djangosession.DumpsLayout, proven: true, said: "Django 3.1.14 does not read it"},
		"messages of 3.1":                  {text: messages31, kind: djangosession.MessagesKind, layout: djangosession.TimedLayout, proven: true, said: "Django 6.1 does not read it"},
		"messages of 3.1 that go on":       {text: messages31More, kind: djangosession.MessagesKind, layout: djangosession.TimedLayout, proven: true, said: "3.1 writes"},
		"messages of 2.2":                  {text: messages22, kind: djangosession.MessagesKind, proven: true, said: "Django 6.1 does not read it"},
		"messages of 2.2 that go on":       {text: messages22More, kind: djangosession.MessagesKind, proven: true, said: "3.0 and earlier"},
		"messages of 2.2 as in the header": {text: messagesQuoted, kind: djangosession.MessagesKind, proven: true, said: "quoted cookie"},
		"messages of another key":          {text: messages61, change: otherKey, kind: djangosession.MessagesKind, layout: djangosession.DumpsLayout, said: "None of the keys"},
		"zipped messages of another key":   {text: messagesZipped, change: otherKey, kind: djangosession.MessagesKind, layout: djangosession.DumpsLayout, said: "None of the keys"},
		"messages of 3.1, another key":     {text: messages31, change: otherKey, kind: djangosession.MessagesKind, layout: djangosession.TimedLayout, said: "None of the keys"},
		"messages of 2.2, another key":     {text: messages22, change: otherKey, kind: djangosession.MessagesKind, said: "None of the keys"},

		"a session in a cookie":             {text: cookieText, kind: djangosession.CookieSessionKind, layout: djangosession.DumpsLayout, proven: true, said: "no row"},
		"a session in a cookie, before 3.1": {text: cookieSessionOld, kind: djangosession.CookieSessionKind, layout: djangosession.DumpsLayout, proven: true, said: "SHA-1"},
		"dumps":                             {text: dumpsText, kind: djangosession.SignedKind, layout: djangosession.DumpsLayout, proven: true, said: "is not a session"},
		"TimestampSigner":                   {text: helloTimed, kind: djangosession.SignedKind, layout: djangosession.TimedLayout, proven: true, said: "is not a session"},
		"Signer":                            {text: helloSigner, kind: djangosession.SignedKind, layout: djangosession.PlainLayout, proven: true, said: "is not a session"},
		"Signer with a salt":                {text: helloOtherSalt, more: djangosession.Candidates{Salts: []string{"x"}}, kind: djangosession.SignedKind, layout: djangosession.PlainLayout, proven: true, said: `salt "x"`},
		"Signer with an unknown salt": {
			text: helloOtherSalt, kind: djangosession.SignedKind, layout: djangosession.PlainLayout, said: "None of the keys and salts",
		},
	})
}

func TestExplainRecognisesUnsignedTexts(t *testing.T) {
	t.Parallel()
	checkSayings(t, map[string]saying{
		"a CSRF token":             {text: csrfToken, kind: djangosession.CSRFTokenKind, said: "compares it with the visitor's secret"},
		"a CSRF token in quotes":   {text: "'" + csrfToken + "'", kind: djangosession.CSRFTokenKind, said: "without the quotes"},
		"a CSRF secret":            {text: csrfSecret, kind: djangosession.CSRFSecretKind, said: "CSRF secret"},
		"a session key":            {text: "abcdefghijklmnopqrstuvwxyz012345", kind: djangosession.SessionKeyKind, said: "session key"},
		"a JSON Web Token":         {text: jwt, kind: djangosession.JWTKind, said: "JSON Web Token"},
		"a password reset token":   {text: resetToken, kind: djangosession.ResetTokenKind, said: "at 2023-11-14 22:13:20"},
		"the link of such a token": {text: "/reset/MQ/" + resetToken + "/", kind: djangosession.ResetTokenKind, said: "together with its user"},
		"a token of before 3.1":    {text: oldResetToken, kind: djangosession.ResetTokenKind, said: "on 2023-11-14"},
		"a token of any time":      {text: "zzzzzzzzzzzzz-44f36f50faa29df77835ebd13c029e97", kind: djangosession.ResetTokenKind, said: "together with its user", unsaid: "made it"},
		"a password's hash":        {text: password, kind: djangosession.PasswordKind, said: "hash of a password"},
		"a session's hash":         {text: authHash, kind: djangosession.HashKind, said: "_auth_user_hash"},
		"a hash of before 3.1":     {text: authHash[:40], kind: djangosession.HashKind, said: "_auth_user_hash"},
		"JSON":                     {text: `{"a":1}`, kind: djangosession.JSONKind, said: "never signed"},
		"a list":                   {text: `[1, 2]`, kind: djangosession.JSONKind, said: "never signed"},
		"a word in brackets":       {text: `[word]`, kind: djangosession.TextKind, said: "three parts between colons"},
		"base64 of JSON":           {text: "eyJhIjoxfQ", kind: djangosession.JSONKind, said: "never signed"},
		"base64 of a pickle":       {text: "gAWVDgAAAAAAAAB9lIwBYZRLAUsChpRzLg==", kind: djangosession.PickleKind, said: "pickle"},
		"base64":                   {text: "aGVsbG8sIHRoaXMgaXMgYSB0ZXh0Lg==", kind: djangosession.Base64Kind, said: "base64"},
		"a word":                   {text: "word", kind: djangosession.TextKind, said: "three parts between colons"},
		"words":                    {text: "these are words", kind: djangosession.TextKind, said: "three parts between colons"},
		"words with dots":          {text: "www.example.com", kind: djangosession.TextKind, said: "three parts between colons"},
		"only equals signs":        {text: "====", kind: djangosession.TextKind, said: "three parts between colons"},
		"nothing":                  {text: " \n", said: "no text"},
	})
}

func TestExplainCallsOnlyTextsOfTheOldLayoutOldSessions(t *testing.T) {
	t.Parallel()
	encoded := func(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }
	hash := strings.Repeat("0123456789", 4)
	checkSayings(t, map[string]saying{
		"of another key":       {text: legacyText, change: otherKey, kind: djangosession.SessionKind, layout: djangosession.LegacyLayout, said: "None of the keys"},
		"of another class":     {text: legacyText, release: "2.2.28", change: func(s *djangosession.Settings) { s.SessionStore = "Custom" }, kind: djangosession.SessionKind, layout: djangosession.LegacyLayout, proven: true, said: "SESSION_STORE"},
		"a hash and a session": {text: encoded(hash + ":{}"), kind: djangosession.SessionKind, layout: djangosession.LegacyLayout, said: "None of the keys"},
		"a colon somewhere":    {text: encoded("a colon: and text after it"), kind: djangosession.Base64Kind, said: "three parts"},
		"a short hash":         {text: encoded(hash[1:] + ":{}"), kind: djangosession.Base64Kind, said: "three parts"},
		"a long hash":          {text: encoded(hash + "0:{}"), kind: djangosession.Base64Kind, said: "three parts"},
		"a hash in capitals":   {text: encoded(strings.Repeat("ABCDEF0123", 4) + ":{}"), kind: djangosession.Base64Kind, said: "three parts"},
		"one sign of padding less": {
			text: strings.TrimSuffix(encoded(hash+":{ }"), "="), kind: djangosession.Base64Kind, said: "three parts",
		},
		"messages with a short hash": {text: hash[1:] + `$[["__json_message",0,20,"hi"]]`, kind: djangosession.TextKind, said: "three parts"},
		"messages with a hash in Z":  {text: hash[1:] + `Z$[["__json_message",0,20,"hi"]]`, kind: djangosession.TextKind, said: "three parts"},
		"a hash and no messages":     {text: hash + `$[["x",0,20,"hi"]]`, kind: djangosession.TextKind, said: "three parts"},
		"a hash and nothing else":    {text: encoded(hash + ":"), kind: djangosession.Base64Kind, said: "three parts"},
		"a web token":                {text: jwt, kind: djangosession.JWTKind, said: "JSON Web Token"},
		"a CSRF token":               {text: csrfToken, release: "2.2.28", kind: djangosession.CSRFTokenKind, said: "CSRF token"},
		"a CSRF secret":              {text: csrfSecret, release: "2.2.28", kind: djangosession.CSRFSecretKind, said: "CSRF secret"},
	})
}

func checkSayings(t *testing.T, cases map[string]saying) {
	t.Helper()
	for name, c := range cases {
		s, err := djangosession.NewSettingsFor(c.release, "test-secret-key")
		must(err)
		if c.change != nil {
			c.change(&s)
		}
		codec, err := djangosession.NewCodec(s)
		must(err)
		e := codec.Explain(c.text, c.more)
		words := e.String()
		if e.Decodes || e.Kind != c.kind || e.Layout != c.layout || (e.SignedWith != nil) != c.proven || !strings.Contains(words, c.said) {
			t.Errorf("%s: kind %q, layout %q, made %+v, in words:\n%s\nwant %q", name, e.Kind, e.Layout, e.SignedWith, words, c.said)
		}
		if c.unsaid != "" && strings.Contains(words, c.unsaid) {
			t.Errorf("%s: in words:\n%s\nwithout %q", name, words, c.unsaid)
		}
		if strings.Contains(words, "It looks like ") && c.proven ||
			strings.Contains(words, "Layout: ") != (c.layout != "") {
			t.Errorf("%s: in words:\n%s\nproven: %v, layout %q", name, words, c.proven, c.layout)
		}
		text := strings.TrimSpace(c.text)
		for _, secret := range []string{"test-secret-key", "apples", "__json_message", text} {
			if len(secret) > 4 && strings.Contains(words, secret) {
				t.Errorf("%s: the explanation repeats %q:\n%s", name, secret, words)
			}
		}
	}
}
