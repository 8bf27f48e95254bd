package httpmw

import "sync"

// WaitLock is a mutex whose callers can stop waiting. It allocates only if a caller
// waits. The zero WaitLock is free.
type WaitLock struct {
	mu    sync.Mutex // guards the fields below; never held while waiting
	taken bool
	freed chan struct{} // closed when the lock becomes free; nil if nobody waits
}

// Lock takes the lock. It returns false if done is closed before the lock is free.
func (l *WaitLock) Lock(done <-chan struct{}) bool {
	for {
		freed := l.try()
		if freed == nil {
			return true
		}
		select {
		case <-freed:
		case <-done:
			return false
		}
	}
}

// try takes the lock, or returns a channel that is closed when it becomes free.
func (l *WaitLock) try() (freed <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.taken {
		l.taken = true
		return nil
	}
	if l.freed == nil {
		l.freed = make(chan struct{})
	}
	return l.freed
}

// Unlock frees the lock.
func (l *WaitLock) Unlock() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.taken = false
	if l.freed != nil {
		close(l.freed)
		l.freed = nil
	}
}
