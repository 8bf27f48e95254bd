package settingsjson

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

// endless is an endless file of spaces, such as a wrong device.
type endless struct{ read int }

func (e *endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	e.read += len(p)
	return len(p), nil
}

func TestSettingsWithoutEndAreRefused(t *testing.T) {
	t.Parallel()
	e := &endless{}
	if s, err := Read(e); err == nil || s != nil {
		t.Errorf("%v, %v; want an error", s, err)
	}
	if e.read > 2*maxSize {
		t.Errorf("%d bytes were read", e.read)
	}
	largest := `{"SECRET_KEY":"` + strings.Repeat("x", maxSize-len(`{"SECRET_KEY":""}`)) + `"}`
	if s, err := Read(strings.NewReader(largest)); err != nil || len(s) != 1 {
		t.Errorf("the largest settings: %v", err)
	}
	if _, err := Read(strings.NewReader(largest + " ")); err == nil {
		t.Error("larger settings are read")
	}
}

func TestErrorsQuoteNoSettings(t *testing.T) {
	t.Parallel()
	const secret = "hush"
	for name, text := range map[string]string{
		"not JSON":        `{"SECRET_KEY": ` + secret + `}`,
		"cut off":         `{"SECRET_KEY": "` + secret,
		"no object":       `"` + secret + `"`,
		"two of them":     `{} "` + secret + `"`,
		"followed by one": `{} ` + secret,
		"nothing":         "",
	} {
		s, err := Read(strings.NewReader(text))
		if err == nil || s != nil || strings.Contains(err.Error(), secret) {
			t.Errorf("%s: %v, %v", name, s, err)
		}
	}
	s, err := Read(strings.NewReader(`{"USE_TZ": "` + secret + `"}`))
	if err != nil {
		t.Fatal(err)
	}
	var useTZ bool
	if name, err := s.Store(map[string]any{"USE_TZ": &useTZ}); name != "USE_TZ" || err == nil || strings.Contains(err.Error(), secret) {
		t.Errorf("a setting of the wrong type: %q, %v", name, err)
	}
}

func TestErrorsInReadingAreReturned(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	if _, err := Read(io.MultiReader(strings.NewReader("{"), iotest.ErrReader(broken))); !errors.Is(err, broken) {
		t.Error(err)
	}
}
