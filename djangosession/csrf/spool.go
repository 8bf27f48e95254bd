package csrf

import (
	"bytes"
	"fmt"
	"io"
	"os"
)

// spoolMemory is the part of a multipart body that is kept in memory, in bytes; the rest
// goes to a temporary file. It is Django's default of FILE_UPLOAD_MAX_MEMORY_SIZE.
const spoolMemory = 2621440

// spool keeps a request body that has been read, so that the handler can read it again.
// The zero spool is empty.
type spool struct {
	memory bytes.Buffer
	file   *os.File
	name   string // name of a file that could not be removed while open
}

// Write implements [io.Writer].
func (s *spool) Write(b []byte) (int, error) {
	if s.file == nil && s.memory.Len()+len(b) <= spoolMemory {
		return s.memory.Write(b)
	}
	if s.file == nil {
		file, err := os.CreateTemp("", "djangobridge-*")
		if err != nil {
			return 0, err
		}
		s.file = file
		// A file without a name disappears even if the process is killed.
		if err := os.Remove(file.Name()); err != nil {
			s.name = file.Name()
		}
	}
	return s.file.Write(b)
}

// reader returns the written data from its start.
func (s *spool) reader() (io.Reader, error) {
	memory := bytes.NewReader(s.memory.Bytes())
	if s.file == nil {
		return memory, nil
	}
	if _, err := s.file.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	return io.MultiReader(memory, s.file), nil
}

// close removes the file. Further reads from the body return an error.
func (s *spool) close() {
	if s.file != nil {
		_ = s.file.Close()
	}
	if s.name != "" {
		_ = os.Remove(s.name) //nolint:gosec // the name is that of CreateTemp
	}
}

// tee is a request body that is written to a spool while it is being read.
type tee struct {
	body   io.Reader
	spool  *spool
	failed error // error of reading the body
	full   error // error of keeping it
}

// Read implements [io.Reader].
func (t *tee) Read(b []byte) (int, error) {
	n, err := t.body.Read(b)
	if _, full := t.spool.Write(b[:n]); full != nil {
		t.full = fmt.Errorf("csrf: store the request body in the temporary folder: %w", full)
		return 0, t.full
	}
	if err != nil && err != io.EOF {
		t.failed = err
	}
	return n, err
}
