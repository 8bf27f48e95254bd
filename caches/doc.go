// Package caches is Django's cache framework, as far as sessions need it: the keys of
// values, their lifetimes and their formats, and the session engines "cache" and
// "cached_db", which work on any [Cache]. It contains the file-based cache. Package
// tables has the database cache; the packages below this one have caches that need a
// client library. A cache in the memory of one process, such as LocMemCache, is refused.
//
// # Guarantees
//
//   - An unreachable cache is an error, and never a session that does not exist. Django
//     logs the visitor out.
//   - A save replaces a value that exists. It never brings back a session that was deleted
//     at the same time.
//   - A value that cannot be read is reported and left alone; see
//     [djangosession.ErrUnknownFormat].
//   - The row and the copy of "cached_db" agree after each call, also if either store
//     fails; docs/engines.md describes what a crash can leave behind.
//   - Reading a pickle executes nothing. Django does execute the pickles in its cache, so
//     keep others from writing to it.
//
// Values are not signed. A cache may forget sessions: when it is full, when it restarts,
// or when someone clears it. [Timer] and [Lister] are for caches that know the lifetimes
// of their values, and that can list their keys.
package caches
