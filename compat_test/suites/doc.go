// Package suites runs Django's own tests of sessions, signing and messages against the
// packages of this module.
//
// The tests come from the source archive of each release, which is downloaded if missing.
// Django's own test runner runs them. Python classes (folder bridge) replace Django's
// session stores, signers and message storages. They forward every call to a Go process
// (folder peer), which performs it with this module's packages on the same SQLite
// database and the same files. Everything else that the tests look at is Django's: the
// model Session decodes what Go has stored, and base64_hmac makes the signatures to
// compare with.
//
// The tests use caches in the memory of the Django process. For each operation of a
// cache, Go asks Django in the middle of a call, and gets or gives the pickle of the
// value. So the engine and the value format are Go's, and the cache that the tests look
// into is Django's.
//
// A test counts as passed if it passes and has called Go, without its setUp and its
// cleanup. Tests that cannot apply are listed in left_out.txt with the reason.
//
// DJANGO_SUITE_RELEASES contains the releases. The results are lines "django-suite
// RELEASE SUITE ran=N passed=N left_out=N" on standard output and in the file named by
// DJANGO_SUITE_REPORT.
package suites
