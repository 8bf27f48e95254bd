package main

import (
	"bytes"
	"net/http"

	"github.com/gofiber/fiber/v3"
	"github.com/gofiber/fiber/v3/middleware/adaptor"
)

// Adapt converts a net/http middleware into a fiber middleware whose handlers run inside
// it. Fiber's own adaptor.HTTPMiddleware calls them after the middleware has returned, so
// a session would be saved before they change it. Handlers find the session in
// c.Context().
//
// Fiber sends a response after its handlers have returned. So the header is decided at
// that moment, except for the body of a stream, which is too late for the session.
func Adapt(middleware func(http.Handler) http.Handler) fiber.Handler {
	return func(c fiber.Ctx) error {
		r, err := adaptor.ConvertRequest(c, true)
		if err != nil {
			return fiber.NewError(fiber.StatusBadRequest, err.Error())
		}
		answer := &writer{header: http.Header{}}
		defer func() { answer.copyHeader(c) }() // also if the handler panics
		passed := false
		middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			c.SetContext(r.Context())
			if err := c.Next(); err != nil {
				if err := c.App().ErrorHandler(c, err); err != nil {
					c.Status(fiber.StatusInternalServerError)
				}
			}
			w.WriteHeader(c.Response().StatusCode())
			_, err := w.Write(nil)
			passed = err == nil
		})).ServeHTTP(answer, r.WithContext(c.Context()))
		if !passed { // the middleware has answered in place of the handler
			c.Response().Reset()
			c.Status(answer.status)
			_, err = c.Write(answer.body.Bytes())
			return err
		}
		return nil
	}
}

// writer is the response of the middleware. That of the handlers is in their fiber.Ctx.
type writer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

// Header implements http.ResponseWriter.
func (w *writer) Header() http.Header { return w.header }

// WriteHeader implements http.ResponseWriter.
func (w *writer) WriteHeader(status int) {
	if status >= http.StatusOK && w.status == 0 {
		w.status = status
	}
}

// Write implements http.ResponseWriter.
func (w *writer) Write(b []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.body.Write(b)
}

// copyHeader adds what the middleware has set to the response.
func (w *writer) copyHeader(c fiber.Ctx) {
	for name, values := range w.header {
		for _, value := range values {
			switch name {
			case fiber.HeaderSetCookie:
				c.Response().Header.Add(name, value)
			case fiber.HeaderVary:
				c.Vary(value)
			default:
				c.Set(name, value)
			}
		}
	}
}
