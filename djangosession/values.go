package djangosession

import (
	"iter"
	"reflect"

	"github.com/djangobridge/djangobridge/py"
)

// The test cookie, with which a site finds out whether a browser accepts cookies.
const (
	testCookieName  = "testcookie"
	testCookieValue = "worked"
)

// Get returns the value of this name and whether it exists. Package py describes the
// values; those of a pickle are in the form of [py.Native]. [Session.Scan] returns
// ordinary Go values. Matches get and session[name], but for the KeyError.
func (s *Session) Get(name string) (any, bool) {
	d := s.read()
	defer s.mu.Unlock()
	v, ok := d.Get(name)
	return own(v), ok
}

// Contains reports whether a value of this name exists. Matches has_key and the operator
// in.
func (s *Session) Contains(name string) bool {
	d := s.read()
	defer s.mu.Unlock()
	_, ok := d.Get(name)
	return ok
}

// Scan stores the value of this name in the variable that dst points to, by the rules of
// [py.Scan]. Dates without a zone are in TIME_ZONE. The error is a [*KeyError], or a
// [*ValueError] that names the two types.
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

// Value returns the value of this name as a T. It is [Session.Scan] for a single value.
func Value[T any](s *Session, name string) (T, error) {
	var v T
	err := s.Scan(name, &v)
	return v, err
}

// Set stores a copy of value, which is a Go value that [py.From] accepts or a Python
// value. If it has no Python form, or the serializer refuses it, the next save fails. An
// existing value keeps its place in the order. Setting an equal value is a change too.
// Matches session[name] = value.
func (s *Session) Set(name string, value any) {
	v := convert(value)
	d := s.read()
	defer s.mu.Unlock()
	s.change(name)
	d.Set(name, v)
}

// Delete removes the value of this name. It returns a [*KeyError] if there is no such
// value. Matches del session[name].
func (s *Session) Delete(name string) error {
	d := s.read()
	defer s.mu.Unlock()
	if !d.Delete(name) {
		return &KeyError{Name: name}
	}
	s.change(name)
	return nil
}

// Pop removes the value of this name and returns it. It returns a [*KeyError] if there is
// no such value. Matches pop(name).
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

// PopDefault is [Session.Pop], but returns fallback if there is no such value. Matches
// pop(name, fallback).
func (s *Session) PopDefault(name string, fallback any) any {
	v, err := s.Pop(name)
	if err != nil {
		return fallback
	}
	return v
}

// SetDefault returns the value of this name. If there is no such value, it stores and
// returns the given one. Matches setdefault.
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

// Update stores all values of a map, a struct or a [*py.Dict]. The session is modified
// even if there are no values. The error is a [*py.TypeError] if values is not a dict in
// Python or contains a value without a Python form; nothing is stored then. Matches
// update.
func (s *Session) Update(values any) error {
	v, err := py.From(values)
	if err != nil {
		return err
	}
	from, ok := v.(*py.Dict)
	if !ok {
		return &py.TypeError{Type: reflect.TypeOf(values), Reason: "is not a dict in Python"}
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

// Clear removes all values in memory. The session keeps its key, and the next save
// empties the stored session; [Session.Flush] deletes it. The session need not be loaded.
// Matches clear.
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
		if name, ok := nameText(k); ok { // a pickle can have others; see Dict
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

// Items yields names and values in order, as of the start of the loop. Values that are
// shared in a pickle are shared here too.
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

// native returns a copy of all values in the form of [py.Native]. A shared value is
// copied once.
func (s *Session) native() *py.Dict {
	d := s.read()
	defer s.mu.Unlock()
	c, _ := py.Native(d).(*py.Dict)
	return c
}

// Dict returns a copy of the whole session, including names that are not text. Values
// that have not been used are still [py.Lazy]. Values that are shared in a pickle are
// shared in the copy too.
func (s *Session) Dict() *py.Dict {
	c := s.native()
	for k, v := range c.All() {
		if u, ok := v.(unstorable); ok {
			c.Set(k, u.value)
		}
	}
	return c
}

// SetTestCookie stores the test value. The next request finds it if the browser accepts
// cookies. Matches set_test_cookie.
func (s *Session) SetTestCookie() { s.Set(testCookieName, testCookieValue) }

// TestCookieWorked reports whether the session has the test value. Matches
// test_cookie_worked.
func (s *Session) TestCookieWorked() bool {
	v, _ := s.Get(testCookieName)
	return v == testCookieValue || v == py.Str2(testCookieValue) // from Python 2
}

// DeleteTestCookie removes the test value. It returns a [*KeyError] if it does not exist.
// Matches delete_test_cookie.
func (s *Session) DeleteTestCookie() error { return s.Delete(testCookieName) }
