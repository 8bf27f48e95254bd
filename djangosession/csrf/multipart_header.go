package csrf

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// partHeaderSize is how far Django looks for the end of a part's header, in bytes.
const partHeaderSize = 1024

// partHeader is what Django looks at in the header of a part.
type partHeader struct {
	disposition map[string]string // the parameters of Content-Disposition; nil if there is none
	encoding    string            // Content-Transfer-Encoding
}

func (h partHeader) isFile() bool { return h.disposition["filename"] != "" }

// header reads the header, and leaves what follows unread. A part without the end of a header has none: Django 5.1 and newer
// refuse that if the part is long. Matches parse_boundary_stream.
func (p *part) header(r *rules) (partHeader, error) {
	data, err := p.read(partHeaderSize)
	if err != nil {
		return partHeader{}, err
	}
	header, value, found := bytes.Cut(data, []byte("\r\n\r\n"))
	if !found {
		if r.limitsPartHeaders && len(data) == partHeaderSize {
			return partHeader{}, &FormError{Err: errPartHeader}
		}
		p.unread(data)
		return partHeader{}, nil
	}
	p.unread(value)
	var h partHeader
	for line := range strings.SplitSeq(string(header), "\r\n") {
		name, value, params, ok := r.headerLine(line)
		switch {
		case !ok:
		case name == "content-disposition":
			h.disposition = params
		case name == "content-transfer-encoding":
			h.encoding = strings.TrimSpace(value)
		}
	}
	return h, nil
}

// headerLine takes a line of a part's header apart; ok is false for a line that Django skips.
func (r *rules) headerLine(line string) (name, value string, params map[string]string, ok bool) {
	if !utf8.ValidString(line) && r.params.areText() {
		return "", "", nil, false
	}
	if r.stripsHeaderNames {
		name, value, ok = strings.Cut(line, ":")
		if !ok {
			return "", "", nil, false
		}
		value, params, ok = r.params.parse(strings.TrimLeft(value, " "))
		return strings.TrimRight(strings.ToLower(name), " "), value, params, ok
	}
	main, params, ok := r.params.parse(line)
	if !ok {
		return "", "", nil, false
	}
	name, value, ok = strings.Cut(main, ":")
	return name, value, params, ok
}
