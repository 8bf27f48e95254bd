package memcached

import (
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"testing"

	"github.com/djangobridge/djangobridge/djangosession"
)

// choice is a case of testdata/servers.py.
type choice struct {
	djangosession.SessionCache
	Servers  string   `json:"servers"`
	MoreKeys []string `json:"more_keys"`
}

func (c *choice) keys() []string {
	const count = 200
	var keys []string
	for _, prefix := range []string{"", "h\u00e9\u2603\U0001f600"} {
		for i := range count {
			digest := md5.Sum([]byte(strconv.Itoa(i)))
			keys = append(keys, prefix+":1:django.contrib.sessions.cache"+hex.EncodeToString(digest[:]))
		}
	}
	return append(keys, c.MoreKeys...)
}

func TestServersAreThoseThatPythonChooses(t *testing.T) {
	t.Parallel()
	for _, file := range []string{"testdata/servers.json", "testdata/servers-1.59.json"} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var choices []choice
		if err := json.Unmarshal(text, &choices); err != nil {
			t.Fatal(err)
		}
		for i, c := range choices {
			t.Run(fmt.Sprintf("%s/%d", file, i), func(t *testing.T) {
				t.Parallel()
				st, err := readSite(&c.SessionCache)
				if err != nil {
					t.Fatal(err)
				}
				wrong := 0
				keys := c.keys()
				for i, key := range keys {
					if strconv.Itoa(st.choose(key)) != c.Servers[i:i+1] {
						wrong++
					}
				}
				if wrong > 0 || len(keys) != len(c.Servers) {
					t.Errorf("%s %q %v %v: %d of %d keys (want %d) are on another server",
						c.Backend, c.Location, c.Weights, c.Options, wrong, len(keys), len(c.Servers))
				}
			})
		}
	}
}
