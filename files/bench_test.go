package files_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/djangobridge/djangobridge/djangosession"
)

// BenchmarkEngine compares loads and saves with what the system needs for the same files.
func BenchmarkEngine(b *testing.B) {
	folder := b.TempDir()
	s := djangosession.NewSettings("test-secret-key")
	s.SessionEngine, s.SessionFilePath = "django.contrib.sessions.backends.file", folder
	engine, err := openIn(folder, s)
	if err != nil {
		b.Fatal(err)
	}
	codec, err := djangosession.NewCodec(s)
	if err != nil {
		b.Fatal(err)
	}
	d := dict()
	d.Set("_auth_user_id", "1")
	d.Set("_auth_user_backend", "django.contrib.auth.backends.ModelBackend")
	d.Set("_auth_user_hash", "1aa43c4b8f7ce58ef45ac9bf7cbfd97dcf7672c9ac6c5b20d846c3813b9d386c")
	r := &djangosession.Record{Key: djangosession.NewKey(), Data: d}
	if err := engine.Create(b.Context(), r); err != nil {
		b.Fatal(err)
	}
	path := filepath.Join(folder, "sessionid"+r.Key)
	text, err := os.ReadFile(path)
	if err != nil {
		b.Fatal(err)
	}
	for name, do := range map[string]func() error{
		"load":             func() error { _, err := engine.Load(b.Context(), r.Key); return err },
		"read the file":    func() error { _, err := os.ReadFile(path); return err },
		"decode":           func() error { _, err := codec.Decode(string(text)); return err },
		"save":             func() error { return engine.Save(b.Context(), r) },
		"encode":           func() error { _, err := codec.Encode(d); return err },
		"write and rename": func() error { return writeAndRename(path, text) },
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := do(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func writeAndRename(path string, text []byte) error {
	if err := os.WriteFile(path+"_out_benchmrk", text, 0o600); err != nil {
		return err
	}
	return os.Rename(path+"_out_benchmrk", path)
}
