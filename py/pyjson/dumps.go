package pyjson

import (
	"math/big"
	"strconv"

	"github.com/djangobridge/djangobridge/py"
)

// Dumps returns v as Python's json.dumps(v, separators=(",", ":")) writes it: None, bool, int (also Go's int), float, str,
// *py.List and *py.Dict; [Raw] as it is, and what another [py.Lazy] resolves to. Keys that are int, float, bool or None
// become strings, even if two keys become the same. All else is an [*UnsupportedError], and so is a value that contains
// itself. Matches JSONSerializer.dumps.
func Dumps(v any) ([]byte, error) { return AppendDumps(nil, v) }

// AppendDumps appends to dst what [Dumps] returns. With an error it returns dst as it was.
func AppendDumps(dst []byte, v any) ([]byte, error) {
	w := writer{dst: dst}
	if err := w.write(v); err != nil {
		return dst, err
	}
	return w.dst, nil
}

// writer writes containers with a stack of its own, so that deep nesting does not take much memory.
type writer struct {
	dst     []byte
	open    []*frame
	entries []any // keys and values by turns of the dicts that are open
	inside  map[any]struct{}
}

// frame is a container that is open.
type frame struct {
	container any // *py.List or *py.Dict
	items     []any
	next      int
}
