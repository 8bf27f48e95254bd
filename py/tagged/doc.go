// Package tagged writes Python values as JSON that people and other programs can read,
// and reads them back without loss.
//
// # Format
//
// Values that JSON can express are written as JSON: null, true, 19, 1.0, "text", [...],
// {...}. Integers may have any size. Floats are written as Python's repr (1.0 is a float,
// 1 an int). Text outside ASCII, including lone surrogates, is escaped. Dicts keep their
// order. Any other value is an object whose only key is a tag, which begins with "$":
//
//	{"$float":"nan"}              nan, inf and -inf
//	{"$str":["\ud800","\udc00"]}  str with two adjacent surrogates that JSON would read as one character
//	{"$bytes":"aGk="}             bytes, in base64
//	{"$bytearray":"aGk="}         bytearray
//	{"$str2":"text"}              str of Python 2, with each byte as the character of that number
//	{"$tuple":[1,"a"]}            tuple
//	{"$set":[1,2]}                set, in the order that it had in Python
//	{"$frozenset":[1,2]}          frozenset
//	{"$complex":[1.0,-2.0]}       complex
//	{"$decimal":"19.90"}          decimal.Decimal
//	{"$uuid":"0f8e..."}           uuid.UUID
//	{"$date":"2023-11-14"}        date
//	{"$time":"22:13:20"}          time, as isoformat writes it
//	{"$timedelta":[1,0,0]}        timedelta: days, seconds, microseconds
//	{"$datetime":"2023-11-14T22:13:20+00:00"}
//	                              datetime, as isoformat writes it
//	{"$dict":[[1,"a"],[2,"b"]]}   dict with keys other than str, or whose only key begins with "$"
//	{"$global":"os.system"}       class or function, by its name
//	{"$object":{"class":...}}     any other object, see below
//
// Because of the rule for dicts, no value can be mistaken for a tag: an object with two
// keys is always a dict. A long of Python 2 is written as an int.
//
// A time or datetime with fold=1 is ["2024-11-03T01:30:00",1]. If its tzinfo is more than
// an offset, for example from zoneinfo, it is ["...",fold,tzinfo]. In this form the
// reading and the tzinfo count; the offset in the text is informative.
//
// # Objects
//
// If [py.Native] has a Go type for an object, its tag is used. Any other [py.Object] has
// the following keys; those without information are omitted:
//
//	"class"       the callable, "module.Name"; ["module","Outer.Inner"] if a dot is part of the name
//	"callable"    replaces class: a callable without a name, such as the result of getattr
//	"persistent"  replaces class: the id passed to persistent_load
//	"new"         true for construction by class.__new__(class, *args)
//	"oldstyle"    true for an instance of an old-style class of Python 2
//	"args"        a list
//	"kwargs"      a dict, for construction by class.__new__(class, *args, **kwargs)
//	"state"       passed to __setstate__, or the instance's dict; may be null
//	"setter"      called with the object and the state instead
//	"items"       passed to append or extend
//	"pairs"       passed to item assignment, as [[key,value],...]
//
// This package never calls any of them.
//
// # Values in several places
//
// A value that appears in several places is written in each of them. A value that
// contains itself is {"$id":[1,value]}, and {"$ref":1} refers to it from inside. The
// number is arbitrary and is valid only there.
//
// # Not the format of sessions
//
// This is the format of the command-line tool and of the test vectors. Django's sessions
// are written by package pyjson, which has no tags: there, {"$bytes":"aGk="} is an
// ordinary dict.
package tagged
