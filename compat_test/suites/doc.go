// Package suites runs Django's own tests of sessions and signing against the packages of this module.
//
// The tests come from the source archive of each release, fetched when they are missing, and are run by Django's own
// runner. In the place of Django's session store and signers stand Python classes (folder bridge) that forward every call
// to a Go process (folder peer), which does it with this module's packages on the same SQLite database. What the tests
// look at around them stays Django's: the model Session decodes what Go has stored, and base64_hmac makes the signatures to
// compare with.
//
// A test counts as passed if it passes and has called Go. Those that cannot apply stand in left_out.txt with the reason.
//
// DJANGO_SUITE_RELEASES names the releases. The results are lines "django-suite RELEASE SUITE ran=N passed=N left_out=N" on
// standard output, and in the file that DJANGO_SUITE_REPORT names.
package suites
