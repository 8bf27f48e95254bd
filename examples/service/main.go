// Service is a Go service beside a Django site. It shows who is logged in, keeps a cart
// in the session, which Django sees too, and accepts a form with Django's CSRF token.
// With -read-only it writes nothing. It needs the exported settings of the site in
// site.json and the site's database in db.sqlite3. It loads new settings without a
// restart: at SIGHUP, and when site.json was replaced.
package main

import (
	"context"
	"database/sql"
	"flag"
	"html/template"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	_ "modernc.org/sqlite" // or the driver of your database

	"github.com/djangobridge/djangobridge"
	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/auth"
	"github.com/djangobridge/djangobridge/djangosession/csrf"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stderr)
	stop()
	if err != nil {
		slog.Error("service ended", "error", err)
		os.Exit(1)
	}
}

// run serves until ctx ends, and then lets the requests in flight finish.
func run(ctx context.Context, args []string, stderr io.Writer) error {
	flags := flag.NewFlagSet("service", flag.ContinueOnError)
	flags.SetOutput(stderr)
	address := flags.String("address", "127.0.0.1:8001", "where to listen")
	readOnly := flags.Bool("read-only", false, "write nothing: no session, no cookie")
	if err := flags.Parse(args); err != nil {
		return err
	}
	logger := slog.New(slog.NewTextHandler(stderr, nil))
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP) // which would end the program
	defer signal.Stop(hangups)

	// mode=rw makes no new database, and FULL keeps logouts through a power failure.
	db, err := sql.Open("sqlite", "file:db.sqlite3?mode=rw&_busy_timeout=10&_synchronous=FULL")
	if err != nil {
		return err
	}
	defer db.Close() //nolint:errcheck // all writes are committed
	site, err := djangobridge.Open("site.json", djangobridge.Options{
		DB:       db,
		ReadOnly: *readOnly,
		// Requests that change other values of the session at once lose nothing.
		Sessions: djangosession.Options{MergeSaves: !*readOnly, Logger: logger},
	})
	if err != nil {
		return err // names the setting, option or command that helps
	}
	starting, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	if err := site.Check(starting); err != nil { // tables, columns, durability
		return err
	}
	handler, err := djangobridge.NewReloader(site, func(site *djangobridge.Site) (http.Handler, error) {
		return newHandler(site), nil
	})
	if err != nil {
		return err
	}
	defer handler.Close() //nolint:errcheck // the sessions are in the database
	go handler.Watch(ctx, djangobridge.WatchOptions{Signals: hangups})

	server := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      30 * time.Second,
		IdleTimeout:       2 * time.Minute,
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", *address)
	if err != nil {
		return err
	}
	logger.Info("listening", "address", listener.Addr().String(), "read_only", *readOnly)
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	return server.Shutdown(grace)
}

// newHandler returns the handler of the service. Tests call it with a site of package
// sitetest.
func newHandler(site *djangobridge.Site) http.Handler {
	pages := shop{html: template.Must(template.New("").Parse(html)), readOnly: site.Sessions.ReadOnly()}
	mux := http.NewServeMux()
	mux.Handle("GET /{$}", page(pages.show))
	mux.Handle("GET /account", site.LoginRequired(page(pages.show))) // others are sent to LOGIN_URL
	if !pages.readOnly {
		mux.Handle("POST /cart", page(pages.add))
	}
	return http.MaxBytesHandler(site.Middleware(mux), 1<<20)
}

const html = `<!doctype html>
<p>{{with .User}}Hello, {{.Username}}{{else}}Nobody is logged in{{end}}
<ul>{{range $item, $number := .Cart}}<li>{{$item}}: {{$number}}{{end}}</ul>
{{with .Field}}<form method="post" action="/cart">{{.}}<button name="item" value="tea">Add tea</button></form>{{end}}
`

// page is a handler that may fail before it has written anything.
type page func(w http.ResponseWriter, r *http.Request) error

func (p page) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if err := p(w, r); err != nil {
		slog.ErrorContext(r.Context(), "request failed", "path", r.URL.Path, "error", err)
		http.Error(w, "Please try again later.", http.StatusServiceUnavailable)
	}
}

// shop has the pages.
type shop struct {
	html     *template.Template
	readOnly bool
}

// show answers with the user, the cart and a form.
func (s shop) show(w http.ResponseWriter, r *http.Request) error {
	user, err := auth.UserFrom(r.Context()) // nil if nobody is logged in
	if err != nil {
		return err
	}
	_, cart, err := cartOf(r)
	if err != nil {
		return err
	}
	var field template.HTML // with the CSRF token
	if !s.readOnly {
		if field, err = csrf.TemplateField(r.Context()); err != nil {
			return err
		}
	}
	return s.html.Execute(w, map[string]any{"User": user, "Cart": cart, "Field": field})
}

// add puts one more of an item into the cart. The middleware has checked the CSRF token,
// and saves the session before the response goes out.
func (s shop) add(w http.ResponseWriter, r *http.Request) error {
	session, cart, err := cartOf(r)
	if err != nil {
		return err
	}
	cart[r.PostFormValue("item")]++
	session.Set("cart", cart)
	http.Redirect(w, r, "/", http.StatusSeeOther)
	return nil
}

// cartOf returns the session and the number of each item in its cart.
func cartOf(r *http.Request) (*djangosession.Session, map[string]int, error) {
	session, err := djangosession.FromContext(r.Context())
	if err != nil {
		return nil, nil, err
	}
	cart := map[string]int{}
	if session.Contains("cart") {
		err = session.Scan("cart", &cart)
	}
	return session, cart, err
}
