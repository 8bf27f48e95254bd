package messages

import (
	"fmt"
	"maps"
	"math"
	"strconv"
	"strings"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/internal/release"
	"github.com/djangobridge/djangobridge/internal/wtf8"
	"github.com/djangobridge/djangobridge/py"
	"github.com/djangobridge/djangobridge/py/pyjson"
)

const (
	messageMark = "__json_message"          // begins the list that is a message
	moreMark    = "__messagesnotfinished__" // ends a cookie if the session has further messages
)

// A Codec reads and writes messages in the forms in which a site's release stores them.
// It is immutable and safe for concurrent use. [Messages] uses one; tests and tools may
// use their own.
type Codec struct {
	cookieSigner
	emptyTags  bool   // ExtraTags are written even if empty
	separator  string // between the items in a session
	readsShort bool   // a message need not say whether it is safe
	tags       map[int]string
}

// NewCodec returns the codec of a site. The error is
// [djangosession.ErrIncompleteSettings] or a [*djangosession.SettingError].
func NewCodec(s djangosession.Settings) (*Codec, error) {
	if err := s.Check(); err != nil {
		return nil, err
	}
	rel, err := release.Parse(s.DjangoVersion)
	if err != nil {
		return nil, err
	}
	if !rel.HasMessageSafety() {
		return nil, &djangosession.SettingError{Setting: "DJANGO_VERSION", Problem: "messages of Django before 1.6 are not supported"}
	}
	signer, err := newCookieSigner(&s, rel)
	if err != nil {
		return nil, err
	}
	c := &Codec{
		cookieSigner: signer, emptyTags: rel.StoresEmptyTags(), separator: ",", readsShort: rel.ReadsShortMessages(),
		tags: maps.Clone(s.MessageTags),
	}
	if rel.SpacesMessages() {
		c.separator = ", "
	}
	return c, nil
}

// tag returns a message with the tag of its level.
func (c *Codec) tag(m Message) Message {
	tag, ok := c.tags[m.Level]
	if !ok {
		tag = defaultTag(m.Level)
	}
	m.levelTag = tag
	return m
}

// EncodeSession returns the text that a session holds under the name "_messages". The
// error is [ErrText].
func (c *Codec) EncodeSession(list []Message) (string, error) {
	text, err := c.encode(list, false, c.separator)
	return string(text), err
}

// DecodeSession returns the messages of a session's value "_messages", and whether it is
// a list of messages at all: nil is not. The error is [ErrUnreadable].
func (c *Codec) DecodeSession(value any) (list List, ok bool, err error) {
	switch v := value.(type) {
	case nil:
		return nil, false, nil
	case py.Str2:
		return c.DecodeSession(string(v))
	case string:
		if v == "" {
			return nil, true, nil
		}
		decoded, err := pyjson.LoadsString(v)
		if err != nil {
			return nil, false, ErrUnreadable
		}
		if decoded == nil {
			return nil, false, nil
		}
		list, more, err := c.decode(decoded)
		if more { // only a cookie ends in the mark; in a session it is an item
			list = append(list, c.foreign(moreMark))
		}
		return list, err == nil, err
	}
	items, isList := value.(*py.List)
	switch {
	case !isTrue(value):
		return nil, true, nil
	case !isList:
		return nil, false, ErrUnreadable
	}
	for _, item := range items.Items { // Django does not look into them
		list = append(list, c.foreign(item))
	}
	return list, true, nil
}

// encode returns the JSON of messages.
func (c *Codec) encode(list []Message, more bool, separator string) ([]byte, error) {
	b := []byte{'['}
	for i, m := range list {
		if i > 0 {
			b = append(b, separator...)
		}
		var err error
		if b, err = c.appendMessage(b, m, separator); err != nil {
			return nil, err
		}
	}
	if more {
		if len(list) > 0 {
			b = append(b, separator...)
		}
		b = append(b, `"`+moreMark+`"`...)
	}
	return append(b, ']'), nil
}

func (c *Codec) appendMessage(b []byte, m Message, separator string) ([]byte, error) {
	if m.raw != "" {
		return append(b, m.raw...), nil
	}
	if !wtf8.Valid(m.Text) || !wtf8.Valid(m.ExtraTags) {
		return nil, ErrText
	}
	safe := "0"
	if m.Safe {
		safe = "1"
	}
	b = append(b, `["`+messageMark+`"`+separator+safe+separator...)
	b = strconv.AppendInt(b, int64(m.Level), 10)
	b = append(b, separator...)
	var err error
	if m.bare != "" {
		b = append(b, m.bare...)
	} else {
		b, err = pyjson.AppendDumps(b, m.Text)
	}
	if err == nil && (m.ExtraTags != "" || c.emptyTags && !m.untagged) {
		b, err = pyjson.AppendDumps(append(b, separator...), m.ExtraTags)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrText, err)
	}
	return append(b, ']'), nil
}

// decode returns the messages of a list, and whether it ends in the mark of a cookie.
func (c *Codec) decode(v any) (list List, more bool, err error) {
	items, ok := v.(*py.List)
	switch {
	case v == any(""), !ok && isEmptyDict(v):
		return nil, false, nil
	case !ok:
		return nil, false, ErrUnreadable
	case len(items.Items) == 0:
		return List{}, false, nil
	case items.Items[0] == any(messageMark):
		return nil, false, ErrUnreadable
	}
	list = make(List, 0, len(items.Items))
	for i, item := range items.Items {
		if item == any(moreMark) && i == len(items.Items)-1 {
			return list, true, nil
		}
		m, err := c.message(item)
		if err != nil {
			return nil, false, err
		}
		list = append(list, m)
	}
	return list, false, nil
}

// message returns the message that an item is. Other items are kept as they are, as in
// Django.
func (c *Codec) message(item any) (Message, error) {
	l, ok := item.(*py.List)
	if !ok || len(l.Items) == 0 || l.Items[0] != any(messageMark) {
		return c.foreign(item), nil
	}
	parts := l.Items
	if len(parts) == 3 && c.readsShort { // of Django before 1.6
		parts = []any{parts[0], int64(0), parts[1], parts[2]}
	}
	const least, most = 4, 5
	if len(parts) < least || len(parts) > most {
		return Message{}, ErrUnreadable
	}
	m := Message{Safe: isTrue(parts[1]), untagged: true}
	if m.Level, ok = level(parts[2]); !ok {
		return Message{}, ErrUnreadable
	}
	if m.Text, ok = parts[3].(string); !ok {
		if m.Text, m.bare, ok = scalar(parts[3]); !ok {
			return Message{}, ErrUnreadable
		}
		if m.Safe { // mark_safe has made it a string
			m.bare = ""
		}
	}
	if len(parts) == most && parts[most-1] != nil {
		m.untagged = false
		if m.ExtraTags, ok = parts[most-1].(string); !ok {
			return Message{}, ErrUnreadable
		}
	}
	return c.tag(m), nil
}

// foreign returns an item that is not a message.
func (c *Codec) foreign(item any) Message {
	raw, err := pyjson.Dumps(item)
	if err != nil { // what was read can be written
		raw = []byte("null")
	}
	m := Message{Text: string(raw), raw: string(raw)}
	if text, ok := item.(string); ok {
		m.Text = text
	}
	return m
}

// scalar returns Python's str of a number, bool or None, and its JSON. Django shows those
// that another program has stored as the text of a message.
func scalar(v any) (text, bare string, ok bool) {
	switch v.(type) {
	case *py.List, *py.Dict:
		return "", "", false
	}
	b, err := pyjson.Dumps(v)
	if err != nil {
		return "", "", false
	}
	switch bare = string(b); bare {
	case "null":
		return "None", bare, true
	case "true":
		return "True", bare, true
	case "false":
		return "False", bare, true
	}
	return bare, bare, true
}

func isEmptyDict(v any) bool {
	d, ok := v.(*py.Dict)
	return ok && d.Len() == 0
}

// level converts a level as Python's int does.
func level(v any) (int, bool) {
	switch n := v.(type) {
	case int64:
		return int(n), int64(int(n)) == n
	case bool:
		if n {
			return 1, true
		}
		return 0, true
	case float64:
		return int(n), math.Abs(n) < 1<<31
	case string:
		i, err := strconv.Atoi(strings.TrimSpace(n))
		return i, err == nil
	}
	return 0, false
}

// isTrue is Python's bool of a JSON value.
func isTrue(v any) bool {
	switch x := v.(type) {
	case nil:
		return false
	case bool:
		return x
	case int64:
		return x != 0
	case float64:
		return x != 0
	case string:
		return x != ""
	case *py.List:
		return len(x.Items) > 0
	case *py.Dict:
		return x.Len() > 0
	}
	return true // a large number
}
