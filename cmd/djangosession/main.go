// Command djangosession reads and writes Django's sessions and signed values. It works as
// a filter in a shell pipeline and on a site's database. "djangosession --help" is its
// manual.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"

	"github.com/alecthomas/kong"
)

func main() {
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// program is the name of this program.
const program = "djangosession"

// Exit statuses.
const (
	statusOK     = 0
	statusFailed = 1 // some items, or the whole command, failed
	statusUsage  = 2 // the command line or the settings are wrong; nothing was done
	// 128 plus the number of the signal: the user ended the program, for example with
	// control-C.
)

// commands is the command line.
type commands struct {
	Decode decodeCommand `cmd:"" help:"Read stored sessions: session data in, JSON out."`
	Encode encodeCommand `cmd:"" help:"Write sessions as Django stores them: JSON in, session data out."`
	//nolint:lll // a help text
	Explain       explainCommand       `cmd:"" help:"Explain why session data does not decode, and which key, salt or layout would fit."`
	Sign          signCommand          `cmd:"" help:"Sign values like TimestampSigner or Signer."`
	Unsign        unsignCommand        `cmd:"" help:"Verify signed values and print them."`
	Dumps         dumpsCommand         `cmd:"" help:"Sign JSON values like django.core.signing.dumps."`
	Loads         loadsCommand         `cmd:"" help:"Verify and print signed JSON values like django.core.signing.loads."`
	Sessions      sessionsCommand      `cmd:"" help:"List, show and delete the sessions in a database."`
	Clearsessions clearsessionsCommand `cmd:"" help:"Delete expired sessions from a database in batches."`
	Rotate        rotateCommand        `cmd:"" help:"Count sessions by key, and name the next step of a rotation of SECRET_KEY."`
	Inspect       inspectCommand       `cmd:"" help:"Look at the sessions of a site in a local web page."`
	Serve         serveCommand         `cmd:"" help:"Answer nginx, Traefik, Caddy or Envoy whether a visitor is logged in."`
	Settings      settingsCommand      `cmd:"" help:"Export a site's settings to a file, and check such a file."`
	Doctor        doctorCommand        `cmd:"" help:"Check a deployment, and say what to do about each finding."`
	Demo          demoCommand          `cmd:"" help:"Read, change and delete sessions on a new SQLite database."`

	Version kong.VersionFlag `help:"Print the version."`
}

const description = `Reads and writes Django's sessions and signed values.

The site's SECRET_KEY comes from --secret-key KEY, or else from --settings FILE, or else from the environment variable
DJANGO_SECRET_KEY. "djangosession settings script --help" shows how to create such a file.

Exit status: 0 success, 1 some items failed, 2 wrong usage, 130 interrupted with control-C.`

// run is the program. It returns its exit status.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	t := &tool{stdin: stdin, stdout: stdout, stderr: stderr}
	if len(args) == 0 {
		run([]string{"--help"}, stdin, stderr, stderr)
		return statusUsage
	}
	var line commands
	ended := false // by --help or --version
	parser, err := kong.New(
		&line,
		kong.Name(program),
		kong.Description(description),
		kong.Writers(stdout, stderr),
		kong.Exit(func(int) { ended = true }),
		kong.Vars{"version": "djangosession " + version()},
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 120}),
		// Some of Django's generated secrets begin with a hyphen. If they were refused,
		// the error would contain them.
		kong.WithHyphenPrefixedParameters(true),
		kong.Bind(t),
	)
	if err != nil {
		return t.report(err)
	}
	parsed, err := parser.Parse(args)
	switch {
	case ended:
		return statusOK
	case err != nil:
		return t.report(parseProblem(err))
	}
	return t.report(parsed.Run())
}

// parseProblem adds the help command to an error of the command line.
func parseProblem(err error) error {
	command := program
	var parse *kong.ParseError
	if errors.As(err, &parse) && parse.Context != nil {
		if node := parse.Context.Selected(); node != nil {
			command = node.FullPath()
		}
	}
	return usagef("%w (see %s --help)", err, command)
}

// usageError is an error in the command line or the settings.
type usageError struct{ err error }

func (e usageError) Error() string { return e.err.Error() }
func (e usageError) Unwrap() error { return e.err }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// errSomeFailed ends a command that has already reported the failures.
var errSomeFailed = errors.New("some items failed")

// report prints an error and returns the exit status for it.
func (t *tool) report(err error) int {
	if err == nil {
		return statusOK
	}
	if i, ok := t.interrupted(); ok {
		t.complainf("%s", i)
		return i.status()
	}
	if status, ok := errors.AsType[statusError](err); ok {
		return int(status)
	}
	if !errors.Is(err, errSomeFailed) && !isBrokenPipe(err) {
		t.complainf("%s", plain(err))
	}
	if _, ok := errors.AsType[usageError](err); ok {
		return statusUsage
	}
	return statusFailed
}

// version is the version of the module that the go command recorded.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "(devel)"
	}
	return info.Main.Version
}
