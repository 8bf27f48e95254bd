package rediscache_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// fakeRedis is a server of a cluster in this process. It is the only one with slots, and
// can lose answers.
type fakeRedis struct {
	*fakeStore
	addr string
}

// fakeStore is what the servers of a cluster have together.
type fakeStore struct {
	mu      sync.Mutex
	data    map[string]string
	loaded  bool     // the server knows the script
	arrived []string // names of the writes that were received
	does    func(n int, name string) string
	home    string // the address of the server with all slots
}

// loseAnswer makes a server execute a write and close the connection.
const loseAnswer = "lose"

// behave sets what happens to the nth write from now on, counted from 0: loseAnswer, an
// answer that refuses it, or "".
func (s *fakeStore) behave(does func(n int, name string) string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.arrived, s.does = nil, does
}

// received returns the names of the writes since behave, each with a space after it.
func (s *fakeStore) received() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var text strings.Builder
	for _, name := range s.arrived {
		text.WriteString(name + " ")
	}
	return text.String()
}

func newFakeRedis(t *testing.T) *fakeRedis {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	s := &fakeRedis{&fakeStore{data: map[string]string{}, home: addr}, addr}
	var all sync.WaitGroup
	all.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			all.Go(func() { s.serve(conn) })
		}
	})
	t.Cleanup(func() { // after the clients are closed
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		all.Wait()
	})
	return s
}

var errNotACommand = errors.New("not a command")

// readCommand reads an array of texts.
func readCommand(r *bufio.Reader) ([]string, error) {
	number := func(kind byte) (int, error) {
		line, err := r.ReadString('\n')
		if err != nil {
			return 0, err
		}
		if line[0] != kind {
			return 0, errNotACommand
		}
		return strconv.Atoi(strings.TrimSpace(line[1:]))
	}
	n, err := number('*')
	args := make([]string, n)
	for i := range args {
		var length int
		if length, err = number('$'); err != nil {
			break
		}
		text := make([]byte, length+2)
		if _, err = io.ReadFull(r, text); err != nil {
			break
		}
		args[i] = string(text[:length])
	}
	return args, err
}

func (s *fakeRedis) serve(conn net.Conn) {
	defer conn.Close() //nolint:errcheck // nothing waits for it
	r := bufio.NewReader(conn)
	for {
		args, err := readCommand(r)
		if err != nil || len(args) == 0 {
			return
		}
		answer, lost := s.answer(args)
		if lost {
			return
		}
		if _, err := conn.Write([]byte(answer + "\r\n")); err != nil {
			return
		}
	}
}

func (s *fakeRedis) answer(args []string) (answer string, lost bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch strings.ToLower(args[0]) {
	case "get":
		return bulk(s.data, args[1]), false
	case "exists":
		if _, found := s.data[args[1]]; !found {
			return ":0", false
		}
		return ":1", false
	case "cluster":
		host, port, _ := net.SplitHostPort(s.home)
		return fmt.Sprintf("*1\r\n*3\r\n:0\r\n:16383\r\n*2\r\n$%d\r\n%s\r\n:%s", len(host), host, port), false
	case "command":
		names := []string{"get", "exists", "set", "del", "evalsha", "eval"}
		var text strings.Builder
		fmt.Fprintf(&text, "*%d", len(names))
		for _, name := range names {
			fmt.Fprintf(&text, "\r\n*6\r\n$%d\r\n%s\r\n:-2\r\n*0\r\n:1\r\n:1\r\n:1", len(name), name)
		}
		return text.String(), false
	case "asking", "ping", "client":
		return "+OK", false
	case "set", "del", "evalsha", "eval":
		return s.write(args)
	}
	return "-ERR unknown command", false
}

func (s *fakeStore) write(args []string) (answer string, lost bool) {
	does := ""
	if s.does != nil {
		does = s.does(len(s.arrived), args[0])
	}
	s.arrived = append(s.arrived, args[0])
	switch {
	case strings.HasPrefix(does, "-"):
		return does, false
	case args[0] == "evalsha" && !s.loaded:
		return "-NOSCRIPT No matching script.", false
	case args[0] == "set":
		answer = s.set(args)
	case args[0] == "del":
		answer = s.del(args[1])
	default:
		answer = s.swap(args)
	}
	return answer, does == loseAnswer
}

// loseFirst loses the answer to the first write of this name.
func loseFirst(name string) func(int, string) string {
	lost := false
	return func(_ int, got string) string {
		if lost || got != name {
			return ""
		}
		lost = true
		return loseAnswer
	}
}

func (s *fakeStore) set(args []string) string {
	_, found := s.data[args[1]]
	if condition := args[len(args)-1]; condition == "nx" && found || condition == "xx" && !found {
		return "$-1"
	}
	s.data[args[1]] = args[2]
	return "+OK"
}

func (s *fakeStore) del(key string) string {
	if _, found := s.data[key]; !found {
		return ":0"
	}
	delete(s.data, key)
	return ":1"
}

// swap does what the script of swaps does.
func (s *fakeStore) swap(args []string) string {
	s.loaded = true
	key, old := args[3], args[4]
	stored, found := s.data[key]
	switch {
	case !found:
		return ":0"
	case stored != old:
		return ":1"
	case len(args) > 5: //nolint:mnd // there is another value
		s.data[key] = args[5]
	default:
		delete(s.data, key)
	}
	return ":2"
}

func bulk(data map[string]string, key string) string {
	text, found := data[key]
	if !found {
		return "$-1"
	}
	return fmt.Sprintf("$%d\r\n%s", len(text), text)
}
