package pickle

import "github.com/djangobridge/djangobridge/py"

// batchSize is the maximum number of items that one opcode adds to a container.
const batchSize = 1000

func (w *writer) list(v *py.List) *UnsupportedError {
	id := pointerIdentity(v, kindOther)
	if w.again(id) {
		return nil
	}
	w.buf = append(w.buf, opEmptyList)
	w.memoize(id)
	return w.listItems(v.Items)
}

// listItems writes the items of a list. Only the single item of a list is written with
// the shorter APPEND; a last batch of one item is not. Compare appends.
func (w *writer) listItems(items []any) *UnsupportedError {
	if len(items) == 1 {
		err := w.save(items[0])
		w.buf = append(w.buf, opAppend)
		return w.inItem(err, 0)
	}
	for start := 0; start < len(items); start += batchSize {
		w.buf = append(w.buf, opMark)
		end := min(start+batchSize, len(items))
		for i := start; i < end; i++ {
			if err := w.save(items[i]); err != nil {
				return w.in(err, i)
			}
		}
		w.buf = append(w.buf, opAppends)
	}
	return nil
}

// inItem is in, but converts the index to an interface only after an error.
func (w *writer) inItem(err *UnsupportedError, i int) *UnsupportedError {
	if err != nil {
		return w.in(err, i)
	}
	return nil
}

func (w *writer) dict(v *py.Dict) *UnsupportedError {
	id := pointerIdentity(v, kindOther)
	if w.again(id) {
		return nil
	}
	w.buf = append(w.buf, opEmptyDict)
	w.memoize(id)
	n := v.Len()
	if n == 0 {
		return nil
	}
	if n > 1 {
		w.buf = append(w.buf, opMark)
	}
	i := 0
	for key, value := range v.All() {
		if err := w.saveKey(key); err != nil {
			return w.in(err, key)
		}
		if err := w.save(value); err != nil {
			return w.in(err, key)
		}
		// A full batch is followed by another, even if that is empty.
		if i++; i%batchSize == 0 {
			w.buf = append(w.buf, opSetItems, opMark)
		}
	}
	if n > 1 {
		w.buf = append(w.buf, opSetItems)
	} else {
		w.buf = append(w.buf, opSetItem)
	}
	return nil
}

func (w *writer) tuple(v *py.Tuple) *UnsupportedError {
	n := len(v.Items)
	if n == 0 { // unique in Python, and never memoized
		w.buf = append(w.buf, opEmptyTuple)
		return nil
	}
	id := pointerIdentity(v, kindOther)
	if w.again(id) {
		return nil
	}
	if err := w.tupleItems(v.Items); err != nil {
		return err
	}
	// A tuple that contains itself, for example through a list, has now been written. The
	// second copy is dropped.
	if number, ok := w.memo.find(id); ok {
		if n > 3 {
			w.buf = append(w.buf, opPopMark)
		} else {
			for range n {
				w.buf = append(w.buf, opPop)
			}
		}
		w.get(number)
		return nil
	}
	w.buf = append(w.buf, tupleOp(n))
	w.memoize(id)
	return nil
}

// tupleItems writes the items and what precedes them.
func (w *writer) tupleItems(items []any) *UnsupportedError {
	if len(items) > 3 {
		w.buf = append(w.buf, opMark)
	}
	for i, item := range items {
		if err := w.save(item); err != nil {
			return w.in(err, i)
		}
	}
	return nil
}

func tupleOp(n int) byte {
	switch n {
	case 1:
		return opTuple1
	case 2:
		return opTuple2
	case 3:
		return opTuple3
	}
	return opTuple
}

func (w *writer) set(v *py.Set) *UnsupportedError {
	id := pointerIdentity(v, kindOther)
	if w.again(id) {
		return nil
	}
	if w.protocol < 4 {
		return w.setCall("set", v, id)
	}
	w.buf = append(w.buf, opEmptySet)
	w.memoize(id)
	if v.Len() == 0 {
		return nil
	}
	w.buf = append(w.buf, opMark)
	i := 0
	for item := range v.All() {
		if err := w.saveKey(item); err != nil {
			return w.in(err, item)
		}
		if i++; i%batchSize == 0 { // as in dict
			w.buf = append(w.buf, opAddItems, opMark)
		}
	}
	w.buf = append(w.buf, opAddItems)
	return nil
}

func (w *writer) frozenSet(v *py.FrozenSet) *UnsupportedError {
	id := pointerIdentity(v, kindFrozenSet)
	if w.again(id) {
		return nil
	}
	if w.protocol < 4 {
		return w.setCall("frozenset", &v.Set, id)
	}
	w.buf = append(w.buf, opMark)
	for item := range v.All() {
		if err := w.saveKey(item); err != nil {
			return w.in(err, item)
		}
	}
	if number, ok := w.memo.find(id); ok { // as in tuple
		w.buf = append(w.buf, opPopMark)
		w.get(number)
		return nil
	}
	w.buf = append(w.buf, opFrozenSet)
	w.memoize(id)
	return nil
}

// setCall writes a set in protocols without sets, as set([...]).
func (w *writer) setCall(class string, v *py.Set, id identity) *UnsupportedError {
	if err := w.builtin(class); err != nil {
		return err
	}
	items := make([]any, 0, v.Len())
	for item := range v.All() {
		if !isHashable(item) {
			return w.in(unsupported(item, notHashable), item)
		}
		items = append(items, item)
	}
	w.buf = append(w.buf, opEmptyList)
	w.memoizeNew()
	if err := w.listItems(items); err != nil {
		return err
	}
	w.reduce(opTuple1)
	w.made(id)
	return nil
}
