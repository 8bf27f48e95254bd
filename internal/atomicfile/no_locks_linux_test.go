package atomicfile

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"unsafe"
)

// noLocksVariable makes this program one on a file system without locks: the number of
// the error that flock returns.
const noLocksVariable = "ATOMICFILE_NO_LOCKS"

// TestFileSystemWithoutLocks runs this program again with a kernel in which flock fails.
// It is a filter of seccomp, so that nothing in this package knows about the test.
func TestFileSystemWithoutLocks(t *testing.T) {
	t.Parallel()
	if text := os.Getenv(noLocksVariable); text != "" {
		number, err := strconv.Atoi(text)
		if err == nil {
			err = failCalls(syscall.SYS_FLOCK, syscall.Errno(number))
		}
		if err != nil {
			t.Fatal(err)
		}
		callWithoutLocks(t, syscall.Errno(number))
		return
	}
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, errno := range []syscall.Errno{syscall.ENOLCK, syscall.ENOTSUP, syscall.ENOSYS} {
		t.Run(errno.Error(), func(t *testing.T) {
			t.Parallel()
			name := place(t)
			wantError(t, Create(name, "tmp", []byte("old")), nil)
			cmd := exec.CommandContext(t.Context(), program, "-test.run=^TestFileSystemWithoutLocks$")
			cmd.Dir, cmd.Env = filepath.Dir(name), append(os.Environ(), noLocksVariable+"="+strconv.Itoa(int(errno)))
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
			want(t, name, "old")
		})
	}
}

// callWithoutLocks calls everything on a file in the working directory.
func callWithoutLocks(t *testing.T, errno syscall.Errno) {
	t.Helper()
	name, err := filepath.Abs("secretname")
	if err != nil {
		t.Fatal(err)
	}
	want(t, name, "old")
	wantError(t, Create(name+"2", "tmp", nil), nil)
	wantError(t, Remove(name+"2"), nil)
	for op, err := range map[string]error{
		"check":   CheckFolder(filepath.Dir(name)),
		"replace": Replace(t.Context(), name, "tmp", []byte("new")),
		"update": Update(t.Context(), name, "tmp", limit, func([]byte) ([]byte, error) {
			t.Error("edit is called without a lock")
			return nil, nil
		}),
	} {
		wantError(t, err, errno)
		if err == nil || !strings.Contains(err.Error(), "this file system cannot lock files") ||
			!strings.Contains(err.Error(), "move the folder to another file system") {
			t.Errorf("%s: error %v", op, err)
		}
	}
	want(t, name, "old")
}

// failCalls makes a system call fail in all threads of this process.
func failCalls(call uint32, errno syscall.Errno) error {
	const (
		setNoNewPrivileges = 38 // PR_SET_NO_NEW_PRIVS
		setModeFilter      = 1
		allThreads         = 1 // SECCOMP_FILTER_FLAG_TSYNC
		returnErrno        = 0x00050000
		returnAllow        = 0x7fff0000
	)
	number, ok := map[string]uintptr{"amd64": 317, "386": 354, "arm64": 277}[runtime.GOARCH]
	if !ok {
		return errors.ErrUnsupported
	}
	program := []syscall.SockFilter{
		{Code: syscall.BPF_LD | syscall.BPF_W | syscall.BPF_ABS}, // the number of the system call
		{Code: syscall.BPF_JMP | syscall.BPF_JEQ | syscall.BPF_K, K: call, Jf: 1},
		{Code: syscall.BPF_RET | syscall.BPF_K, K: returnErrno | uint32(errno)},
		{Code: syscall.BPF_RET | syscall.BPF_K, K: returnAllow},
	}
	filter := syscall.SockFprog{Len: uint16(len(program)), Filter: &program[0]}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if _, _, e := syscall.RawSyscall6(syscall.SYS_PRCTL, setNoNewPrivileges, 1, 0, 0, 0, 0); e != 0 {
		return e
	}
	pointer := uintptr(unsafe.Pointer(&filter))
	if r, _, e := syscall.RawSyscall(number, setModeFilter, allThreads, pointer); e != 0 || r != 0 {
		return errors.Join(e, errors.New("the filter does not apply to all threads"))
	}
	return nil
}
