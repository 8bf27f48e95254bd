package main

import (
	"errors"
	"strings"

	"github.com/djangobridge/djangobridge/djangosession"
)

// This file is the one place that knows which serializers there are.

// pickleName is what --serializer calls pickle.
const pickleName = "pickle"

// pickleHelp is the part of the help texts about pickle.
const pickleHelp = `
--serializer says what the site's SESSION_SERIALIZER writes, where that is a class of the site's own: json, pickle, or
transitional, which reads both and writes JSON. Reading a pickle executes nothing: what it names, os.system included, is
printed as {"$global":"..."} and {"$object":{...}}.`

// serializer returns what --serializer names, nil for no name.
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

// useSerializer puts what --serializer names into the settings. Without it the class in the settings has to be known.
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
		return usagef("setting SESSION_SERIALIZER: %s; say --serializer json or pickle for what it writes", problem)
	}
	if err != nil {
		return usageError{err}
	}
	return nil
}

// useProtocol puts the protocol that --protocol names into the settings; 0 is none.
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
