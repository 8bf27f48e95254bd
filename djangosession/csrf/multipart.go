package csrf

import (
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/djangobridge/djangobridge/internal/pyurl"
	"github.com/djangobridge/djangobridge/internal/pyutf8"
)

var (
	errBoundary   = errors.New("its Content-Type has no valid boundary")
	errPartHeader = fmt.Errorf("the header of a part is longer than %d bytes", partHeaderSize)
	errBase64     = errors.New("a base64 file cannot be decoded")
	errManyFiles  = errors.New("more files than DATA_UPLOAD_MAX_NUMBER_FILES")
)

// asciiSpace is the whitespace of Python's bytes.
const asciiSpace = " \t\n\r\v\f"

// tokenRoom is the maximum size of a token's part, in bytes. A longer one is wrong in any
// encoding.
const tokenRoom = 64 << 10

// fromMultipart returns the last token in a multipart form. It reads the whole body,
// within the site's limits, because the last token is the one that counts. The handler
// gets the body from its start.
func (s *state) fromMultipart(r *http.Request, contentType string) (string, error) {
	boundary, err := s.boundary(contentType)
	if err != nil {
		return "", err
	}
	kept := &spool{}
	defer s.keep(kept)
	original := r.Body
	read := &tee{body: original, spool: kept}
	form := form{Protection: s.Protection, source: source{body: read}}
	token, err := form.token([]byte("--" + boundary))
	if err == nil {
		_, err = io.Copy(io.Discard, read)
	}
	again, seekErr := kept.reader()
	if seekErr != nil {
		return "", seekErr
	}
	r.Body = body{Reader: io.MultiReader(again, original), Closer: original} // after an error, returns the same error again
	var tooLong *http.MaxBytesError
	switch {
	case read.full != nil:
		return "", read.full
	case errors.As(read.failed, &tooLong):
		return "", &FormError{Err: read.failed}
	case read.failed != nil:
		return "", nil // an incomplete body has no token, as in Django
	}
	return token, err
}

// validBoundary is the rule of Django, and of Python's cgi.
var validBoundary = regexp.MustCompile(`\A[\x20-\x7e]{0,200}[\x21-\x7e]\z`)

func (p *Protection) boundary(contentType string) (string, error) {
	if !strings.HasPrefix(contentType, "multipart/") { // Django's parser requires lowercase
		return "", &FormError{Err: errMultipart}
	}
	_, params, ok := p.rules.params.parse(contentType)
	if boundary := params["boundary"]; ok && validBoundary.MatchString(boundary) && pyurl.Latin1(contentType) == contentType {
		return boundary, nil
	}
	return "", &FormError{Err: errBoundary}
}

// form is a multipart form during parsing. Only its token is kept.
type form struct {
	*Protection

	source               source
	fields, files, bytes int64
	last                 string // tokens
}

// token returns the last token. Matches MultiPartParser.parse.
func (f *form) token(boundary []byte) (string, error) {
	for {
		p, err := f.source.part(boundary)
		switch {
		case errors.Is(err, io.EOF):
			return f.last, nil
		case err != nil:
			return "", err
		}
		if err := f.read(p); err != nil {
			return "", err
		}
	}
}

// read reads a part as far as Django does. The next part begins where this one ended.
func (f *form) read(p *part) error {
	h, err := p.header(&f.rules)
	if err != nil {
		return err
	}
	if !h.isFile() {
		f.fields++
		const around = 2 // data before the first and after the last boundary
		if most := f.settings.DataUploadMaxNumberFields; most >= 0 && f.fields-around > most {
			return &FormError{Err: errTooMany}
		}
	}
	name, ok := h.disposition["name"]
	if !ok {
		return nil
	}
	name = pyutf8.Decode(strings.Trim(name, asciiSpace))
	if h.isFile() {
		return f.readFile(p, h)
	}
	return f.readField(p, name, h.encoding)
}

// readField reads the value of a field.
func (f *form) readField(p *part, name, encoding string) error {
	limit := f.settings.DataUploadMaxMemorySize
	left := int64(-1)
	if limit >= 0 {
		left = limit - f.bytes
	}
	var kept []byte
	size := int64(0)
	for left < 0 || size < left {
		data, err := p.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		if left >= 0 && int64(len(data)) > left-size {
			p.unread(data[left-size:])
			data = data[:left-size]
		}
		size += int64(len(data))
		if name == fieldName {
			kept = append(kept, data[:min(len(data), tokenRoom-len(kept))]...)
		}
	}
	f.bytes += size + int64(utf8.RuneCountInString(name)+len("&=")) // counted like a urlencoded form
	if limit >= 0 && f.bytes > limit {
		return &FormError{Err: errTooBig}
	}
	if name == fieldName {
		f.last = f.rules.decodeField(string(kept), encoding)
	}
	return nil
}

// decodeField returns the value of a field. A value that is not valid base64 stays
// unchanged.
func (r *rules) decodeField(value, encoding string) string {
	if encoding == "base64" {
		if data, err := r.decodeBase64(value); err == nil {
			value = string(data)
		}
	}
	return pyutf8.Decode(value)
}

// readFile reads a file. Like Django, it does not read a file without a name.
func (f *form) readFile(p *part, h partHeader) error {
	f.files++
	if most := f.settings.DataUploadMaxNumberFiles; f.rules.limitsFiles && most >= 0 && f.files > most {
		return &FormError{Err: errManyFiles}
	}
	if !f.rules.namesFile(h.disposition["filename"]) {
		return nil
	}
	decoder := fileDecoder{rules: &f.rules}
	for {
		data, err := p.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil && h.encoding == "base64" {
			err = decoder.add(data)
		}
		if err != nil {
			return err
		}
	}
	return decoder.end()
}

// namesFile reports whether a file name is not empty after sanitizing. Matches
// sanitize_file_name.
func (r *rules) namesFile(name string) bool {
	name = html.UnescapeString(pyutf8.Decode(name))
	name = name[strings.LastIndexAny(name, `/\`)+1:]
	if r.printableNames {
		name = strings.Map(func(c rune) rune {
			if unicode.IsPrint(c) {
				return c
			}
			return -1
		}, name)
	}
	return name != "" && name != "." && name != ".."
}
