package djangosession

import (
	"iter"
	"reflect"

	"github.com/djangobridge/djangobridge/py"
)

// The test cookie, by which a site finds out whether a browser keeps cookies.
const (
	testCookieName  = "testcookie"
	testCookieValue = "worked"
)

// Get returns the value of this name and whether there is one. What the values are, package py tells (those of a pickle come
// as [py.Native] gives them); see [Session.Scan] for ordinary Go values. Matches get and, but for the error, session[name].
func (s *Session) Get(name string) (any, bool) {
	d := s.read()
	defer s.mu.Unlock()
	v, ok := d.Get(name)
	return own(v), ok
}

// Contains reports whether there is a value of this name. Matches has_key and the operator in.
func (s *Session) Contains(name string) bool {
	d := s.read()
	defer s.mu.Unlock()
	_, ok := d.Get(name)
	return ok
}

// Scan stores the value of this name in what dst points to, by the rules of [py.Scan]; dates without a zone are taken as of
// TIME_ZONE. The error is a [*KeyError] or a [*ValueError], which names the two types.
func (s *Session) Scan(name string, dst any) error {
	v, ok := s.Get(name)
	if !ok {
		return &KeyError{Name: name}
	}
	if err := py.Scan(v, dst, s.manager.settings.loc); err != nil {
		return &ValueError{Name: name, Err: err}
	}
	return nil
}

// Value returns the value of this name as a T. It is [Session.Scan] for single values.
func Value[T any](s *Session, name string) (T, error) {
	var v T
	err := s.Scan(name, &v)
	return v, err
}

// Set stores a value, a copy of which is taken: a Go value that [py.From] takes or a Python value. One that has no Python
// form, or that the serializer does not take, makes the next save fail. Setting a value that is there keeps its place and
// counts as a change even if it is equal. Matches session[name] = value.
func (s *Session) Set(name string, value any) {
	v := convert(value)
	d := s.read()
	defer s.mu.Unlock()
	s.change(name)
	d.Set(name, v)
}

// Delete removes the value of this name; without one it returns a [*KeyError]. Matches del session[name].
func (s *Session) Delete(name string) error {
	d := s.read()
	defer s.mu.Unlock()
	if !d.Delete(name) {
		return &KeyError{Name: name}
	}
	s.change(name)
	return nil
}

// Pop removes the value of this name and returns it; without one it returns a [*KeyError].
func (s *Session) Pop(name string) (any, error) {
	d := s.read()
	defer s.mu.Unlock()
	v, ok := d.Get(name)
	if !ok {
		return nil, &KeyError{Name: name}
	}
	s.change(name)
	d.Delete(name)
	return own(v), nil
}

// PopDefault is [Session.Pop] that returns fallback where there is no value.
func (s *Session) PopDefault(name string, fallback any) any {
	v, err := s.Pop(name)
	if err != nil {
		return fallback
	}
	return v
}

// SetDefault returns the value of this name and stores the given one if there is none.
func (s *Session) SetDefault(name string, value any) any {
	v := convert(value)
	d := s.read()
	defer s.mu.Unlock()
	if stored, ok := d.Get(name); ok {
		return own(stored)
	}
	s.change(name)
	d.Set(name, v)
	return own(v)
}

// Update stores all values of a map, a struct or a [*py.Dict]; the session counts as changed even if that is empty. The
// error is a [*py.TypeError] for a value that is no dict in Python, or contains what has no Python form; nothing is
// stored then.
func (s *Session) Update(values any) error {
	v, err := py.From(values)
	if err != nil {
		return err
	}
	from, ok := v.(*py.Dict)
	if !ok {
		return &py.TypeError{Type: reflect.TypeOf(values), Reason: "no dict in Python"}
	}
	d := s.read()
	defer s.mu.Unlock()
	s.modified = true
	for k, v := range from.All() {
		s.change(k)
		d.Set(k, v)
	}
	return nil
}

// Clear removes all values, in memory. The key stays, so that the stored session is emptied by the next save; see
// [Session.Flush] for getting rid of it. Nothing needs to be loaded for that.
func (s *Session) Clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.data = py.NewDict(0)
	s.changes.clear()
	s.loaded, s.accessed, s.modified = true, true, true
}

// Keys returns the names of all values in order.
func (s *Session) Keys() []string {
	d := s.read()
	defer s.mu.Unlock()
	names := make([]string, 0, d.Len())
	for k := range d.All() {
		if name, ok := nameText(k); ok { // pickle knows others; Dict shows them
			names = append(names, name)
		}
	}
	return names
}

// Values returns all values, in the order of [Session.Keys].
func (s *Session) Values() []any {
	values := []any{}
	for _, v := range s.Items() {
		values = append(values, v)
	}
	return values
}

// Items yields names and values in order, as they were when the loop began. What values of a pickle share, these share.
func (s *Session) Items() iter.Seq2[string, any] {
	d := s.native()
	return func(yield func(string, any) bool) {
		for k, v := range d.All() {
			if name, ok := nameText(k); ok && !yield(name, given(v)) {
				return
			}
		}
	}
}

// native returns a copy of all values in the form of [py.Native], each that stands under several names copied once.
func (s *Session) native() *py.Dict {
	d := s.read()
	defer s.mu.Unlock()
	c, _ := py.Native(d).(*py.Dict)
	return c
}

// Dict returns a copy of the whole session, names that are no text included. Values not used yet are still [py.Lazy]; what
// values of a pickle share, those of the copy share.
func (s *Session) Dict() *py.Dict {
	c := s.native()
	for k, v := range c.All() {
		if u, ok := v.(unstorable); ok {
			c.Set(k, u.value)
		}
	}
	return c
}

// SetTestCookie stores the test value, which the next request finds if the browser keeps cookies.
func (s *Session) SetTestCookie() { s.Set(testCookieName, testCookieValue) }

// TestCookieWorked reports whether the test value is there.
func (s *Session) TestCookieWorked() bool {
	v, _ := s.Get(testCookieName)
	return v == testCookieValue || v == py.Str2(testCookieValue) // of Python 2
}

// DeleteTestCookie removes the test value; without one it returns a [*KeyError].
func (s *Session) DeleteTestCookie() error { return s.Delete(testCookieName) }
