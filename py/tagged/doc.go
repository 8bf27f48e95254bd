// Package tagged writes Python values as JSON that people and other programs can read, and reads them back without loss.
//
// # The form
//
// What JSON has stands as it is: null, true, 19, 1.0, "text", [...], {...}. Integers may have any size, floats are written
// as Python's repr (1.0 is a float, 1 an int), text outside ASCII in escapes (lone surrogates included), and dicts keep
// their order. What JSON lacks is an object whose only key is a tag, which begins with "$":
//
//	{"$float":"nan"}              nan, inf and -inf
//	{"$str":["\ud800","\udc00"]}  str in which two surrogates meet that JSON would take for one character
//	{"$bytes":"aGk="}             bytes, in base64
//	{"$bytearray":"aGk="}         bytearray
//	{"$str2":"text"}              str of Python 2, each byte as the character of that number
//	{"$tuple":[1,"a"]}            tuple
//	{"$set":[1,2]}                set, in the order in which Python had it
//	{"$frozenset":[1,2]}          frozenset
//	{"$complex":[1.0,-2.0]}       complex
//	{"$decimal":"19.90"}          decimal.Decimal
//	{"$uuid":"0f8e..."}           uuid.UUID
//	{"$date":"2023-11-14"}        date
//	{"$time":"22:13:20"}          time, as isoformat writes it
//	{"$timedelta":[1,0,0]}        timedelta: days, seconds, microseconds
//	{"$datetime":"2023-11-14T22:13:20+00:00"}
//	                              datetime, as isoformat writes it
//	{"$dict":[[1,"a"],[2,"b"]]}   a dict with keys that are no strings, or whose only key begins with "$"
//	{"$global":"os.system"}       a class or function, by its name
//	{"$object":{"class":...}}     all else, see below
//
// Because of the rule for dicts no value can be taken for a tag: an object with two keys is always a dict.
// A long of Python 2 is written as an int.
//
// A time or datetime with fold=1 is ["2024-11-03T01:30:00",1]. One whose tzinfo is more than an offset is ["...",fold,tzinfo],
// such as one of zoneinfo; what counts then is the reading and the tzinfo, the offset in the text is for people.
//
// # Objects
//
// What [py.Native] gives a form is written by its tag. Any other [py.Object] has these keys, of which those that say nothing
// are left out:
//
//	"class"       what is called with args, "module.Name"; ["module","Outer.Inner"] where a dot is part of the name
//	"callable"    in its place: what is called and has no name, such as the result of getattr
//	"persistent"  in its place: the id that persistent_load gets
//	"new"         true where class.__new__(class, *args) makes it
//	"oldstyle"    true for an instance of an old-style class of Python 2
//	"args"        a list
//	"kwargs"      a dict, where class.__new__(class, *args, **kwargs) makes it
//	"state"       what __setstate__ or the instance's dict gets, null too
//	"setter"      what is called with the object and the state instead
//	"items"       what append or extend gets
//	"pairs"       what item assignment gets, as [[key,value],...]
//
// Nothing of this is ever called here.
//
// # Values in several places
//
// A value that stands in several places is written in each. One that contains itself is {"$id":[1,value]}, with {"$ref":1}
// inside in its own place; the number is free, and means something only there.
//
// # Not the JSON of a session
//
// This is the form of the command-line tool and of the test vectors. What a Django session holds is written by package
// pyjson, which knows no tags: there {"$bytes":"aGk="} is just a dict.
package tagged
