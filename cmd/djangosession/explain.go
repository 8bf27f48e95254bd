package main

import (
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
)

type explainCommand struct {
	storeFlags
	Cookie  texts `help:"The name of a cookie that set_signed_cookie may have signed. Can be repeated." placeholder:"NAME"`
	TryKey  texts `help:"Another secret key to try. Can be repeated."                                   placeholder:"KEY"`
	TrySalt texts `help:"Another salt to try. Can be repeated."                                         placeholder:"SALT"`
	JSON    bool  `help:"Print a JSON object for each item."`

	Data []string `arg:"" help:"Values of the column session_data, or other texts of the site." name:"session-data" optional:""`
}

// Help is what explain --help adds.
func (*explainCommand) Help() string {
	return `Examines the layout, time and signature of each text, and tries the secrets of the settings with the salts that Django
uses. It tries the secrets as they are, and as shells and environment files typically change them. It also recognizes other
texts of a Django site: session keys, sessions of the engine signed_cookies, messages, signed cookies (with --cookie), signed
values, CSRF tokens and secrets, password reset tokens, hashes, JSON Web Tokens and, in hexadecimal or base 64, values of
caches. "Next:" shows the command that reads such
a text. Neither secrets nor the texts themselves are printed. The exit status is 0 if all items decode as sessions, and
otherwise 1.

Items are the arguments or, without any (and in place of the argument "-"), the lines of standard input. The output is one
paragraph per item, or one line with --json.

Examples:

    djangosession explain --settings site.json "$SESSION_DATA"
    djangosession explain --try-key "$OLD_SECRET" --try-salt django.contrib.sessions.CustomStore "$SESSION_DATA"
    djangosession explain --cookie cart "$COOKIE_VALUE"`
}

// Run is the command.
func (c *explainCommand) Run(t *tool) error {
	s, err := c.settings()
	if err != nil {
		return err
	}
	codec, err := djangosession.NewCodec(s)
	if err != nil {
		return usageError{err}
	}
	more := djangosession.Candidates{Keys: c.TryKey, Salts: c.TrySalt, Cookies: c.Cookie}
	failed, first := false, true
	for text, err := range t.items(c.Data) {
		if err != nil {
			return err
		}
		gap := "\n"
		if first {
			gap = ""
		}
		first = false
		if v := cacheValueOf(&s, text); v != nil {
			failed = true
			if err := c.explainValue(t, v, gap); err != nil {
				return err
			}
			continue
		}
		e := codec.Explain(text, more)
		failed = failed || !e.Decodes
		next := c.next(s, text, e)
		if c.JSON {
			err = t.line(jsonLine(newExplanation(e, next)))
		} else {
			if next != "" {
				next = "Next: " + next + "\n"
			}
			err = t.printf("%s%s%s", gap, e, next)
		}
		if err != nil {
			return err
		}
	}
	if failed {
		return errSomeFailed
	}
	return nil
}

// explanation is a [djangosession.Explanation] as JSON.
type explanation struct {
	Decodes    bool     `json:"decodes"`
	Error      *problem `json:"error,omitempty"`
	Kind       string   `json:"kind,omitempty"`
	Layout     string   `json:"layout,omitempty"`
	Compressed bool     `json:"compressed"`
	SignedAt   string   `json:"signed_at,omitempty"`
	SignedWith *made    `json:"signed_with,omitempty"`
	Hints      []string `json:"hints,omitempty"`
	Next       string   `json:"next,omitempty"`
}

type made struct {
	Key       string `json:"key"`
	Salt      string `json:"salt"`
	Algorithm string `json:"algorithm"`
}

func newExplanation(e *djangosession.Explanation, next string) explanation {
	out := explanation{
		Decodes: e.Decodes, Kind: string(e.Kind), Layout: string(e.Layout), Compressed: e.Compressed, Hints: e.Hints, Next: next,
	}
	if e.Problem != nil {
		p := describe(e.Problem)
		out.Error = &p
	}
	if !e.SignedAt.IsZero() {
		out.SignedAt = e.SignedAt.UTC().Format(time.RFC3339)
	}
	if e.SignedWith != nil {
		out.SignedWith = &made{e.SignedWith.Key, e.SignedWith.Salt, e.SignedWith.Algorithm}
	}
	return out
}
