// Package settingsjson reads a site's settings from JSON: an object with Django's names, which is full of secrets, so that no
// error quotes anything of it.
package settingsjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
)

// Settings are settings by name.
type Settings map[string]json.RawMessage

// maxSize is more than settings take, in bytes.
const maxSize = 1 << 20

// Text reads all that r has, if it is no more than settings take.
func Text(r io.Reader) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxSize+1))
	if err == nil && len(data) > maxSize {
		err = errors.New("more than settings take")
	}
	return data, err
}

// Read reads one JSON object and nothing after it.
func Read(r io.Reader) (Settings, error) {
	data, err := Text(r)
	if err != nil {
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

// File is what read makes of the file of this name. An error in opening it begins with what was being done.
func File[T any](name, doing string, read func(io.Reader) (T, error)) (T, error) {
	f, err := os.Open(name) //nolint:gosec // the caller says which file
	if err != nil {
		var none T
		return none, fmt.Errorf("%s: %w", doing, err)
	}
	defer f.Close() //nolint:errcheck // nothing was written
	return read(f)
}

// Store stores settings in what dst points to, by name, and passes over those that dst does not name. It returns the setting
// that does not fit, and why.
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
