package release

// Newest is the newest series. It is assumed for a site that names no release.
const Newest = "6.1"

// iterationsRow is PBKDF2PasswordHasher.iterations in a series.
type iterationsRow struct{ major, minor, iterations int }

// iterations returns all rows, newest first.
func iterations() []iterationsRow {
	return []iterationsRow{
		{6, 1, 1_500_000},
		{6, 0, 1_200_000},
		{5, 2, 1_000_000},
		{5, 1, 870_000},
		{5, 0, 720_000},
		{4, 2, 600_000},
		{4, 1, 390_000},
		{4, 0, 320_000},
		{3, 2, 260_000},
		{3, 1, 216_000},
		{3, 0, 180_000},
		{2, 2, 150_000},
		{2, 1, 120_000},
		{2, 0, 100_000},
		{1, 11, 36_000},
		{1, 10, 30_000},
		{1, 9, 24_000},
		{1, 8, 20_000},
		{1, 7, 15_000},
		{1, 6, 12_000},
		{1, 4, 10_000},
	}
}

// PBKDF2Iterations is the number of iterations of the release's PBKDF2PasswordHasher.
func (r Release) PBKDF2Iterations() int {
	for _, row := range iterations() {
		if r.AtLeast(row.major, row.minor, 0) {
			return row.iterations
		}
	}
	return 0 // not a release that Parse returns
}

// Argon2 holds the parameters of Argon2PasswordHasher.
type Argon2 struct {
	Variant                   string
	Time, Memory, Parallelism int // Memory in KiB
}

// Argon2 returns the parameters of the release's Argon2PasswordHasher.
func (r Release) Argon2() Argon2 {
	if r.HasArgon2id() {
		return Argon2{Variant: "argon2id", Time: 2, Memory: 102_400, Parallelism: 8}
	}
	return Argon2{Variant: "argon2i", Time: 2, Memory: 512, Parallelism: 2}
}

// PasswordHashers returns the default of PASSWORD_HASHERS: classes of
// django.contrib.auth.hashers, the one for new passwords first.
func (r Release) PasswordHashers() []string {
	classes := []string{"PBKDF2PasswordHasher", "PBKDF2SHA1PasswordHasher"}
	if r.since(Release{1, 10}) {
		classes = append(classes, "Argon2PasswordHasher")
	}
	if r.since(Release{1, 6}) {
		classes = append(classes, "BCryptSHA256PasswordHasher")
	}
	if r.before(2, 1) {
		classes = append(classes, "BCryptPasswordHasher")
	}
	if r.before(1, 10) {
		classes = append(classes, "SHA1PasswordHasher", "MD5PasswordHasher", "UnsaltedSHA1PasswordHasher",
			"UnsaltedMD5PasswordHasher", "CryptPasswordHasher")
	}
	if r.since(Release{4, 0}) {
		classes = append(classes, "ScryptPasswordHasher")
	}
	return classes
}
