package servers_test

import (
	"testing"

	"github.com/djangobridge/djangobridge/compat_test/servers"
)

func TestCachesStartAndStop(t *testing.T) {
	t.Parallel()
	for _, name := range []string{servers.Redis, servers.Memcached} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, err := servers.New(name)
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Stop(); err != nil {
				t.Error(err)
			}
			if err := s.Start(); err != nil {
				t.Error(err)
			}
			if err := s.Start(); err == nil {
				t.Error("a server that runs was started again")
			}
			if err := s.Remove(); err != nil {
				t.Error(err)
			}
		})
	}
}
