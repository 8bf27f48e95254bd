package messages

import (
	"encoding/json"
	"html/template"
)

// Levels of messages. Matches django.contrib.messages.constants.
const (
	LevelDebug   = 10
	LevelInfo    = 20
	LevelSuccess = 25
	LevelWarning = 30
	LevelError   = 40
)

// A Message is a text for the visitor. To add one, set the exported fields and call
// [Add]. Templates print it with {{.Message}} and style it with {{.Tags}}, as in Django.
type Message struct {
	Level int
	Text  string
	// Safe marks Text as HTML, which pages of Django and Go show unescaped. Never set it
	// for a text with parts that visitors wrote. Matches mark_safe.
	Safe bool
	// ExtraTags are further tags, separated by spaces. Matches extra_tags.
	ExtraTags string

	levelTag string
	untagged bool   // stored without the element for ExtraTags, as Django's Message(level, text) is
	bare     string // JSON of a text that is stored as a number or the like; "" for strings
	raw      string // JSON of an item that is not a message; "" for messages
}

// Message returns the text for a template: a [template.HTML] if the message is safe,
// otherwise a string, which html/template escapes.
func (m Message) Message() any {
	if m.Safe {
		return template.HTML(m.Text) //nolint:gosec // the code that added it has marked it as HTML
	}
	return m.Text
}

// LevelTag returns the tag of the level, such as "success"; "" for a level without one.
// It is set in messages that were read from a [Storage]. Matches level_tag.
func (m Message) LevelTag() string { return m.levelTag }

// Tags returns ExtraTags and LevelTag, separated by a space. Matches tags.
func (m Message) Tags() string {
	if m.ExtraTags == "" || m.levelTag == "" {
		return m.ExtraTags + m.levelTag
	}
	return m.ExtraTags + " " + m.levelTag
}

// String returns Text. A template that prints a whole message, {{.}}, escapes it even if
// it is safe.
func (m Message) String() string { return m.Text }

// MarshalJSON implements [json.Marshaler], for APIs. Clients must escape the field
// "message" unless "safe" is true.
func (m Message) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Level     int    `json:"level"`
		LevelTag  string `json:"level_tag"`
		Tags      string `json:"tags"`
		ExtraTags string `json:"extra_tags"`
		Message   string `json:"message"`
		Safe      bool   `json:"safe"`
	}{m.Level, m.levelTag, m.Tags(), m.ExtraTags, m.Text, m.Safe})
}

// A List is the messages for one page, oldest first.
type List []Message

// MarshalJSON implements [json.Marshaler]. A list without messages is [], never null.
func (l List) MarshalJSON() ([]byte, error) {
	if len(l) == 0 {
		return []byte("[]"), nil
	}
	return json.Marshal([]Message(l))
}

// defaultTag returns the tag of a level without MESSAGE_TAGS.
func defaultTag(level int) string {
	switch level {
	case LevelDebug:
		return "debug"
	case LevelInfo:
		return "info"
	case LevelSuccess:
		return "success"
	case LevelWarning:
		return "warning"
	case LevelError:
		return "error"
	}
	return ""
}
