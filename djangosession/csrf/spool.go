package csrf

import (
	"bytes"
	"fmt"
	"io"
	"os"
)

// spoolMemory is how much of a multipart body is kept in memory, in bytes; the rest goes into a temporary file. It is
// Django's default for FILE_UPLOAD_MAX_MEMORY_SIZE.
const spoolMemory = 2621440

// spool keeps a request body that was read, so that the handler can read it again. The zero spool is empty.
type spool struct {
	memory bytes.Buffer
	file   *os.File
	name   string // of a file that cannot be removed while it is open
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
		// A file without a name cannot be left behind, even if the process is killed.
		if err := os.Remove(file.Name()); err != nil {
			s.name = file.Name()
		}
	}
	return s.file.Write(b)
}

// reader returns what was written, from its start.
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

// close removes the file. A body that is still read gets an error.
func (s *spool) close() {
	if s.file != nil {
		_ = s.file.Close()
	}
	if s.name != "" {
		_ = os.Remove(s.name) //nolint:gosec // the name is that of CreateTemp
	}
}

// tee is a request body that is written to a spool while it is read.
type tee struct {
	body   io.Reader
	spool  *spool
	failed error // why reading the body failed
	full   error // why it cannot be kept
}

// Read implements [io.Reader].
func (t *tee) Read(b []byte) (int, error) {
	n, err := t.body.Read(b)
	if _, full := t.spool.Write(b[:n]); full != nil {
		t.full = fmt.Errorf("csrf: keep the request body for its handler, in the folder for temporary files: %w", full)
		return 0, t.full
	}
	if err != nil && err != io.EOF {
		t.failed = err
	}
	return n, err
}
