package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
)

// install provides a Python with the releases in requirements.txt. It makes a virtual
// environment in the folder, unless there already is one.
func (s *site) install(ctx context.Context) error {
	if s.python != "" {
		found, err := exec.LookPath(s.python)
		if err != nil {
			return err
		}
		s.interpret, err = filepath.Abs(found)
		return err
	}
	base, err := exec.LookPath("python3")
	if err != nil {
		return errors.New("python3 is not on the path, and Django runs on it: install Python 3.10 or newer")
	}
	s.interpret = s.path("venv/bin/python")
	requirements, err := s.root.ReadFile("site/requirements.txt")
	if err != nil || s.installed(ctx, requirements) {
		return err
	}
	if err := s.suitable(ctx, base); err != nil {
		return err
	}
	fmt.Printf("Installing Django into %s, once ...\n", s.path("venv"))
	for _, step := range [][]string{
		{base, "-m", "venv", "--clear", s.path("venv")},
		{
			s.interpret, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input",
			"--requirement", s.path("site/requirements.txt"),
		},
	} {
		if _, err := s.output(s.command(ctx, step[0], step[1:]...)); err != nil {
			return err
		}
	}
	return s.root.WriteFile(madeOf, requirements, 0o600)
}

// madeOf is the file that records what a virtual environment was made from. It is written
// when the environment is complete.
const madeOf = "venv/made-of"

// installed reports whether there is a virtual environment with these requirements whose
// Python still exists.
func (s *site) installed(ctx context.Context, requirements []byte) bool {
	made, err := s.root.ReadFile(madeOf)
	return err == nil && bytes.Equal(made, requirements) && s.command(ctx, s.interpret, "-c", "import django").Run() == nil
}

// suitable returns an error that says what a Python lacks.
func (s *site) suitable(ctx context.Context, python string) error {
	const probe = `
import importlib.util, sys
print("%d.%d" % sys.version_info[:2] if sys.version_info < (3, 10) else "")
print(*(m for m in ("venv", "ensurepip", "sqlite3") if importlib.util.find_spec(m) is None))`
	out, err := s.output(s.command(ctx, python, "-c", probe))
	if err != nil {
		return err
	}
	old, missing, _ := strings.Cut(strings.TrimRight(string(out), "\n"), "\n")
	switch {
	case old != "":
		return fmt.Errorf("%s is Python %s, and Django 5.2 needs 3.10 or newer: put one on the path as python3", python, old)
	case missing != "":
		return fmt.Errorf("%s lacks %s: on Debian and Ubuntu, apt-get install python3-venv", python, missing)
	}
	return nil
}
