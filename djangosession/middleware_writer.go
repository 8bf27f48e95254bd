package djangosession

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"slices"
)

// writer is the handler's http.ResponseWriter.
type writer struct{ x *exchange }

// flushWriter is a writer whose response can be flushed. A handler that streams checks
// for http.Flusher before it starts. The other abilities are checked when they are used.
type flushWriter struct{ writer }

var (
	_ http.Hijacker   = writer{}
	_ http.Pusher     = writer{}
	_ io.ReaderFrom   = writer{}
	_ io.StringWriter = writer{}
	_ http.Flusher    = flushWriter{}
)

func (x *exchange) writer() http.ResponseWriter {
	_, flushes := find[http.Flusher](x.under)
	if !flushes {
		_, flushes = find[interface{ FlushError() error }](x.under)
	}
	if flushes {
		return flushWriter{writer{x}}
	}
	return writer{x}
}

// find returns w, or a writer that it wraps, as a T, like http.ResponseController.
func find[T any](w http.ResponseWriter) (T, bool) {
	for {
		if t, ok := w.(T); ok {
			return t, true
		}
		wrapper, ok := w.(interface{ Unwrap() http.ResponseWriter })
		if !ok {
			var none T
			return none, false
		}
		w = wrapper.Unwrap()
	}
}

// Header implements http.ResponseWriter.
func (w writer) Header() http.Header { return w.x.under.Header() }

// WriteHeader implements http.ResponseWriter. The first final status determines whether
// the session is saved.
func (w writer) WriteHeader(status int) {
	x := w.x
	if x.failure != nil {
		return
	}
	if informs := status < 200 && status != http.StatusSwitchingProtocols; !informs && !x.answered && !x.answer(status) {
		return
	}
	x.under.WriteHeader(status)
}

// begin makes sure that the header is sent. It returns an error if the response was
// replaced.
func (w writer) begin() error {
	if !w.x.answered {
		w.WriteHeader(http.StatusOK)
	}
	return w.x.failure
}

// Write implements http.ResponseWriter.
func (w writer) Write(p []byte) (int, error) {
	if err := w.begin(); err != nil {
		return 0, err
	}
	return w.x.under.Write(p)
}

// WriteString implements io.StringWriter.
func (w writer) WriteString(s string) (int, error) {
	if err := w.begin(); err != nil {
		return 0, err
	}
	return io.WriteString(w.x.under, s)
}

// ReadFrom implements io.ReaderFrom, so that the system can send files. As in net/http,
// the header is sent when there is something to send, so the handler can still respond to
// an earlier error.
func (w writer) ReadFrom(r io.Reader) (n int64, err error) {
	if !w.x.answered {
		const first = 512 // net/http reads as much to detect the type
		n, err = io.Copy(struct{ io.Writer }{w}, io.LimitReader(r, first))
		if err != nil || n < first {
			return n, err
		}
	}
	if err := w.begin(); err != nil {
		return n, err
	}
	var rest int64
	if to, ok := w.x.under.(io.ReaderFrom); ok {
		rest, err = to.ReadFrom(r)
	} else {
		rest, err = io.Copy(struct{ io.Writer }{w.x.under}, r)
	}
	return n + rest, err
}

// Hijack implements http.Hijacker. It first saves the session, as with status 101, and
// adds its cookie to the header. A handler that writes the response itself, such as a
// WebSocket's, must write that header. A header without the cookie is reported as
// ErrHeaderSent.
func (w writer) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	h, ok := find[http.Hijacker](w.x.under)
	if !ok {
		return nil, nil, http.ErrNotSupported
	}
	before := slices.Clone(w.Header()["Set-Cookie"])
	if !w.x.answered {
		w.x.answer(http.StatusSwitchingProtocols)
	}
	if w.x.failure != nil {
		return nil, nil, w.x.failure
	}
	w.x.varied = true // no cache stores what follows
	conn, rw, err := h.Hijack()
	if due := dueCookies(w.Header(), before); err == nil && len(due) > 0 {
		return w.x.watch(conn, rw, due)
	}
	return conn, rw, err
}

// Push implements http.Pusher.
func (w writer) Push(target string, o *http.PushOptions) error {
	if p, ok := find[http.Pusher](w.x.under); ok {
		return p.Push(target, o)
	}
	return http.ErrNotSupported
}

// Unwrap gives http.ResponseController access to the rest: deadlines and full duplex.
func (w writer) Unwrap() http.ResponseWriter { return w.x.under }

// Flush implements http.Flusher.
func (w flushWriter) Flush() { _ = w.FlushError() }

// FlushError is what http.ResponseController calls for Flush.
func (w flushWriter) FlushError() error {
	if err := w.begin(); err != nil {
		return err
	}
	return http.NewResponseController(w.x.under).Flush()
}
