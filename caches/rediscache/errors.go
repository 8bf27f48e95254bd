package rediscache

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/djangobridge/djangobridge/djangosession"
)

// A ServerError reports that a server has refused a command. Its text names the setting
// to correct, and contains no key, value or password.
type ServerError struct {
	// Code is the first word of the server's answer, such as "NOAUTH", "WRONGPASS",
	// "NOPERM", "READONLY", "OOM", "LOADING", "MOVED" or "ERR".
	Code string
	// Problem is what is wrong, and the remedy.
	Problem string
}

func (e *ServerError) Error() string { return "the server answers " + e.Code + ": " + e.Problem }

// problems are the answers of servers that a setting causes.
func problems() map[string]string {
	const (
		password = "correct the user and the password in LOCATION or OPTIONS of the cache, and export the settings again"
		retry    = "try again later"
	)
	return map[string]string{
		"NOAUTH":    "it wants a password: " + password,
		"WRONGPASS": "it refuses the user or the password: " + password,
		"NOPERM": "the user may not do this: permit get, set, del, exists, evalsha, eval and scan on the keys of sessions " +
			"(ACL SETUSER), or use another user in LOCATION or OPTIONS of the cache",
		"READONLY":    "it is a replica: put the primary first in LOCATION of the cache, or use Sentinel",
		"OOM":         "its memory is full: raise maxmemory of Redis, or remove other data. The session was not stored",
		"LOADING":     "it is loading its data after a start: " + retry,
		"BUSY":        "a script blocks it: " + retry,
		"MASTERDOWN":  "it is a replica without its primary: put the primary first in LOCATION of the cache, or use Sentinel",
		"MISCONF":     "it cannot save to its disk and refuses to write: free space there, or correct the settings of Redis",
		"NOREPLICAS":  "it has too few replicas (min-replicas-to-write) to write: start them, or correct the settings of Redis",
		"MOVED":       "it is part of a cluster: set Options.Cluster",
		"ASK":         "it is part of a cluster: set Options.Cluster",
		"CLUSTERDOWN": "the cluster is not complete: repair it, and " + retry,
		"TRYAGAIN":    "the cluster is moving keys: " + retry,
		"NOSCRIPT":    "it does not keep scripts: " + retry,
		"WRONGTYPE":   "another program has stored something else under the key: give it other keys (KEY_PREFIX), or another database",
	}
}

// serverError returns the error for an answer of a server, without what it quotes.
func serverError(answer string) *ServerError {
	code, text, _ := strings.Cut(answer, " ")
	if problem, ok := problems()[code]; ok {
		return &ServerError{Code: code, Problem: problem}
	}
	if code == "ERR" && strings.Contains(text, "AUTH") || strings.Contains(text, "invalid password") {
		return &ServerError{Code: code, Problem: problems()["WRONGPASS"]}
	}
	if strings.Contains(text, "DB index") || strings.Contains(text, "SELECT is not allowed") {
		return &ServerError{Code: code, Problem: "it lacks the database: correct its number in LOCATION or OPTIONS of the cache"}
	}
	if i := strings.IndexAny(text, "`'\"("); i >= 0 { // which may begin the quotation of a command
		text = text[:i]
	}
	return &ServerError{Code: code, Problem: strings.TrimRight(text, " :,")}
}

// wrap returns the error of an operation, without a key, a value or a password.
func wrap(ctx context.Context, op string, err error) error {
	if err == nil {
		return nil
	}
	ended := ctx.Err()
	if end, ok := ctx.Deadline(); ended == nil && ok && !time.Now().Before(end) {
		ended = context.DeadlineExceeded // connections can end before the timer of the context
	}
	if ended != nil {
		return fmt.Errorf("rediscache: %s: %w", op, ended)
	}
	if answer, ok := errors.AsType[redis.Error](err); ok {
		return fmt.Errorf("rediscache: %s: %w", op, serverError(answer.Error()))
	}
	return fmt.Errorf("rediscache: %s: %w", op, err)
}

func settingError(setting, problem string) error {
	return &djangosession.SettingError{Setting: setting, Problem: problem}
}
