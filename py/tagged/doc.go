// Package tagged writes Python values as JSON that people and other programs can read, and reads them back without loss.
//
// # The form
//
// What JSON has stands as it is: null, true, 19, 1.0, "text", [...], {...}. Integers may have any size, floats are written
// as Python's repr (1.0 is a float, 1 an int), text outside ASCII in escapes (lone surrogates included), and dicts keep
// their order. What JSON lacks is an object whose only key is a tag, which begins with "$":
//
//	{"$float":"nan"}              nan, inf and -inf
//	{"$bytes":"aGk="}             bytes, in base64
//	{"$datetime":"2023-11-14T22:13:20+00:00"}
//	                              datetime, as isoformat writes it; one with fold=1 is ["2024-11-03T01:30:00",1]
//	{"$dict":[[1,"a"],[2,"b"]]}   a dict with keys that are no strings, or whose only key begins with "$"
//
// Because of that last rule no value can be taken for a tag: an object with two keys is always a dict.
//
// # Not the JSON of a session
//
// This is the form of the command-line tool and of the test vectors. What a Django session holds is written by package
// pyjson, which knows no tags: there {"$bytes":"aGk="} is just a dict.
package tagged
