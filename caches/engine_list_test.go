package caches_test

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// The first load waits until another has begun.
func TestListingLoadsSeveralSessionsAtOnce(t *testing.T) {
	t.Parallel()
	s := newFaultySite(t)
	letters := strings.Split("0123456789abcdefghijklmnopqrstuvwxyz", "")
	for _, letter := range letters {
		if err := s.engine.Create(t.Context(), record(s.settings, keyOf(letter), "a", letter)); err != nil {
			t.Fatal(err)
		}
	}
	var mu sync.Mutex
	loads := 0
	another := make(chan struct{})
	s.cache.Before = func(string, string) error {
		mu.Lock()
		loads++
		n := loads
		mu.Unlock()
		switch n {
		case 1:
			select {
			case <-another:
			case <-time.After(20 * time.Second):
				return errDown
			}
		case 2:
			close(another)
		}
		return nil
	}
	keys := make([]string, 0, len(letters))
	for r, err := range s.engine.Records(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		letter, _ := r.Data.Get("a")
		if r.Key != keyOf(letter.(string)) {
			t.Errorf("the session %.4s has the data of %q", r.Key, letter)
		}
		keys = append(keys, letter.(string))
	}
	slices.Sort(keys)
	if !slices.Equal(keys, letters) {
		t.Errorf("listed %q", keys)
	}
}

// A cache that fails on the way ends the list after the sessions before.
func TestListingEndsWithTheFirstFailure(t *testing.T) {
	t.Parallel()
	s := newFaultySite(t)
	for letter := range strings.SplitSeq("abcdefghijklmnopqrstuvwxyz", "") {
		if err := s.engine.Create(t.Context(), record(s.settings, keyOf(letter), "a", letter)); err != nil {
			t.Fatal(err)
		}
	}
	s.cache.Before = func(_, key string) error {
		if strings.HasSuffix(key, keyOf("m")) {
			return errDown
		}
		return nil
	}
	var failure error
	for r, err := range s.engine.Records(t.Context()) {
		switch {
		case failure != nil:
			t.Fatalf("after the failure come a session (%v) and an error (%v)", r != nil, err)
		case err == nil && r.Key == keyOf("m"):
			t.Fatal("the session that cannot be loaded is listed")
		}
		failure = err
	}
	if !errors.Is(failure, errDown) {
		t.Errorf("the list ends with %v", failure)
	}
}
