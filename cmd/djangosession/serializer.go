package main

import (
	"encoding/json"
	"strings"
)

// This file is the one place that knows which serializers there are.

const jsonSerializer = "django.contrib.sessions.serializers.JSONSerializer"

// serializerClass returns the class to use as SESSION_SERIALIZER: the one that --serializer names or, without it, the
// one of the settings, which may be nil.
func serializerClass(flag string, setting json.RawMessage) (string, error) {
	var class string
	switch {
	case flag == "" && setting == nil, flag == "json":
		return jsonSerializer, nil
	case flag == "pickle":
		return "", errNoPickle
	case flag != "":
		return "", usagef("--serializer must be json or pickle")
	case json.Unmarshal(setting, &class) != nil:
		return "", usagef("setting SESSION_SERIALIZER: must be a string")
	case strings.HasSuffix(class, ".PickleSerializer"):
		return "", errNoPickle
	case class == jsonSerializer, class == "django.core.signing.JSONSerializer":
		return class, nil
	}
	return "", usagef("setting SESSION_SERIALIZER: %q is not known; if it writes JSON, say --serializer json", class)
}

var errNoPickle = usagef("this version reads and writes JSON sessions only, not pickle (PickleSerializer)")
