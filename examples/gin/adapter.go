package main

import (
	"bufio"
	"io"
	"net"
	"net/http"

	"github.com/gin-gonic/gin"
)

// Adapt converts a net/http middleware into a gin middleware. Handlers inside it write to
// the http.ResponseWriter that the middleware passes on. The usual adapters leave gin's
// own writer in place, so anything that the middleware adds to the header is lost.
func Adapt(middleware func(http.Handler) http.Handler) gin.HandlerFunc {
	return func(c *gin.Context) {
		outer, called := c.Writer, false
		middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			called = true
			inner := &writer{ResponseWriter: w, status: outer.Status(), size: -1}
			c.Request, c.Writer = r, inner
			defer func() { c.Writer = outer }() // a recovery middleware outside writes there
			c.Next()
			if inner.status != outer.Status() { // otherwise gin has more to write: its page for 404 or 405
				inner.WriteHeaderNow()
			}
		})).ServeHTTP(outer, c.Request)
		if !called {
			c.Abort() // the middleware has already answered
		}
	}
}

// writer is a gin.ResponseWriter on top of any http.ResponseWriter.
type writer struct {
	http.ResponseWriter
	status int
	size   int // in bytes; -1 before the header is sent
}

var _ gin.ResponseWriter = (*writer)(nil)

// Status implements gin.ResponseWriter.
func (w *writer) Status() int { return w.status }

// Size implements gin.ResponseWriter.
func (w *writer) Size() int { return w.size }

// Written implements gin.ResponseWriter.
func (w *writer) Written() bool { return w.size >= 0 }

// WriteHeader records the status. Gin's handlers may change it until they write.
func (w *writer) WriteHeader(status int) {
	if status > 0 && !w.Written() {
		w.status = status
	}
}

// WriteHeaderNow implements gin.ResponseWriter.
func (w *writer) WriteHeaderNow() {
	if !w.Written() {
		w.size = 0
		w.ResponseWriter.WriteHeader(w.status)
	}
}

// Write implements http.ResponseWriter.
func (w *writer) Write(b []byte) (int, error) {
	w.WriteHeaderNow()
	n, err := w.ResponseWriter.Write(b)
	w.size += n
	return n, err
}

// WriteString implements gin.ResponseWriter.
func (w *writer) WriteString(s string) (int, error) {
	w.WriteHeaderNow()
	n, err := io.WriteString(w.ResponseWriter, s)
	w.size += n
	return n, err
}

// Flush implements http.Flusher.
func (w *writer) Flush() {
	w.WriteHeaderNow()
	_ = http.NewResponseController(w.ResponseWriter).Flush()
}

// Hijack implements http.Hijacker.
func (w *writer) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	w.size = max(w.size, 0)
	return http.NewResponseController(w.ResponseWriter).Hijack()
}

// CloseNotify implements gin.ResponseWriter, which still requires it. In net/http the
// request's context has replaced it.
func (w *writer) CloseNotify() <-chan bool {
	if n, ok := w.ResponseWriter.(http.CloseNotifier); ok { //nolint:staticcheck // gin requires it
		return n.CloseNotify()
	}
	return make(chan bool)
}

// Pusher implements gin.ResponseWriter.
func (w *writer) Pusher() http.Pusher {
	p, _ := w.ResponseWriter.(http.Pusher)
	return p
}

// Unwrap gives http.ResponseController access to the wrapped writer.
func (w *writer) Unwrap() http.ResponseWriter { return w.ResponseWriter }
