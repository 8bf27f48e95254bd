package djangobridge

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	"github.com/djangobridge/djangobridge/djangosession"
)

// origin is where the settings of a site come from.
type origin struct {
	file    string      // an absolute path
	info    os.FileInfo // of the file as it was read
	options Options     // as the caller has set them
	// outdated receives the origin whose settings a session has proved to be outdated. The
	// sites that replace this one share it.
	outdated chan *origin
}

// openFile is [Open] for a site that can be read again.
func openFile(file string, o Options, outdated chan *origin) (*Site, error) {
	s, info, found, err := review(file)
	if err != nil {
		return nil, err
	}
	from := &origin{file: file, info: info, options: o, outdated: outdated}
	if path, err := filepath.Abs(file); err == nil { // else the folder of the process is gone
		from.file = path
	}
	o.reportOutdated(from)
	site, err := open(file, s, found, o)
	if err != nil {
		return nil, err
	}
	site.origin = from
	return site, nil
}

// reportOutdated makes the sessions report outdated settings to from.outdated too.
func (o *Options) reportOutdated(from *origin) {
	report := func(next func(context.Context, error)) func(context.Context, error) {
		return func(ctx context.Context, err error) {
			// No export makes a large session readable.
			if errors.Is(err, djangosession.ErrOutdatedSettings) && !errors.Is(err, djangosession.ErrMaxInflated) {
				select {
				case from.outdated <- from:
				default: // one report is enough
				}
			}
			if next != nil {
				next(ctx, err)
			}
		}
	}
	o.Sessions.OnLoadError, o.Sessions.OnError = report(o.Sessions.OnLoadError), report(o.Sessions.OnError)
}

var errNotFromFile = errors.New("djangobridge: the site was not opened from a file, so its settings cannot be read again: " +
	"open it with Open, or create another one with New")

// Reload reads the settings file of the site again and returns another site with the
// same options, after a successful [Site.Check]. Both sites use the same databases, and
// each has connections to the cache of its own. s remains usable: close it after its last
// request, as a [Reloader] does. The error is that of [Open] or Check, or says that the
// site was made by [New] and has no file.
func (s *Site) Reload(ctx context.Context) (*Site, error) {
	if s.origin == nil {
		return nil, errNotFromFile
	}
	next, err := openFile(s.origin.file, s.origin.options, s.origin.outdated)
	if err != nil {
		return nil, err
	}
	if err := next.Check(ctx); err != nil {
		_ = next.Close() // the other error says more
		return nil, err
	}
	return next, nil
}
