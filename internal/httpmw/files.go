package httpmw

import "net/http"

// RemoveFiles removes the temporary files of a form that was parsed in inner, a copy of
// outer that was passed to a handler. The server removes only the files of its own
// request. Call RemoveFiles after the handler has returned. It ignores a form that was
// parsed before the copy was made; the code that parsed it is responsible for its files.
func RemoveFiles(inner, outer *http.Request) {
	if inner.MultipartForm != nil && outer.MultipartForm == nil {
		_ = inner.MultipartForm.RemoveAll() // anything left over is in the folder for temporary files
	}
}
