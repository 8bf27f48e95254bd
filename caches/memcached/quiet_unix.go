//go:build unix

package memcached

import (
	"net"
	"syscall"
)

// isQuiet reports whether the server has neither closed an idle connection nor sent
// anything that was not asked for. It takes a microsecond, and spares the first
// operations after a restart of the server an error.
func isQuiet(c net.Conn) bool {
	system, ok := c.(syscall.Conn)
	if !ok {
		return true // not known
	}
	raw, err := system.SyscallConn()
	if err != nil {
		return false
	}
	quiet := false
	err = raw.Control(func(fd uintptr) {
		var b [1]byte
		_, err := syscall.Read(int(fd), b[:])
		quiet = err == syscall.EAGAIN
	})
	return err == nil && quiet
}
