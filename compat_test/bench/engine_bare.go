package main

import (
	"bytes"
	"context"
	"crypto/md5" //nolint:gosec // as in Django
	"encoding/base64"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"time"

	"github.com/bradfitz/gomemcache/memcache"
	"github.com/klauspost/compress/zlib"
	"github.com/redis/go-redis/v9"

	"github.com/djangobridge/djangobridge/caches"
	"github.com/djangobridge/djangobridge/compat_test/servers"
	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/py"
	"github.com/djangobridge/djangobridge/py/pickle"
)

// age is how long sessions live.
const age = 14 * 24 * time.Hour

// bareTable is a table of sessions.
func bareTable(ctx context.Context, s *site) (*floors, error) {
	b, err := signedText(s)
	if err != nil {
		return nil, err
	}
	err = bareRow(ctx, b, s, "SELECT session_data, expire_date FROM django_session WHERE session_key = $1",
		"UPDATE django_session SET session_data = $1, expire_date = $2 WHERE session_key = $3")
	return b.floors(ctx, s), err
}

// bareTableCache is the table of a DatabaseCache, which contains pickles in base64.
func bareTableCache(ctx context.Context, s *site) (*floors, error) {
	b, err := pickled(s)
	if err != nil {
		return nil, err
	}
	loads, dumps := b.loads, b.dumps
	b.loads = func(text []byte) (*py.Dict, error) {
		data, err := base64.StdEncoding.DecodeString(string(text))
		if err != nil {
			return nil, err
		}
		return loads(data)
	}
	b.dumps = func(d *py.Dict) ([]byte, error) {
		data, err := dumps(d)
		return base64.StdEncoding.AppendEncode(nil, data), err
	}
	if err := bareRow(ctx, b, s, "SELECT value, expires FROM "+cacheTable+" WHERE cache_key = $1",
		"UPDATE "+cacheTable+" SET value = $1, expires = $2 WHERE cache_key = $3"); err != nil {
		return nil, err
	}
	read, write := b.read, b.write
	b.read = func(ctx context.Context, key string) ([]byte, error) { return read(ctx, s.cacheKey(key)) }
	b.write = func(ctx context.Context, key string, text []byte) error { return write(ctx, s.cacheKey(key), text) }
	return b.floors(ctx, s), nil
}

// bareRow makes a store use rows, with prepared statements. The arguments of write are
// the text, the date and the key.
func bareRow(ctx context.Context, b *bareStore, s *site, read, write string) error {
	if s.engine.database == servers.MariaDB {
		number := regexp.MustCompile(`\$\d`)
		read, write = number.ReplaceAllString(read, "?"), number.ReplaceAllString(write, "?")
	}
	reading, readErr := s.db.PrepareContext(ctx, read) //nolint:sqlclosecheck // the site closes it
	writing, writeErr := s.db.PrepareContext(ctx, write)
	if err := errors.Join(readErr, writeErr); err != nil {
		return err
	}
	s.closing(reading)
	s.closing(writing)
	b.read = func(ctx context.Context, key string) (text []byte, err error) {
		var expires any
		err = reading.QueryRowContext(ctx, key).Scan(&text, &expires)
		return text, err
	}
	b.write = func(ctx context.Context, key string, text []byte) error {
		expires := time.Now().Add(age).UTC().Format("2006-01-02 15:04:05.000000")
		tx, err := s.db.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		//nolint:sqlclosecheck // the transaction closes it
		if _, err := tx.StmtContext(ctx, writing).ExecContext(ctx, string(text), expires, key); err != nil {
			return errors.Join(err, tx.Rollback())
		}
		return tx.Commit()
	}
	return nil
}

// signedText encodes sessions as the table and the files have them.
func signedText(s *site) (*bareStore, error) {
	codec, err := djangosession.NewCodec(s.settings)
	return &bareStore{
		loads: func(text []byte) (*py.Dict, error) { return codec.Decode(string(text)) },
		dumps: func(d *py.Dict) ([]byte, error) {
			text, err := codec.Encode(d)
			return []byte(text), err
		},
	}, err
}

// pickled encodes sessions as the caches have them.
func pickled(s *site) (*bareStore, error) {
	format, err := caches.NewPickle(s.settings)
	if err != nil {
		return nil, err
	}
	return &bareStore{loads: format.Loads, dumps: format.Dumps}, nil
}

// cacheKey returns the key of a session in the cache.
func (s *site) cacheKey(key string) string {
	prefix := "django.contrib.sessions.cache"
	if s.engine.module == cachedModule {
		prefix = "django.contrib.sessions.cached_db"
	}
	return caches.Key(prefix+key, s.settings.SessionCache.KeyPrefix, s.settings.SessionCache.Version)
}

func bareRedis(ctx context.Context, s *site) (*floors, error) {
	b, err := pickled(s)
	if err != nil {
		return nil, err
	}
	client := redis.NewClient(&redis.Options{Addr: s.at.address})
	s.closing(client)
	b.read = func(ctx context.Context, key string) ([]byte, error) { return client.Get(ctx, s.cacheKey(key)).Bytes() }
	b.write = func(ctx context.Context, key string, text []byte) error {
		return client.Set(ctx, s.cacheKey(key), text, age).Err()
	}
	return b.floors(ctx, s), nil
}

func bareMemcached(ctx context.Context, s *site) (*floors, error) {
	b, err := pickled(s)
	if err != nil {
		return nil, err
	}
	client := memcache.New(s.at.address)
	s.closing(client)
	b.read = func(_ context.Context, key string) ([]byte, error) {
		item, err := client.Get(s.cacheKey(key))
		if err != nil {
			return nil, err
		}
		return item.Value, nil
	}
	b.write = func(_ context.Context, key string, text []byte) error {
		return client.Set(&memcache.Item{Key: s.cacheKey(key), Value: text, Flags: 1, Expiration: int32(age.Seconds())})
	}
	return b.floors(ctx, s), nil
}

// bareCached is cached_db: a session is loaded from the cache, and saved in both.
func bareCached(ctx context.Context, s *site) (*floors, error) {
	row, rowErr := bareTable(ctx, s)
	copied, copiedErr := bareRedis(ctx, s)
	if err := errors.Join(rowErr, copiedErr); err != nil {
		return nil, err
	}
	return &floors{load: copied.load, save: func() error { return errors.Join(row.save(), copied.save()) }}, nil
}

// bareFileCache is the files of FileBasedCache, which contain a pickled time and a
// compressed pickle.
func bareFileCache(ctx context.Context, s *site) (*floors, error) {
	b, err := pickled(s)
	if err != nil {
		return nil, err
	}
	loads, dumps := b.loads, b.dumps
	const expiry = 21 // bytes
	source, inflater := &bytes.Reader{}, io.ReadCloser(nil)
	b.loads = func(text []byte) (*py.Dict, error) {
		source.Reset(text[min(expiry, len(text)):])
		var err error
		if r, ok := inflater.(zlib.Resetter); ok {
			err = r.Reset(source, nil)
		} else {
			inflater, err = zlib.NewReader(source)
		}
		if err != nil {
			return nil, err
		}
		if text, err = io.ReadAll(inflater); err != nil {
			return nil, err
		}
		return loads(text)
	}
	deflater := zlib.NewWriter(nil)
	b.dumps = func(d *py.Dict) ([]byte, error) {
		data, dumpErr := dumps(d)
		expires, err := pickle.Dumps(float64(time.Now().Add(age).UnixNano())/1e9, highestProtocol)
		out := bytes.NewBuffer(expires)
		deflater.Reset(out)
		_, writeErr := deflater.Write(data)
		err = errors.Join(err, dumpErr, writeErr, deflater.Close())
		return out.Bytes(), err
	}
	bareFiles(b, func(key string) string {
		sum := md5.Sum([]byte(s.cacheKey(key))) //nolint:gosec // as in Django
		return filepath.Join(s.settings.SessionCache.Location[0], hex.EncodeToString(sum[:])+".djcache")
	})
	return b.floors(ctx, s), nil
}

// bareFile is the engine file.
func bareFile(ctx context.Context, s *site) (*floors, error) {
	b, err := signedText(s)
	if err != nil {
		return nil, err
	}
	bareFiles(b, func(key string) string {
		return filepath.Join(s.settings.SessionFilePath, s.settings.SessionCookieName+key)
	})
	return b.floors(ctx, s), nil
}

// bareCookie is the engine signed_cookies, which stores nothing: only decoding and
// encoding are left.
func bareCookie(ctx context.Context, s *site) (*floors, error) {
	codec, err := djangosession.NewCookieCodec(s.settings)
	b := &bareStore{
		read:  func(_ context.Context, key string) ([]byte, error) { return []byte(key), nil },
		write: func(context.Context, string, []byte) error { return nil },
		loads: func(text []byte) (*py.Dict, error) { return codec.DecodeMaxAge(string(text), age) },
		dumps: func(d *py.Dict) ([]byte, error) {
			text, err := codec.Encode(d)
			return []byte(text), err
		},
	}
	return b.floors(ctx, s), err
}

// bareFiles makes a store use files. Like Django, it writes a new one and renames it, so
// that nobody reads half of it.
func bareFiles(b *bareStore, name func(key string) string) {
	b.read = func(_ context.Context, key string) ([]byte, error) { return os.ReadFile(name(key)) }
	b.write = func(_ context.Context, key string, text []byte) error {
		part := name(key) + ".part"
		if err := os.WriteFile(part, text, 0o600); err != nil {
			return err
		}
		return os.Rename(part, name(key))
	}
}
