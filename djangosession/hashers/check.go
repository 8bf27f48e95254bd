package hashers

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"unicode/utf8"

	"github.com/djangobridge/djangobridge/djangosession/auth"
)

// Errors of [Hashers.Make] for passwords that Django could not check.
var (
	ErrNotUTF8         = errors.New("hashers: the password is not valid UTF-8, so Django could not check it")
	ErrPasswordTooLong = auth.ErrPasswordTooLong
)

// Check reports whether encoded is the encoding of password, and whether Django would now
// encode the password again: because its hasher is not the site's default, or because of
// other parameters or a short salt. mustUpdate is false if ok is false or if Make would
// fail.
//
// Empty text, and text that begins with "!", match no password. Refusals take as long as
// with the site's default hasher; see the package documentation. Check a nonexistent
// user's password against "".
//
// The error is an [*auth.HasherError] if the hasher is unknown, if PASSWORD_HASHERS does
// not contain it, or if the password demands too much work or memory. If the default
// hasher is unknown, every refusal returns that error, so that it does not reveal which
// users exist. Other errors are those of ctx and of [Options].Own. Matches
// verify_password.
func (h *Hashers) Check(ctx context.Context, password string, encoded auth.Secret) (ok, mustUpdate bool, err error) {
	leave, err := h.limit.enter(ctx)
	if err != nil {
		return false, false, err
	}
	defer leave()
	text := string(encoded)
	if text == "" || strings.HasPrefix(text, unusablePrefix) {
		return false, false, h.refuse(password, cost{})
	}
	e, err := h.find(text)
	switch {
	case err != nil:
		h.tell(ctx, err)
		_ = h.refuse(password, cost{}) // the other error says more
		return false, false, err
	case e.own != nil:
		return h.checkOwn(e, password, text)
	}
	return h.checkDjangos(ctx, e, password, text)
}

const unusablePrefix = "!" // UNUSABLE_PASSWORD_PREFIX

// checkDjangos is Check for Django's hashers.
func (h *Hashers) checkDjangos(ctx context.Context, e *entry, password, encoded string) (ok, mustUpdate bool, err error) {
	p, ok := e.django.parse(encoded)
	if !ok || !utf8.ValidString(password) {
		return false, false, h.refuse(password, cost{})
	}
	if problem := h.problem(p); problem != "" {
		err := hasherError(e.algorithm, "cannot check a stored password: "+problem)
		h.tellStored(ctx, err)
		_ = h.refuse(password, cost{})
		return false, false, err
	}
	if ok, err = p.matches(password); err != nil {
		return false, false, fmt.Errorf("hashers: check a password: %w", err)
	}
	if !ok {
		return false, false, h.refuse(password, p.cost())
	}
	return true, h.updates(e, password, p.outdated()), nil
}

// checkOwn is Check for hashers of the site.
func (h *Hashers) checkOwn(e *entry, password, encoded string) (ok, mustUpdate bool, err error) {
	ok, err = e.own.Verify(password, encoded)
	switch {
	case err != nil:
		return false, false, fmt.Errorf("hashers: check a password of the hasher %q: %w", e.algorithm, err)
	case !ok && e == h.preferred: // it has done its work
		return false, false, nil
	case !ok:
		return false, false, h.refuse(password, cost{})
	}
	return true, h.updates(e, password, e.own.MustUpdate(encoded)), nil
}

// updates reports whether a password that was right should be encoded again.
func (h *Hashers) updates(e *entry, password string, outdated bool) bool {
	return (e != h.preferred || outdated) && h.preferred.refuses(password) == nil
}

// refuse does the work that is missing after that for a stored password, so that the
// whole takes as long as the default hasher, or the one in its place.
func (h *Hashers) refuse(password string, done cost) error {
	switch e := h.preferred; {
	case e.problem != nil:
		if h.standIn != nil {
			_ = spendRest(h.standIn, password, done) // the other error says more
		}
		return e.problem
	case e.own != nil:
		if _, err := e.own.Encode(password); err != nil {
			return fmt.Errorf("hashers: encode a password by the hasher %q: %w", e.algorithm, err)
		}
		return nil
	}
	return spendRest(h.preferred.django, password, done)
}

// spendRest does the work of a hasher that is missing after that for a stored password.
func spendRest(a algorithm, password string, done cost) error {
	rest := a.cost().time - done.time
	if rest <= 0 {
		return nil
	}
	if err := a.spend(password, rest); err != nil {
		return fmt.Errorf("hashers: refuse a password: %w", err)
	}
	return nil
}

// problem returns why a stored password is not checked; "" if it is.
func (h *Hashers) problem(p stored) string {
	if text := p.problem(); text != "" {
		return text
	}
	return h.excess(p.cost())
}

// excess returns which limit a cost exceeds.
func (h *Hashers) excess(c cost) string {
	switch {
	case c.memory > h.maxMemory:
		return fmt.Sprintf("it needs %d bytes of memory, but Options.MaxMemory of package hashers is %d", c.memory, h.maxMemory)
	case c.time > maxTime:
		return "it needs too much time"
	}
	return ""
}

// Make encodes a password by the site's default hasher, with a new salt. The error is an
// [*auth.HasherError] if that hasher is unknown or insecure, [ErrNotUTF8],
// [ErrPasswordTooLong], or an error of ctx or [Options].Own. Matches make_password.
func (h *Hashers) Make(ctx context.Context, password string) (auth.Secret, error) {
	if !utf8.ValidString(password) {
		return "", ErrNotUTF8
	}
	if err := h.preferred.refuses(password); err != nil {
		return "", err
	}
	leave, err := h.limit.enter(ctx)
	if err != nil {
		return "", err
	}
	defer leave()
	encoded, err := h.preferred.encode(password)
	if err != nil {
		return "", fmt.Errorf("hashers: encode a password: %w", err)
	}
	return auth.Secret(encoded), nil
}

// Messages of the log.
const (
	unusable       = "users whose passwords were encoded by this hasher cannot log in"
	storedUnusable = "a user cannot log in because of the parameters of the stored password"
)

// toldKey identifies a message of the log.
type toldKey struct{ message, hasher string }

// tell logs that passwords of a hasher cannot be checked, once per hasher.
func (h *Hashers) tell(ctx context.Context, err error) {
	if attrs := h.untold(unusable, err); attrs != nil {
		h.logger.ErrorContext(ctx, unusable, attrs...)
	}
}

// tellStored logs that one stored password cannot be checked, once per hasher.
func (h *Hashers) tellStored(ctx context.Context, err error) {
	if attrs := h.untold(storedUnusable, err); attrs != nil {
		h.logger.ErrorContext(ctx, storedUnusable, attrs...)
	}
}

// untold returns what to log about a [*auth.HasherError] with a message, and nil for
// other errors and for hashers that have been logged with it.
func (h *Hashers) untold(message string, err error) []any {
	problem, ok := errors.AsType[*auth.HasherError](err)
	if !ok {
		return nil
	}
	if _, told := h.told.LoadOrStore(toldKey{message, problem.Hasher}, true); told {
		return nil
	}
	return []any{slog.String("hasher", problem.Hasher), slog.String("error", problem.Error())}
}
