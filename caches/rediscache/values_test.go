package rediscache

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/py"
	"github.com/djangobridge/djangobridge/py/pickle"
)

func readJSON(t *testing.T, name string, dst any) {
	t.Helper()
	data, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, dst); err != nil {
		t.Fatal(err)
	}
}

func unhex(t *testing.T, text string) []byte {
	t.Helper()
	data, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// siteSettings are the settings of a site with this cache.
func siteSettings(backend string, options map[string]any, location ...string) djangosession.Settings {
	s := djangosession.NewSettings("k")
	s.SessionEngine = "django.contrib.sessions.backends.cache"
	s.PickleProtocol = 5
	if location == nil {
		location = []string{"redis://127.0.0.1:6379/0"}
	}
	s.SessionCache = djangosession.SessionCache{
		Alias: "default", Backend: backend, Location: location, Options: options, Version: "1", Clients: map[string]string{"redis": "6.1.1"},
	}
	return s
}

func formatOf(t *testing.T, s djangosession.Settings) *format {
	t.Helper()
	site, err := readSite(s, Options{})
	if err != nil {
		t.Fatal(err)
	}
	return site.format
}

// vectorOptions are the OPTIONS of the caches that values.json names.
func vectorOptions(name string) (backend string, options map[string]any) {
	name, ok := strings.CutPrefix(name, "django-redis")
	if !ok {
		return djangoBackend, nil
	}
	compressors := map[string]string{"zlib": "Zlib", "gzip": "Gzip", "lzma": "Lzma", "lz4": "Lz4", "zstd": "ZStd"}
	switch name = strings.TrimPrefix(name, " "); name {
	case "":
		return djangoRedisBackend, nil
	case "PICKLE_VERSION 2":
		return djangoRedisBackend, map[string]any{"PICKLE_VERSION": 2.0}
	case "Herd":
		return djangoRedisBackend, map[string]any{"CLIENT_CLASS": "django_redis.client.HerdClient"}
	case "JSON":
		return djangoRedisBackend, map[string]any{"SERIALIZER": "django_redis.serializers.json.JSONSerializer"}
	case "msgpack":
		return djangoRedisBackend, map[string]any{"SERIALIZER": "django_redis.serializers.msgpack.MSGPackSerializer"}
	}
	return djangoRedisBackend, map[string]any{"COMPRESSOR": "django_redis.compressors." + name + "." + compressors[name] + "Compressor"}
}

// TestValuesOfEveryReleaseAreReadAndWritten has values of Django and django-redis. The
// same bytes are written, except where they depend on the version of a compressor or on
// the newest pickle protocol of a Python.
func TestValuesOfEveryReleaseAreReadAndWritten(t *testing.T) {
	t.Parallel()
	var releases map[string]struct {
		Values map[string]map[string]any `json:"values"`
	}
	readJSON(t, "values.json", &releases)
	read, same := 0, 0
	for release, r := range releases {
		for name, cases := range r.Values {
			backend, options := vectorOptions(name)
			s := siteSettings(backend, options)
			s.Now = func() time.Time { return time.Unix(1700000000, 0) } // when they were written
			f := formatOf(t, s)
			for title, text := range cases {
				text, ok := text.(string)
				if !ok {
					continue // it could not be written
				}
				data := unhex(t, text)
				d, err := f.decode(data)
				if err != nil {
					t.Errorf("%s: %s: %s: %v", release, name, title, err)
					continue
				}
				read++
				written, err := f.encode(d)
				if err != nil {
					t.Fatal(err)
				}
				if again, err := f.decode(written); err != nil || !py.Equal(again, d) {
					t.Errorf("%s: %s: %s: read again: %v", release, name, title, err)
				}
				if len(data) > 1 && data[0] == 0x80 && data[1] == 5 {
					data[1] = 4
				}
				if f.compressor == nil && !strings.HasSuffix(name, "Herd") && !bytes.Equal(written, data) {
					t.Errorf("%s: %s: %s: wrote %x, want %x", release, name, title, written, data)
				}
				if bytes.Equal(written, data) {
					same++
				}
			}
		}
	}
	if read < 400 || same < 250 {
		t.Errorf("only %d values were read, and %d were the same", read, same)
	}
}

// TestSerializersWriteWhatPythonWrites has values of all types that sessions may have.
func TestSerializersWriteWhatPythonWrites(t *testing.T) {
	t.Parallel()
	var held struct {
		Values map[string]map[string]any `json:"values"`
	}
	readJSON(t, "encodings.json", &held)
	for title, c := range held.Values {
		text, _ := c["pickle"].(string)
		v, err := pickle.Loads(unhex(t, text))
		if err != nil {
			t.Fatal(err)
		}
		d, _ := v.(*py.Dict)
		for name, s := range map[string]struct {
			dumps func(*py.Dict) ([]byte, error)
			loads func([]byte) (*py.Dict, error)
		}{
			"JSONSerializer": {dumpsJSON, loadsJSON}, "MSGPackSerializer": {dumpsMsgpack, loadsMsgpack},
		} {
			got, err := s.dumps(d)
			want, ok := c[name].(string)
			back, readable := c[name+" reads"].(string)
			if !ok || !readable {
				if _, ok := errors.AsType[*djangosession.ValueError](err); !ok {
					t.Errorf("%s: %s: wrote %.60x, %v; Python refuses to write or to read it", title, name, got, err)
				}
				continue
			}
			if err != nil || hex.EncodeToString(got) != want {
				t.Errorf("%s: %s: wrote %.60q, %v; want %.60q", title, name, got, err, unhex(t, want))
				continue
			}
			read, err := s.loads(got)
			if err != nil {
				t.Errorf("%s: %s: read: %v", title, name, err)
				continue
			}
			expected, err := pickle.Loads(unhex(t, back))
			if err != nil || !py.Equal(read, expected) {
				t.Errorf("%s: %s: read another value than Python (%v)", title, name, err)
			}
		}
	}
}
