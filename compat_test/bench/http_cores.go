package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
)

// cores are the cores that this program may use, and two of them: the same one if there
// is only one.
type cores struct{ all, servers, clients string }

func findCores(ctx context.Context) (c cores, err error) {
	out, err := taskset(ctx, "-cp", strconv.Itoa(os.Getpid()))
	if err != nil {
		return c, err
	}
	_, list, _ := strings.Cut(out, ": ") // such as 0-3,7
	list = strings.TrimSpace(list)
	c = cores{list, list, list}
	if i := strings.IndexAny(list, ",-"); i >= 0 {
		c.servers, c.clients = list[:i], list[strings.LastIndexAny(list, ",-")+1:]
	}
	return c, nil
}

// moveTo moves this process to other cores. Processes that it starts afterwards run there
// too.
func moveTo(ctx context.Context, list string) error {
	_, err := taskset(ctx, "-a", "-cp", list, strconv.Itoa(os.Getpid()))
	return err
}

func taskset(ctx context.Context, args ...string) (string, error) {
	out, err := exec.CommandContext(ctx, "taskset", args...).CombinedOutput() //nolint:gosec // numbers
	if err != nil {
		return "", fmt.Errorf("taskset: %w\n%s", err, out)
	}
	return string(out), nil
}
