package main

import (
	"errors"
	"strings"

	"github.com/djangobridge/djangobridge/djangosession"
)

// Only this file knows the serializers.

// pickleName is the value of --serializer for pickle.
const pickleName = "pickle"

// pickleHelp is the part of the help texts about pickle.
const pickleHelp = `
If SESSION_SERIALIZER is a class of the site's own, --serializer names what it writes: json, pickle, or transitional, which
reads both and writes JSON. Reading a pickle executes nothing. Functions and objects in it, such as os.system, are printed as
{"$global":"..."} and {"$object":{...}}.`

// serializer returns the serializer with this name, or nil for "".
func serializer(name string) (djangosession.Serializer, error) {
	switch name {
	case "":
		return nil, nil
	case "json":
		return djangosession.JSONSerializer{}, nil
	case pickleName:
		return djangosession.PickleSerializer{}, nil
	case "transitional":
		return djangosession.TransitionalSerializer{}, nil
	}
	return nil, usagef("--serializer must be json, pickle or transitional")
}

// useSerializer sets the serializer of --serializer. Without the flag, the class in the
// settings must be known.
func useSerializer(s *djangosession.Settings, name string) error {
	chosen, err := serializer(name)
	if err != nil {
		return err
	}
	if chosen != nil {
		s.Serializer = chosen
	}
	err = s.Check()
	if wrong, ok := errors.AsType[*djangosession.SettingError](err); ok && wrong.Setting == "SESSION_SERIALIZER" {
		problem, _, _ := strings.Cut(wrong.Problem, ";") // the rest is for Go programs
		return usagef("setting SESSION_SERIALIZER: %s; name the format that it writes with --serializer json or pickle", problem)
	}
	if err != nil {
		return usageError{err}
	}
	return nil
}

// useProtocol sets the protocol of --protocol, unless it is 0.
func useProtocol(s *djangosession.Settings, protocol int) error {
	if protocol == 0 {
		return nil
	}
	if protocol < 2 || protocol > 5 {
		return errProtocol
	}
	s.PickleProtocol = protocol
	return nil
}

var errProtocol = usagef("--protocol must be 2 to 5")
