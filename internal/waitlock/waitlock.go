// Package waitlock contains a mutex whose callers can stop waiting.
package waitlock

import "sync"

// A Mutex is a mutex whose callers can stop waiting. The zero Mutex is unlocked. It
// allocates only if a caller waits.
type Mutex struct {
	mu    sync.Mutex // guards the fields below; never held while waiting
	taken bool
	freed chan struct{} // closed when the lock becomes free; nil if no caller waits
}

// Lock returns false if done is closed before the lock is free. With a nil done it waits
// as long as necessary.
func (m *Mutex) Lock(done <-chan struct{}) bool {
	for {
		freed := m.try()
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
func (m *Mutex) try() (freed <-chan struct{}) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.taken {
		m.taken = true
		return nil
	}
	if m.freed == nil {
		m.freed = make(chan struct{})
	}
	return m.freed
}

// Unlock releases the lock.
func (m *Mutex) Unlock() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.taken = false
	if m.freed != nil {
		close(m.freed)
		m.freed = nil
	}
}
