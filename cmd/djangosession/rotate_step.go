package main

import (
	"fmt"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/internal/amount"
)

// rotation is what is known about the keys of a site.
type rotation struct {
	settings     *djangosession.Settings
	engine       string // its name; "" for an unknown one with a table
	keys         []signingKey
	hasFallbacks bool // the release has SECRET_KEY_FALLBACKS
	counted      bool // counts is set
	signed       bool // the store keeps signed text
	counts       *keyTotals
	now          time.Time
	recent       time.Duration
	switched     bool      // the user says that SECRET_KEY is the new key
	since        time.Time // when the last process loaded settings with it; zero if the user does not say
}

// Steps of a rotation. The names are part of the output.
const (
	stepStart  = "start"
	stepSwitch = "switch"
	stepFinish = "finish_switch"
	stepWait   = "wait"
	stepDrop   = "drop"
	stepExport = "export"
)

// nextStep is the step that is next, and why.
type nextStep struct {
	name   string
	reason string
	until  time.Time // when to look again, for stepWait; zero if unknown
	remark string    // a doubt that the sessions do not settle
	proved bool      // the sessions show that SECRET_KEY is the new key
}

// next returns the next step.
func (r *rotation) next() nextStep {
	if r.counted {
		if step, ok := r.outdated(); ok {
			return step
		}
	}
	switch {
	case len(r.keys) == 1 && r.hasFallbacks:
		return nextStep{name: stepStart, reason: "SECRET_KEY is the only key of the site, and signs everything."}
	case len(r.keys) == 1:
		return nextStep{name: stepStart, reason: "SECRET_KEY is the only key of the site. Before 4.1, Django has no " +
			"SECRET_KEY_FALLBACKS: a new key ends all sessions."}
	case !r.counted:
		return r.nextUncounted()
	}
	if step, ok := r.oldKeyInUse(); ok {
		return step
	}
	logins := &r.counts.logins
	switch isSwitched := r.switched || r.allUsed(); {
	case isSwitched && (logins.unread > 0 || logins.unchecked > 0 && !r.signed):
		return nextStep{name: stepWait, proved: r.allUsed(), reason: logins.uncompared() + ", so it is unknown whether a " +
			"fallback key is needed. Drop it SESSION_COOKIE_AGE after the last process has loaded these settings."}
	case isSwitched:
		return nextStep{name: stepDrop, reason: "No live session needs a fallback key: none is signed with one, and no login has " +
			"a hash of one."}
	}
	because := "A fallback key has signed no session"
	switch {
	case !r.signed && logins.unchecked > 0:
		because = "No login that could be compared has a hash of a fallback key"
	case !r.signed:
		because = "No login has a hash of a fallback key"
	}
	return nextStep{name: stepSwitch, reason: because + ", so it is the new key, and SECRET_KEY is the old one.", remark: inDoubt}
}

// inDoubt is the remark of stepSwitch: it is uncertain which key is the new one.
const inDoubt = "An old key whose sessions have ended and are cleared, or cannot be counted, looks the same. " +
	"If Django signs with the new key already, do not exchange the keys again: repeat the command with --switched."

// outdated reports whether the sessions prove that the settings are older than Django's.
func (r *rotation) outdated() (nextStep, bool) {
	if n := r.counts.unknownNewer; n > 0 {
		return nextStep{name: stepExport, reason: fmt.Sprintf("%s signed with a key that is not in these settings after they were "+
			"exported: Django's settings are newer.", wereSessions(n))}, true
	}
	if n := r.counts.unreadNewer; n > 0 {
		return nextStep{name: stepExport, reason: wereSessions(n) + " signed with SECRET_KEY after these settings were " +
			"exported, and cannot be decoded with them: Django's settings are newer (another SESSION_SERIALIZER, say)."}, true
	}
	exported := r.settings.ExportedAt
	for i, key := range r.keys[1:] {
		if oldest := r.counts.keys[i+1].oldest; !exported.IsZero() && oldest.After(exported) {
			return nextStep{name: stepExport, reason: key.name + " has signed sessions, but none before these settings were exported: " +
				"Django has switched to this key since. Finish the deployment of Django first."}, true
		}
	}
	return nextStep{}, false
}

// oldKeyInUse returns the step for a fallback key that is still needed.
func (r *rotation) oldKeyInUse() (nextStep, bool) {
	var n int64
	var ends time.Time
	for i := range r.keys[1:] {
		count := r.counts.keys[i+1]
		n += count.live
		ends = later(ends, count.ends)
		if late := count.newest.After(r.settings.ExportedAt) && r.now.Sub(count.newest) <= r.recent; late && count.live > 0 {
			return nextStep{name: stepFinish, proved: r.allUsed(), reason: fmt.Sprintf("%s has signed a session %v ago, after these "+
				"settings were exported: a process does not have them yet.",
				r.keys[i+1].name, r.now.Sub(count.newest).Round(time.Second))}, true
		}
	}
	logins := r.counts.logins
	switch {
	case n > 0:
		return nextStep{name: stepWait, proved: r.allUsed(), until: later(ends, logins.fallbackEnds), reason: areSessions(n) +
			" signed with a fallback key. Those that are used again move to SECRET_KEY when they are saved."}, true
	case logins.fallback > 0:
		return nextStep{name: stepWait, proved: r.allUsed(), until: logins.fallbackEnds, reason: amount.Of(logins.fallback, "login") +
			" in sessions would end, because their hash was made with a fallback key. Django renews it at the next " +
			"visit."}, true
	}
	return nextStep{}, false
}

// uncompared says how many logins were not compared.
func (l *loginCount) uncompared() string {
	text := amount.Of(l.unchecked, "login") + " in sessions could not be compared with the password of a user"
	if l.unread > 0 {
		text += fmt.Sprintf(" (%d because the session does not decode)", l.unread)
	}
	return text
}

// allUsed reports whether each fallback key has signed a session or a login. One that has
// not may be the new key.
func (r *rotation) allUsed() bool {
	if len(r.keys) == 2 && r.counts.logins.fallback > 0 {
		return true
	}
	for i := range r.keys[1:] {
		if count := &r.counts.keys[i+1]; count.live+count.expired == 0 {
			return false
		}
	}
	return true
}

// nextUncounted returns the step for sessions that cannot be counted. Only the dates say
// when a key is no longer needed.
func (r *rotation) nextUncounted() nextStep {
	loaded, remark := r.since, ""
	if loaded.IsZero() {
		loaded, remark = r.settings.ExportedAt, loadedLater
	}
	ended := loaded.Add(r.settings.SessionCookieAge)
	const when = " Those of the old key have ended SESSION_COOKIE_AGE after the last process has loaded settings with the " +
		"new one"
	switch {
	case !r.switched:
		return nextStep{name: stepSwitch, reason: r.uncountable() + ", so it is unknown which key is the new one. If SECRET_KEY is " +
			"the old key, switch now.", remark: inDoubt}
	case loaded.IsZero():
		return nextStep{name: stepWait, reason: r.uncountable() + "." + when + ", and these settings do not say when they " +
			"were exported: name the time with --since."}
	case r.now.Before(ended):
		return nextStep{name: stepWait, until: ended, remark: remark, reason: r.uncountable() + "." + when +
			", here counted from " + loaded.UTC().Format(time.RFC3339) + "."}
	}
	return nextStep{name: stepDrop, remark: remark, reason: r.uncountable() + "." + when + ", here counted from " +
		loaded.UTC().Format(time.RFC3339) + ". (Sessions with a longer set_expiry have not.)"}
}

// loadedLater is the remark if only the time of the export is known.
const loadedLater = "That is when these settings were exported. A process that loaded them later has signed with the " +
	"old key until then: name the time of the last one with --since."

// uncountable says why the sessions were not counted.
func (r *rotation) uncountable() string {
	switch r.engine {
	case signedCookiesEngine:
		return "The sessions are in the visitors' cookies and cannot be counted"
	case redisSessionsEngine:
		return "The sessions in django-redis-sessions cannot be counted by key"
	}
	return "The cache has no list of its sessions, and they cannot be counted"
}

// loses reports whether dropping all fallback keys loses sessions or logins; known is
// false if that cannot be said.
func (r *rotation) loses() (loses, known bool) {
	switch step := r.next(); {
	case len(r.keys) == 1:
		return false, true
	case !r.counted:
		isCertain := step.name == stepDrop && step.remark == ""
		return !isCertain, isCertain
	}
	for i := range r.keys[1:] {
		if r.counts.keys[i+1].live > 0 {
			return true, true
		}
	}
	if r.counts.logins.unchecked+r.counts.unreadNewer > 0 && r.counts.logins.fallback == 0 {
		return false, false
	}
	return r.counts.logins.fallback > 0, true
}

// status returns the exit status. With --check, only stepDrop succeeds: before the switch,
// SECRET_KEY is the old key, and everything needs it.
func (r *rotation) status(check bool) int {
	_, known := r.loses()
	switch name := r.next().name; {
	case name == stepExport:
		return statusOutdated
	case check && (name != stepDrop || !known), name == stepWait, name == stepFinish:
		return statusWait
	}
	return statusOK
}

// wereSessions returns "1 session was", "2 sessions were".
func wereSessions(n int64) string {
	if n == 1 {
		return "1 session was"
	}
	return amount.Of(n, "session") + " were"
}

// areSessions returns "1 live session is", "2 live sessions are".
func areSessions(n int64) string {
	if n == 1 {
		return "1 live session is"
	}
	return amount.Of(n, "live session") + " are"
}
