package djangosession

import "sync"

// waitLock is a mutex whose callers can stop waiting. It allocates only if a caller
// waits.
type waitLock struct {
	mu    sync.Mutex // guards the fields below; never held while waiting
	taken bool
	freed chan struct{} // closed when the lock becomes free; nil if nobody waits
}

// lock returns false if done is closed before the lock is free.
func (l *waitLock) lock(done <-chan struct{}) bool {
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
func (l *waitLock) try() (freed <-chan struct{}) {
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

func (l *waitLock) unlock() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.taken = false
	if l.freed != nil {
		close(l.freed)
		l.freed = nil
	}
}
