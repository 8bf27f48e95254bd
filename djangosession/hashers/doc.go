// Package hashers checks and encodes passwords as Django does: every algorithm of
// django.contrib.auth.hashers except crypt, with the parameters of the site.
//
//	passwords, err := hashers.New(settings, hashers.Options{})
//	login, err := auth.New(sessions, users, auth.Options{Hashers: passwords})
//
// djangobridge.Open does both; [auth.Auth.Authenticate] and [auth.Auth.SetPassword] then
// need no further call.
//
// # Algorithms
//
// pbkdf2_sha256, pbkdf2_sha1, argon2, bcrypt_sha256, bcrypt and scrypt are checked and
// encoded. The insecure md5, sha1, unsalted_md5 and unsalted_sha1 are only checked. A
// password is accepted only if PASSWORD_HASHERS contains its hasher.
//
// Parameters come from Settings.Hashers, which the exported settings contain, or else are
// those of the Django release. Subclasses of Django's hashers work if they change only
// parameters and the algorithm's name. [Options].Own is for other hashers of a site.
//
// # Response times
//
// A refusal takes as long as a check of the site's default hasher, the first of
// PASSWORD_HASHERS: for users that do not exist, users without a usable password, and
// passwords with fewer iterations. If that hasher is unknown or demands too much, the
// first that can be used sets the time. Where the stored password has another algorithm,
// the difference is computed from the typical times of both, where Django does nothing. A
// stored password that needs more work than the default hasher takes longer.
//
// # Limits
//
// A stored password that demands more than [Options].MaxMemory, or more time than any
// reasonable site configures, is refused before the work begins. At most
// [Options].Concurrency passwords are processed at a time; other calls wait for their
// turn until their context ends.
package hashers
