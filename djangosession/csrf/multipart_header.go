package csrf

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// partHeaderSize is the number of bytes in which Django searches for the end of a part's
// header.
const partHeaderSize = 1024

// partHeader holds the fields of a part's header that Django uses.
type partHeader struct {
	disposition map[string]string // parameters of Content-Disposition; nil without that field
	encoding    string            // Content-Transfer-Encoding
}

func (h partHeader) isFile() bool { return h.disposition["filename"] != "" }

// header reads the header and leaves the rest unread. A part without an end of the header
// has no header; Django 5.1 and newer refuse such a part if it is long. Matches
// parse_boundary_stream.
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

// headerLine parses a line of a part's header. ok is false for a line that Django skips.
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
