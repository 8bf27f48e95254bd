package httpmw

import "net/http"

// Answer calls handler with a response whose status is status, unless the handler writes
// another. Without it, a handler that sets no status would send 200 instead of an error,
// with an empty page or its own.
func Answer(w http.ResponseWriter, status int, handler func(http.ResponseWriter)) {
	a := &answer{ResponseWriter: w, status: status}
	handler(a)
	a.begin()
}

// answer is a response with its own default status.
type answer struct {
	http.ResponseWriter
	status int
	begun  bool
}

func (a *answer) begin() {
	if !a.begun {
		a.WriteHeader(a.status)
	}
}

// WriteHeader implements [http.ResponseWriter].
func (a *answer) WriteHeader(status int) {
	if status >= http.StatusOK { // lower ones are informational and precede the response
		a.begun = true
	}
	a.ResponseWriter.WriteHeader(status)
}

// Write implements [http.ResponseWriter].
func (a *answer) Write(b []byte) (int, error) {
	a.begin()
	return a.ResponseWriter.Write(b)
}

// FlushError is called by [http.ResponseController].
func (a *answer) FlushError() error {
	a.begin()
	return http.NewResponseController(a.ResponseWriter).Flush()
}

// Unwrap gives [http.ResponseController] access to the wrapped response.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }
