// Package atomicfile replaces whole files. A reader sees the old content or the new one,
// and after a failure the old one. Temporary files are in the same folder and have the
// names that Python's tempfile.mkstemp gives them.
//
// Django checks that a file exists and then renames another one over it, so that a file
// that is deleted in between comes back. Here, [Create] never replaces a file, and
// [Replace] and [Update] never create one. Where the system or the file system cannot
// exchange two files (it needs renameat2 of Linux 3.15), the latter two fall back to
// Django's order, and only processes that use this package are safe from each other.
//
// Files have the mode 0600 whatever the umask. A file of another user is not replaced,
// because its owner could not read the new one. Errors do not contain names of files,
// which may be session keys.
package atomicfile
