package csrf

import (
	"bytes"
	"errors"
	"io"
	"math"
	"mime"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/djangobridge/djangobridge/internal/pyurl"
)

// fieldName is the form field of the token.
const fieldName = "csrfmiddlewaretoken"

const (
	formType      = "application/x-www-form-urlencoded"
	multipartType = "multipart/form-data"
)

var (
	errTooBig    = errors.New("larger than DATA_UPLOAD_MAX_MEMORY_SIZE")
	errTooMany   = errors.New("more fields than DATA_UPLOAD_MAX_NUMBER_FIELDS")
	errMultipart = errors.New("its Content-Type must have multipart/form-data in lowercase")
	errCharset   = errors.New("its charset is not UTF-8") // Django accepts unknown charset names
)

// formToken returns the last token in the form of a request, or "" if it has no token or
// the body ends with an error. The body can then be read again from its start. The error
// is a [*FormError].
func (s *state) formToken(r *http.Request) (string, error) {
	if r.MultipartForm != nil || r.Body == nil { // already read
		return last(r), nil
	}
	contentType := r.Header.Get("Content-Type")
	bare, _, _ := strings.Cut(contentType, ";")
	if bare = strings.TrimSpace(bare); s.rules.lowersTypes {
		bare = strings.ToLower(bare)
	}
	switch bare {
	case formType:
		if r.PostForm != nil { // likewise; ParseForm does not read multipart forms
			return last(r), nil
		}
		if _, params, err := mime.ParseMediaType(contentType); err == nil && s.rules.refusesCharsets {
			if c, ok := params["charset"]; ok && !strings.EqualFold(c, "utf-8") {
				return "", &FormError{Err: errCharset}
			}
		}
		return s.fromURLEncoded(r)
	case multipartType:
		return s.fromMultipart(r, contentType)
	}
	return "", nil
}

// last returns the last token in the forms that have been read.
func last(r *http.Request) string {
	values := r.PostForm[fieldName]
	if len(values) == 0 && r.MultipartForm != nil {
		values = r.MultipartForm.Value[fieldName]
	}
	if len(values) == 0 {
		return ""
	}
	return values[len(values)-1]
}

// body is a request body whose consumed part is read again.
type body struct {
	io.Reader
	io.Closer
}

func (p *Protection) fromURLEncoded(r *http.Request) (string, error) {
	original, limit := r.Body, p.settings.DataUploadMaxMemorySize
	if limit >= 0 && r.ContentLength > limit {
		return "", &FormError{Err: errTooBig}
	}
	var limited io.Reader = original
	if limit >= 0 && limit < math.MaxInt64 {
		limited = io.LimitReader(original, limit+1)
	}
	data, err := io.ReadAll(limited)
	// After a read error, the body returns the same error again.
	r.Body = body{Reader: io.MultiReader(bytes.NewReader(data), original), Closer: original}
	var tooLong *http.MaxBytesError
	switch {
	case limit >= 0 && int64(len(data)) > limit:
		return "", &FormError{Err: errTooBig}
	case errors.As(err, &tooLong):
		return "", &FormError{Err: err}
	case err != nil:
		return "", nil //nolint:nilerr // an incomplete body has no token, as in Django
	}
	text := string(data)
	if !utf8.ValidString(text) {
		text = pyurl.Latin1(text)
	}
	if most := p.settings.DataUploadMaxNumberFields; most >= 0 && text != "" && int64(strings.Count(text, "&")) >= most {
		return "", &FormError{Err: errTooMany}
	}
	token := ""
	for pair := range strings.SplitSeq(text, "&") {
		if name, value, _ := strings.Cut(pair, "="); pyurl.UnquotePlus(name) == fieldName {
			token = pyurl.UnquotePlus(value)
		}
	}
	return token, nil
}
