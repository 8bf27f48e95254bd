package inspect

import (
	"fmt"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"github.com/djangobridge/djangobridge/internal/amount"
	"github.com/djangobridge/djangobridge/internal/wtf8"
	"github.com/djangobridge/djangobridge/py"
	"github.com/djangobridge/djangobridge/py/tagged"
)

// A node is a Python value in a form to show. Its size is bounded, whatever the value.
type node struct {
	Type    string // in Python
	Text    string // the value of a type without entries, as Python writes it
	Note    string // what is left out
	Entries []entry
}

// entry is an item of a container.
type entry struct {
	Name  string // the key of a dict's item, or the part of an object; "" for items of lists
	Value *node
}

// Limits on what a page shows of a session.
const (
	maxDepth   = 12     // levels
	maxEntries = 100    // of one container
	maxNodes   = 2000   // values
	maxText    = 1000   // characters of one text
	maxTexts   = 60_000 // characters of all texts
	maxName    = 100    // characters of a dict's key
	maxBits    = 4096   // of an int
)

// A viewer makes the nodes of one page.
type viewer struct {
	nodes, texts int
	path         []any // the containers that are being shown
}

// session returns the nodes of a session's values.
func (v *viewer) session(d *py.Dict) []entry {
	root := &node{}
	v.dict(root, d, func(name, value any) *node {
		if text, ok := name.(string); ok && slices.Contains(secretNames(), text) {
			return hidden(value)
		}
		return v.value(py.Native(py.Resolve(value)))
	})
	if root.Note != "" {
		root.Entries = append(root.Entries, entry{Value: &node{Note: root.Note}})
	}
	return root.Entries
}

// secretNames are the names of values that Django makes from SECRET_KEY, or compares with
// what a visitor sends.
func secretNames() []string {
	return []string{"_auth_user_hash", "_csrftoken", "_password_reset_token"}
}

func hidden(value any) *node {
	value = py.Resolve(value)
	n := &node{Type: py.TypeName(value), Note: "hidden"}
	if text, ok := value.(string); ok {
		n.Note = "hidden, " + amount.Of(characters(text), "character")
	}
	return n
}

// value returns the node of a value.
func (v *viewer) value(value any) *node {
	value = py.Resolve(value)
	n := &node{Type: visible(py.TypeName(value))}
	if v.nodes++; v.nodes > maxNodes || v.texts > maxTexts {
		n.Note = "not shown: the session has too many values for one page"
		return n
	}
	if isContainer(value) {
		if slices.Contains(v.path, value) {
			n.Note = "the same value as one that contains it"
			return n
		}
		if len(v.path) == maxDepth {
			n.Note = "not shown: too deep"
			return n
		}
		v.path = append(v.path, value)
		defer func() { v.path = v.path[:len(v.path)-1] }()
	}
	v.fill(n, value)
	return n
}

func isContainer(value any) bool {
	switch value.(type) {
	case *py.List, *py.Tuple, *py.Dict, *py.Set, *py.FrozenSet, *py.Object:
		return true
	}
	return false
}

// fill adds text or entries to a node.
func (v *viewer) fill(n *node, value any) {
	switch value := value.(type) {
	case *py.List:
		v.items(n, len(value.Items), slices.Values(value.Items))
	case *py.Tuple:
		v.items(n, len(value.Items), slices.Values(value.Items))
	case *py.Set:
		v.items(n, value.Len(), value.All())
	case *py.FrozenSet:
		v.items(n, value.Len(), value.All())
	case *py.Dict:
		v.dict(n, value, func(_, item any) *node { return v.value(item) })
	case *py.Object:
		v.object(n, value)
	default:
		v.leaf(n, value)
	}
}

func (v *viewer) items(n *node, length int, items func(yield func(any) bool)) {
	n.Note = amount.Of(length, "item")
	for item := range items {
		if len(n.Entries) == maxEntries {
			n.Note += fmt.Sprintf(", of which %d are shown", maxEntries)
			return
		}
		n.Entries = append(n.Entries, entry{Value: v.value(item)})
	}
}

func (v *viewer) dict(n *node, d *py.Dict, show func(name, value any) *node) {
	n.Note = ""
	for name, value := range d.All() {
		if len(n.Entries) == maxEntries {
			n.Note = fmt.Sprintf("%s, of which %d are shown", amount.Of(d.Len(), "item"), maxEntries)
			return
		}
		n.Entries = append(n.Entries, entry{v.name(name), show(name, value)})
	}
	if d.Len() == 0 {
		n.Note = "empty"
	}
}

// name returns the key of a dict's item.
func (v *viewer) name(name any) string {
	name = py.Native(py.Resolve(name))
	if isContainer(name) {
		return "(" + visible(py.TypeName(name)) + ")"
	}
	n := &node{}
	leafText(n, name, maxName)
	v.texts += len(n.Text)
	if n.Note != "" {
		n.Text += " (" + n.Note + ")"
	}
	return n.Text
}

// object shows how Python constructs an object. Nothing is called.
func (v *viewer) object(n *node, o *py.Object) {
	n.Type = "object of " + visible(o.Class())
	add := func(name string, value any) { n.Entries = append(n.Entries, entry{name, v.value(value)}) }
	if _, named := o.Callable.(*py.Global); !named {
		add("callable", o.Callable)
	}
	if o.Args != nil && len(o.Args.Items) > 0 {
		add("arguments", o.Args)
	}
	extra := o.Extras()
	if extra.Kwargs != nil {
		add("named arguments", extra.Kwargs)
	}
	if extra.HasState {
		add("state", extra.State)
	}
	if len(extra.Items) > 0 {
		add("items", py.NewList(extra.Items...))
	}
	if len(extra.Pairs) > 0 {
		pairs := make([]any, 0, min(len(extra.Pairs), maxEntries+1))
		for _, p := range extra.Pairs[:cap(pairs)] {
			pairs = append(pairs, py.NewTuple(p.Key, p.Value))
		}
		add("item assignments", py.NewList(pairs...))
	}
}

func (v *viewer) leaf(n *node, value any) {
	leafText(n, value, maxText)
	v.texts += len(n.Text)
}

// leafText writes a value without items as Python does, and at most limit characters.
func leafText(n *node, value any, limit int) {
	switch value := value.(type) {
	case nil:
		n.Text = "None"
	case bool:
		n.Text = map[bool]string{true: "True", false: "False"}[value]
	case int64:
		n.Text = strconv.FormatInt(value, 10)
	case *big.Int:
		if bits := value.BitLen(); bits > maxBits { // its digits would take long to compute
			n.Note = "a number of " + amount.Number(bits) + " bits"
			return
		}
		quoteText(n, "", value.String(), limit)
	case float64:
		n.Text = floatText(value)
	case string:
		quoteText(n, "'", value, limit)
		if cut := n.Note != ""; cut {
			n.Note = "cut, " + amount.Of(characters(value), "character") + " in all"
		}
	case py.Str2:
		quoteBytes(n, "'", string(value), limit)
	case py.Bytes:
		quoteBytes(n, "b'", string(value), limit)
	case *py.ByteArray:
		quoteBytes(n, "bytearray b'", string(value.Bytes[:min(len(value.Bytes), limit+1)]), limit)
		if n.Note != "" {
			n.Note = "cut, " + amount.Of(len(value.Bytes), "byte") + " in all"
		}
	case py.DateTime:
		n.Text = visible(value.ISOFormat())
	case py.Time:
		n.Text = visible(value.ISOFormat())
	case fmt.Stringer: // Date, TimeDelta, Decimal, UUID, *Global
		quoteText(n, "", value.String(), limit)
	default:
		quoteText(n, "", fmt.Sprint(value), limit)
	}
}

// floatText is Python's repr.
func floatText(f float64) string {
	text, err := tagged.Dumps(f)
	if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
		return strings.ToLower(strings.TrimPrefix(strconv.FormatFloat(f, 'g', -1, 64), "+"))
	}
	return string(text)
}

// quoteText writes a text of at most limit characters. The note says that it is cut.
func quoteText(n *node, quote, text string, limit int) {
	var b strings.Builder
	b.WriteString(quote)
	var q rune
	if quote != "" {
		q = '\''
	}
	cut := escaped(&b, text, q, limit)
	if cut {
		b.WriteString("…")
		n.Note = "cut, " + amount.Of(len(text), "byte") + " in all"
	}
	if quote != "" {
		b.WriteByte('\'')
	}
	n.Text = b.String()
}

// quoteBytes writes each byte outside ASCII as an escape.
func quoteBytes(n *node, quote, data string, limit int) {
	var b strings.Builder
	b.WriteString(quote)
	for i := range min(len(data), limit) {
		switch c := data[i]; {
		case c == '\'' || c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case c >= 0x80:
			fmt.Fprintf(&b, `\x%02x`, c)
		default:
			escapeRune(&b, rune(c))
		}
	}
	if len(data) > limit {
		b.WriteString("…")
		n.Note = "cut, " + amount.Of(len(data), "byte") + " in all"
	}
	b.WriteByte('\'')
	n.Text = b.String()
}

// characters counts the characters of a str, in which lone surrogates count as one.
func characters(text string) int {
	n := 0
	for ; text != ""; n++ {
		_, size := wtf8.DecodeRune(text)
		text = text[size:]
	}
	return n
}
