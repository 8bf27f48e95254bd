package djangobridge

import (
	"context"
	"os"
	"time"
)

// WatchOptions configure [Reloader.Watch].
type WatchOptions struct {
	// Signals reloads at each value it receives. Pass it to [signal.Notify] with
	// syscall.SIGHUP before the service starts, because that signal ends programs that do
	// not expect it.
	//
	// [signal.Notify]: https://pkg.go.dev/os/signal#Notify
	Signals <-chan os.Signal
	// Interval is the time between two looks at the file; [DefaultWatchInterval] if not
	// positive. A new file is read when two looks have seen it unchanged.
	Interval time.Duration
}

const (
	// DefaultWatchInterval is the default of [WatchOptions].Interval.
	DefaultWatchInterval = 5 * time.Second

	watchTimeout = 30 * time.Second // of one reload
	watchPause   = time.Minute      // between two attempts with the same file, and between two warnings
)

// Watch reloads when a signal arrives, when the settings file was replaced, and when a
// session proves that the settings are outdated and the file is newer; see
// [djangosession.ErrOutdatedSettings]. It logs each reload to Options.Sessions.Logger,
// and why one has failed. While the settings are outdated and the file is not newer, it
// logs a warning once a minute at most, except where sessions are in cookies, whose
// signatures any client can date. A file that is missing or empty is not read,
// because it may be about to be written. Watch returns when ctx ends.
func (r *Reloader) Watch(ctx context.Context, o WatchOptions) {
	served := r.current.Load()
	if served == nil {
		return // it is closed
	}
	if o.Interval <= 0 {
		o.Interval = DefaultWatchInterval
	}
	ticker := time.NewTicker(o.Interval)
	defer ticker.Stop()
	w := &watcher{reloader: r, file: served.site.origin.file}
	for {
		select {
		case <-ctx.Done():
			return
		case _, open := <-o.Signals:
			if !open {
				o.Signals = nil
				continue
			}
			w.reload(ctx, "signal")
		case from := <-served.site.origin.outdated:
			if current := r.current.Load(); current != nil && current.site.origin == from { // else it was replaced since
				w.lookOutdated(ctx)
			}
		case <-ticker.C:
			w.look(ctx)
		}
	}
}

// watcher is what a Watch has seen.
type watcher struct {
	reloader *Reloader
	file     string
	seen     os.FileInfo // the file at the last look; nil without one
	failed   os.FileInfo // the file that could not be loaded
	failedAt time.Time
	warnedAt time.Time
}

// look reloads if the file was replaced and is complete.
func (w *watcher) look(ctx context.Context) {
	last := w.seen
	if w.seen = w.newFile(); w.seen != nil && isSameVersion(w.seen, last) {
		w.reload(ctx, "file")
	}
}

// lookOutdated reloads after a session has proved that the settings are outdated. Without
// a newer file it logs a warning, but not because of a cookie that any client can make.
func (w *watcher) lookOutdated(ctx context.Context) {
	if w.seen = w.newFile(); w.seen != nil {
		w.reload(ctx, "outdated")
		return
	}
	served := w.reloader.current.Load()
	if served == nil || served.site.Sessions.Stateless() || !w.warnedAt.IsZero() && time.Since(w.warnedAt) < watchPause {
		return
	}
	w.warnedAt = time.Now()
	w.reloader.logger.WarnContext(ctx, "Django's settings are newer than those of this service, which cannot read all sessions: "+
		"export them again with \"djangosession settings script\"; they are loaded when the file is replaced",
		"file", w.file, "exported_at", served.site.Settings.ExportedAt)
}

// newFile returns the settings file if it is worth reading: it is not the one that was
// loaded, is not empty, and has not failed a moment ago.
func (w *watcher) newFile() os.FileInfo {
	served := w.reloader.current.Load()
	if served == nil {
		return nil
	}
	info, err := os.Stat(w.file)
	switch {
	case err != nil || info.Size() == 0 || isSameVersion(info, served.site.origin.info):
		return nil
	case isSameVersion(info, w.failed) && time.Since(w.failedAt) < watchPause:
		return nil
	}
	return info
}

// reload reloads and logs it.
func (w *watcher) reload(ctx context.Context, reason string) {
	info, _ := os.Stat(w.file) // nil if it is missing
	limited, cancel := context.WithTimeout(ctx, watchTimeout)
	defer cancel()
	err := w.reloader.Reload(limited)
	served := w.reloader.current.Load()
	switch {
	case ctx.Err() != nil || served == nil: // the service ends
	case err != nil:
		w.failed, w.failedAt = info, time.Now()
		w.reloader.logger.ErrorContext(ctx, "settings not reloaded: the former ones remain in use",
			"reason", reason, "file", w.file, "error", err.Error())
	default:
		w.reloader.logger.InfoContext(ctx, "settings reloaded",
			"reason", reason, "file", w.file, "exported_at", served.site.Settings.ExportedAt)
	}
}

// isSameVersion reports whether a file was neither replaced nor changed. Either may be
// nil.
func isSameVersion(a, b os.FileInfo) bool {
	return a != nil && b != nil && os.SameFile(a, b) && a.ModTime().Equal(b.ModTime()) && a.Size() == b.Size()
}
