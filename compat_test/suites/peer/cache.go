package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"time"

	"github.com/djangobridge/djangobridge/caches"
	"github.com/djangobridge/djangobridge/py"
)

// pipe is the connection with Django.
type pipe struct {
	in  *bufio.Reader
	out io.Writer
}

// cacheOrder is a request to Django's cache, which Django performs before it gets the
// answer to its own order.
type cacheOrder struct {
	Op      string  `json:"op"`
	Alias   string  `json:"alias"`
	Key     string  `json:"key,omitempty"`
	Value   []byte  `json:"value,omitempty"`   // a pickle
	Timeout float64 `json:"timeout,omitempty"` // in seconds
}

// cacheError is an exception of Django's cache.
type cacheError struct{ text string }

func (e *cacheError) Error() string { return "Django's cache: " + e.text }

func (p *pipe) cache(o cacheOrder, result any) error {
	line, err := json.Marshal(map[string]cacheOrder{"cache": o})
	if err != nil {
		return err
	}
	if _, err := p.out.Write(append(line, '\n')); err != nil {
		return err
	}
	if line, err = p.in.ReadBytes('\n'); err != nil {
		return err
	}
	var answer struct {
		OK     json.RawMessage `json:"ok"`
		Raises *string         `json:"raises"`
	}
	if err := json.Unmarshal(line, &answer); err != nil {
		return err
	}
	if answer.Raises != nil {
		return &cacheError{*answer.Raises}
	}
	if result == nil {
		return nil
	}
	return json.Unmarshal(answer.OK, result)
}

// djangoCache is a cache of Django, with a call over the pipe for each operation of
// Django's cache. Two operations in a row are atomic, because only Django uses the cache
// and it waits for the answer.
type djangoCache struct {
	pipe   *pipe
	alias  string
	format *caches.Pickle
}

var _ caches.Cache = (*djangoCache)(nil)

// Get implements [caches.Cache]. The version of an item is its pickle.
func (c *djangoCache) Get(_ context.Context, key string) (*caches.Item, error) {
	var data []byte
	if err := c.pipe.cache(cacheOrder{Op: "get", Alias: c.alias, Key: key}, &data); err != nil {
		return nil, err
	}
	if data == nil {
		return nil, caches.ErrMiss
	}
	d, err := c.format.Loads(data)
	return &caches.Item{Value: d, Version: data}, err
}

// Exists implements [caches.Cache].
func (c *djangoCache) Exists(_ context.Context, key string) (bool, error) {
	var exists bool
	err := c.pipe.cache(cacheOrder{Op: "has_key", Alias: c.alias, Key: key}, &exists)
	return exists, err
}

// Add implements [caches.Cache].
func (c *djangoCache) Add(_ context.Context, key string, value *py.Dict, timeout time.Duration) error {
	o, err := c.store("add", key, value, timeout)
	if err != nil {
		return err
	}
	var added bool
	if err := c.pipe.cache(o, &added); err != nil {
		return err
	}
	if !added {
		return caches.ErrExists
	}
	return nil
}

// Replace implements [caches.Cache].
func (c *djangoCache) Replace(ctx context.Context, key string, value *py.Dict, timeout time.Duration) error {
	if exists, err := c.Exists(ctx, key); err != nil {
		return err
	} else if !exists {
		return caches.ErrMiss
	}
	return c.Set(ctx, key, value, timeout)
}

// Set implements [caches.Cache].
func (c *djangoCache) Set(_ context.Context, key string, value *py.Dict, timeout time.Duration) error {
	o, err := c.store("set", key, value, timeout)
	if err != nil {
		return err
	}
	return c.pipe.cache(o, nil)
}

// Swap implements [caches.Cache].
func (c *djangoCache) Swap(ctx context.Context, key string, old *caches.Item, value *py.Dict, timeout time.Duration) error {
	now, err := c.Get(ctx, key)
	if err != nil {
		return err
	}
	before, _ := old.Version.([]byte)
	if after, _ := now.Version.([]byte); !bytes.Equal(before, after) {
		return caches.ErrChanged
	}
	if value == nil {
		return c.Delete(ctx, key)
	}
	return c.Set(ctx, key, value, timeout)
}

// Delete implements [caches.Cache].
func (c *djangoCache) Delete(_ context.Context, key string) error {
	return c.pipe.cache(cacheOrder{Op: "delete", Alias: c.alias, Key: key}, nil)
}

// Check implements [caches.Cache]. Django creates the cache as soon as it is described.
func (c *djangoCache) Check(context.Context) error { return nil }

// CheckKey implements [caches.Cache]. Caches in memory accept every key.
func (c *djangoCache) CheckKey(string) error { return nil }

func (c *djangoCache) store(op, key string, value *py.Dict, timeout time.Duration) (cacheOrder, error) {
	data, err := c.format.Dumps(value)
	return cacheOrder{Op: op, Alias: c.alias, Key: key, Value: data, Timeout: timeout.Seconds()}, err
}
