// Command peer performs the operations that a Django process requests, with this module's
// packages. Each request and each answer is a JSON object on one line. It is the Go half
// of the bridge by which Django's own tests run against Go; the folder bridge contains
// the other half.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/messages"
	"github.com/djangobridge/djangobridge/py"
	"github.com/djangobridge/djangobridge/py/tagged"
	"github.com/djangobridge/djangobridge/signing"
)

func main() {
	if err := serve(context.Background(), os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "peer:", err)
		os.Exit(1)
	}
}

// order is a request from Django.
type order struct {
	Op string `json:"op"`
	// Clock is the time in Django, which its tests set freely, in microseconds since
	// 1970.
	Clock   int64           `json:"clock"`
	Site    *siteOrder      `json:"site"`
	Session *int            `json:"session"`
	Args    json.RawMessage `json:"args"` // tagged JSON
}

var errUnknownOp = errors.New("no such operation")

// peer is the state that the process keeps between two orders.
type peer struct {
	clock    time.Time
	sites    sites
	sessions []*held
	boards   []*board
}

func serve(ctx context.Context, in io.Reader, out io.Writer) error {
	p := &peer{}
	p.sites.now = func() time.Time { return p.clock }
	p.sites.pipe = &pipe{in: bufio.NewReader(in), out: out}
	defer p.sites.close()
	for {
		line, err := p.sites.pipe.in.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		answer, err := p.answer(ctx, line)
		if err != nil {
			return err
		}
		if _, err := out.Write(append(answer, '\n')); err != nil {
			return err
		}
	}
}

// answer performs the order in a line, and returns a line with the result or with the
// exception to raise.
func (p *peer) answer(ctx context.Context, line []byte) ([]byte, error) {
	result, err := p.obey(ctx, line)
	if err != nil {
		class, text := exception(err)
		return json.Marshal(map[string]string{"raises": class, "text": text})
	}
	result, err = py.From(result)
	if err != nil {
		return nil, err
	}
	data, err := tagged.Dumps(result)
	if err != nil {
		return nil, err
	}
	return json.Marshal(map[string]any{"ok": json.RawMessage(data), "queries": p.sites.queries})
}

func (p *peer) obey(ctx context.Context, line []byte) (any, error) {
	var o order
	if err := json.Unmarshal(line, &o); err != nil {
		return nil, err
	}
	a, err := readArgs(o.Args)
	if err != nil {
		return nil, err
	}
	p.clock = time.UnixMicro(o.Clock)
	p.sites.queries = nil
	family, op, _ := strings.Cut(o.Op, ".")
	var result any
	switch family {
	case "session":
		result, err = p.session(ctx, op, &o, a)
	case "signing":
		result, err = p.signing(op, a)
	case "password":
		result, err = p.password(ctx, op, &o, a)
	case "token":
		result, err = p.token(op, &o, a)
	case "message":
		result, err = p.message(ctx, op, &o, a)
	case "cookie":
		result, err = p.cookie(op, &o, a)
	default:
		err = errUnknownOp
	}
	if a.err != nil { // a missing argument caused everything that followed
		err = a.err
	}
	if errors.Is(err, errUnknownOp) {
		err = fmt.Errorf("%w: %s", err, o.Op)
	}
	return result, err
}

// exception returns the class of the exception that Django raises where Go returns err,
// and its text.
func exception(err error) (class, text string) {
	text = err.Error()
	if missing, ok := errors.AsType[*djangosession.KeyError](err); ok {
		return "KeyError", missing.Name
	}
	if _, ok := errors.AsType[*djangosession.ValueError](err); ok {
		return "TypeError", text
	}
	if _, ok := errors.AsType[*signing.AlgorithmError](err); ok {
		return "InvalidAlgorithm", text
	}
	if _, ok := errors.AsType[*cacheError](err); ok {
		return "cache", text // Django raises its own exception again
	}
	if _, ok := errors.AsType[*notImplementedError](err); ok {
		return "NotImplementedError", text
	}
	refused, isRefused := errors.AsType[*signing.DecodeError](err)
	switch {
	case errors.Is(err, messages.ErrNoMiddleware):
		return "MessageFailure", text
	case errors.Is(err, djangosession.ErrNoMiddleware):
		return "ImproperlyConfigured", "The session-based temporary message storage requires session middleware to be " +
			"installed, and come before the message middleware in the MIDDLEWARE list."
	case errors.Is(err, djangosession.ErrBadKey):
		return "InvalidSessionKey", text
	case errors.Is(err, errNoFolder):
		return "ImproperlyConfigured", text
	case errors.Is(err, djangosession.ErrKeyTaken):
		return "CreateError", text
	case errors.Is(err, djangosession.ErrSessionGone):
		return "UpdateError", text
	case errors.Is(err, signing.ErrSeparator):
		return "UnsafeSeparator", text
	case isRefused && refused.Reason == signing.SignatureExpired:
		return "SignatureExpired", text
	case errors.Is(err, signing.ErrBadSignature):
		return "BadSignature", text
	case isRefused:
		return "Refused", text
	}
	return "GoError", text // no test expects this class
}
