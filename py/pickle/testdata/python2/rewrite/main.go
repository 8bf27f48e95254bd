// Command rewrite reads pickles in hex, one a line, and writes what Go makes of each in
// protocol 2. See ../generate.py.
package main

import (
	"bufio"
	"encoding/hex"
	"fmt"
	"os"

	"github.com/djangobridge/djangobridge/py/pickle"
)

func main() {
	out := bufio.NewWriter(os.Stdout)
	defer func() { _ = out.Flush() }()
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		text, err := rewrite(lines.Text())
		if err != nil {
			text = fmt.Sprint("error ", err)
		}
		_, _ = fmt.Fprintln(out, text)
	}
}

func rewrite(text string) (string, error) {
	data, err := hex.DecodeString(text)
	if err != nil {
		return "", err
	}
	v, err := pickle.Loads(data)
	if err != nil {
		return "", err
	}
	again, err := pickle.Dumps(v, 2)
	return hex.EncodeToString(again), err
}
