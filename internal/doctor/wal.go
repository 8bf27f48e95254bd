package doctor

import (
	"errors"
	"io"
	"os"
	"sync"
)

// errLeavesFiles has the reason why a database is not opened.
var errLeavesFiles = errors.New("the database is in WAL mode and belongs to another user: reading it would leave -wal and " +
	"-shm files that its owner may be unable to write; run the command as the user that runs Django")

// LeavesFiles returns an error if reading an SQLite database would leave files that keep
// its owner from writing. A connection that only reads makes them in WAL mode, and cannot
// remove them. SQLite itself gives them to the owner if root makes them.
//
// Call it before this process opens the database for the first time. It looks into a file
// only once, because closing the file ends all locks that this process has on it.
func LeavesFiles(name string) error {
	verdict, _ := verdicts.LoadOrStore(name, sync.OnceValue(func() error { return leavesFiles(name, os.Geteuid()) }))
	return verdict.(func() error)() //nolint:forcetypeassert // nothing else is stored
}

// verdicts are those on the databases of this process, by name.
var verdicts sync.Map //nolint:gochecknoglobals // locks belong to the process

func leavesFiles(name string, user int) error {
	const root = 0
	info, err := os.Stat(name)
	if err != nil || user == root || user < 0 || owner(info) == user {
		return nil // opening the database reports the error
	}
	if _, err := os.Stat(name + "-wal"); err == nil {
		return nil // another connection made it
	}
	f, err := os.Open(name) //nolint:gosec // the caller names the file
	if err != nil {
		return nil
	}
	defer f.Close() //nolint:errcheck // nothing was written
	// The format versions for writing and reading are bytes of the header; WAL is 2.
	const at, wal = 18, 2
	var versions [2]byte
	if _, err := f.ReadAt(versions[:], at); err != nil && !errors.Is(err, io.EOF) {
		return nil
	}
	if versions[0] == wal || versions[1] == wal {
		return errLeavesFiles
	}
	return nil
}
