// Package files keeps sessions in files, as Django's engine
// "django.contrib.sessions.backends.file" does: one file for each session, named
// SESSION_COOKIE_NAME and the session key, in the folder SESSION_FILE_PATH.
//
// The service must run as the user that runs Django, because only the owner can read the
// files. If SESSION_FILE_PATH is not set, Django uses the folder for temporary files of
// its process. A unit of systemd with PrivateTmp has a /tmp of its own, and then the
// service and Django do not see each other's sessions: set SESSION_FILE_PATH.
//
// # Lifetime
//
// A session without an expiry of its own ends SESSION_COOKIE_AGE after its file was
// written. One whose expiry is a number of seconds never ends on the server; only the
// cookie does. Dates count in whole seconds: a session ends in the second before its
// date. All of this is Django's behaviour.
//
// # Differences from Django
//
//   - Django ignores a failed write, such as one to a full disk, and the session is lost.
//     Here it is an error. The old session stays, and no temporary file.
//   - A lost folder, or a file that cannot be read, is an error, and not a session that
//     does not exist.
//   - A save never brings back a session that was deleted at the same time. This needs
//     Linux and a file system that can exchange two files, as all common ones can.
//   - [Engine.Merge] and [Engine.Cycle] lock the file against other processes that use
//     this package. Django does not look at the lock. Its own saves replace a whole
//     session, as always. Windows has no such lock: of two merged saves at the same time,
//     one may be lost there.
//   - A file that makes Django fail, because its text is not ASCII or contains something
//     else than a dict, is left alone; see [djangosession.ErrUnknownFormat]. So is one
//     that is longer than four times Settings.MaxInflated; see
//     [djangosession.ErrMaxInflated]. Such a session is not stored either: [ErrTooLarge].
//
// The file system must have locks. Without them, saves, merges, changes of key and
// [Engine.Check] return an error.
//
// Nothing waits until the disk has a file, as in Django. After a power failure, the last
// few seconds of logins and logouts may be lost. Folders on NFS have not been tested.
package files
