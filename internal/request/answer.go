package request

import "net/http"

// Answer has a handler answer with this status, unless it writes another: one that forgets would send 200 in the place of an
// error, with an empty page or its own.
func Answer(w http.ResponseWriter, status int, handler func(http.ResponseWriter)) {
	a := &answer{ResponseWriter: w, status: status}
	handler(a)
	a.begin()
}

// answer is a response with a status of its own.
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
	if status >= http.StatusOK { // the others come before the response
		a.begun = true
	}
	a.ResponseWriter.WriteHeader(status)
}

// Write implements [http.ResponseWriter].
func (a *answer) Write(b []byte) (int, error) {
	a.begin()
	return a.ResponseWriter.Write(b)
}

// FlushError is what [http.ResponseController] calls.
func (a *answer) FlushError() error {
	a.begin()
	return http.NewResponseController(a.ResponseWriter).Flush()
}

// Unwrap is what [http.ResponseController] looks for the rest in.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }
