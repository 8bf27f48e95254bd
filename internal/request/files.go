package request

import "net/http"

// RemoveFiles removes the temporary files of a form that was parsed in inner, a copy of outer that was given to a handler: the
// server removes those of its own request alone. It is to be called when the handler has returned. A form that was parsed before
// the copy was made is left to who parsed it.
func RemoveFiles(inner, outer *http.Request) {
	if inner.MultipartForm != nil && outer.MultipartForm == nil {
		_ = inner.MultipartForm.RemoveAll() // what is left is in the folder for temporary files
	}
}
