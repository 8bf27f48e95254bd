package main

import (
	"context"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/py"
)

// read handles operations that read values.
func (h *held) read(ctx context.Context, op string, a *args) (any, error) {
	if err := h.load(ctx); err != nil {
		return nil, err
	}
	s := h.session
	switch op {
	case "contains":
		return s.Contains(a.text("name")), nil
	case "get":
		v, ok := s.Get(a.text("name"))
		return py.NewList(ok, v), nil
	case "getitem":
		name := a.text("name")
		if v, ok := s.Get(name); ok {
			return v, nil
		}
		return nil, &djangosession.KeyError{Name: name}
	case "keys":
		return s.Keys(), nil
	case "values":
		return s.Values(), nil
	case "items":
		items := py.NewList()
		for name, v := range s.Items() {
			items.Items = append(items.Items, py.NewList(name, v))
		}
		return items, nil
	case "dict":
		return s.Dict(), nil
	case "test_cookie_worked":
		return s.TestCookieWorked(), nil
	}
	return nil, errUnknownOp
}

// write handles operations that change values.
func (h *held) write(ctx context.Context, op string, a *args) (any, error) {
	if err := h.load(ctx); err != nil {
		return nil, err
	}
	s := h.session
	switch op {
	case "set":
		s.Set(a.text("name"), a.value("value"))
	case "delitem":
		return nil, s.Delete(a.text("name"))
	case "pop":
		return s.Pop(a.text("name"))
	case "pop_default":
		return s.PopDefault(a.text("name"), a.value("default")), nil
	case "setdefault":
		return s.SetDefault(a.text("name"), a.value("value")), nil
	case "update":
		return nil, s.Update(get[*py.Dict](a, "values"))
	case "set_test_cookie":
		s.SetTestCookie()
	case "delete_test_cookie":
		return nil, s.DeleteTestCookie()
	default:
		return nil, errUnknownOp
	}
	return nil, nil
}
