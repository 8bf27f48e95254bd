// Package pickle reads and writes Python's pickle format, protocols 0 to 5.
//
// # Reading is inert
//
// Loads never imports, calls or executes anything. A pickle that names os.system or
// builtins.eval is read as a [*py.Global] of that name, and a call that Python would make
// is read as a [*py.Object] that describes it.
//
// Reading loses nothing. None, bool, int, float, str, bytes, list, dict, tuple, set,
// frozenset and bytearray become the values of package py, in every form that CPython's
// picklers write. Everything else becomes a [*py.Object]. In protocols below 3, the
// Python 2 names of classes become those of Python 3, as with Python's fix_imports.
//
// # Python 2
//
// Without an [Options].Encoding, values written by Python 2 are written back to it with
// equal types. A str becomes a [py.Str2], because only the program knows its encoding; a
// long becomes a [*big.Int] of any size, a unicode a string, and an int an int64. An
// instance of an old-style class becomes a [*py.Object] with the construction
// [py.ConstructInstance]. If two Python 2 classes have the same name in Python 3, they
// keep their Python 2 names: the class int is __builtin__.int, because builtins.int is
// the class long.
//
// Values that Go sets are written by the same rules in protocol 2: a string is a unicode,
// an int64 an int, and a [py.Bytes] a str. [py.Native] turns longs into int64s, so that a
// list that is taken from a session and set again contains ints.
//
// With an Encoding, everything is read as Python 3 reads it.
//
// Values that the pickle shares through its memo are shared in Go as well: they are the
// same pointer, or strings with the same data pointer. Other values do not share memory.
//
// # Limits
//
// Reading keeps at most 64 times the length of its input plus 1 MiB, regardless of the
// lengths that the input claims. It allocates at most twice that on the way and takes at
// most 10 ms per KB. [Options] limits size, depth, memo and digits. The defaults accept
// everything that a pickler has ever written for Django. On 32-bit machines, long
// integers in text need more memory.
//
// # Differences from Python
//
// A dict key or a member of a set that is an object of an unknown class counts as
// hashable and is equal to no other.
//
// The following is never written by CPython's C pickler, which programs use. It is
// refused, although CPython reads it:
//
//   - An object with two states, or with items after its state. Only code that is not run
//     here knows the meaning.
//   - A container or an object that is dropped, or left on the stack at the end. Python
//     may have made it for its side effects. Values that picklers drop are accepted: the
//     result of a function that sets the state of an object, which is kept as
//     [py.Extra].Setter, and a second copy of a value that contains itself, which is
//     fetched from the memo next.
//   - Adding zero items to a value that cannot have items, and setting the state None of
//     a value that cannot have a state.
//   - Numbers in text with a prefix, an underscore, leading zeros or a NUL byte, and the
//     words infinity and INF.
//
// NEWOBJ is also read with an object in place of the class, and class names are not
// looked up. CPython refuses such pickles.
package pickle
