// Package settingsjson reads a site's settings from JSON: an object with Django's setting
// names. Settings contain secrets, so errors never quote them.
package settingsjson

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"unicode/utf16"
)

// Settings maps names to settings.
type Settings map[string]json.RawMessage

// maxSize is larger than any real settings file, in bytes.
const maxSize = 1 << 20

// Text reads all of r, up to the size limit for settings, and returns it as UTF-8.
func Text(r io.Reader) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxSize+1))
	if err == nil && len(data) > maxSize {
		err = errors.New("larger than the limit of 1 MiB for settings")
	}
	return utf8Of(data), err
}

// utf8Of returns a text as UTF-8 if it begins with a byte order mark: Windows PowerShell
// writes UTF-16.
func utf8Of(data []byte) []byte {
	var order binary.ByteOrder
	switch {
	case bytes.HasPrefix(data, []byte("\xef\xbb\xbf")):
		return data[3:]
	case bytes.HasPrefix(data, []byte("\xff\xfe")):
		order = binary.LittleEndian
	case bytes.HasPrefix(data, []byte("\xfe\xff")):
		order = binary.BigEndian
	default:
		return data
	}
	units := make([]uint16, 0, len(data)/2)
	for data = data[2:]; len(data) >= 2; data = data[2:] {
		units = append(units, order.Uint16(data))
	}
	return []byte(string(utf16.Decode(units)))
}

// marker begins the line that djangosession.SettingsScript prints. It cannot be inside a
// JSON text, which escapes quotes in strings.
const marker = `{"DJANGOBRIDGE_SETTINGS":`

// printed returns the line that the script printed, if there is one, and else all of
// data. A site may print before and after it, and leave out the end of its own line.
func printed(data []byte) ([]byte, error) {
	i := bytes.Index(data, []byte(marker))
	if i < 0 {
		return data, nil
	}
	line, rest, _ := bytes.Cut(data[i:], []byte("\n"))
	if bytes.Contains(line[1:], []byte(marker)) || bytes.Contains(rest, []byte(marker)) {
		return nil, errors.New("the settings appear twice")
	}
	return line, nil
}

// Read reads exactly one JSON object. It ignores text around the line that
// djangosession.SettingsScript prints.
func Read(r io.Reader) (Settings, error) {
	data, err := Text(r)
	if err != nil {
		return nil, err
	}
	if data, err = printed(data); err != nil {
		return nil, err
	}
	var s Settings
	dec := json.NewDecoder(bytes.NewReader(data))
	if err := dec.Decode(&s); err != nil {
		return nil, quiet(err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("more than one JSON value")
	}
	return s, nil
}

// File opens the named file and returns the result of read. An error while opening starts
// with doing.
func File[T any](name, doing string, read func(io.Reader) (T, error)) (T, error) {
	f, err := os.Open(name) //nolint:gosec // the caller chooses the file
	if err != nil {
		var none T
		return none, fmt.Errorf("%s: %w", doing, err)
	}
	defer f.Close() //nolint:errcheck // the file was only read
	return read(f)
}

// Store stores settings in the variables that dst points to, by name. It ignores settings
// that dst does not name. It returns the name of a setting that does not fit, and the
// reason.
func (s Settings) Store(dst map[string]any) (name string, err error) {
	for name, to := range dst {
		raw := s[name]
		if raw == nil {
			continue
		}
		err := json.Unmarshal(raw, to)
		if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
			err = errors.New("must not be a JSON " + wrong.Value)
		}
		if err != nil {
			return name, err
		}
	}
	return "", nil
}

func quiet(err error) error {
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		return fmt.Errorf("not JSON, at byte %d", syntax.Offset)
	}
	if _, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return errors.New("not a JSON object")
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("not JSON: it ends too soon")
	}
	return err
}
