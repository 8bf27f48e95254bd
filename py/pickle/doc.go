// Package pickle reads and writes Python's pickle format, protocols 0 to 5.
//
// # Reading is inert
//
// Loads never imports, calls or executes anything: a pickle that names os.system or builtins.eval gives a [*py.Global] of
// that name, and the call that Python would make gives a [*py.Object] that says so.
//
// What is read loses nothing. None, bool, int, float, str, bytes, list, dict, tuple, set,
// frozenset and bytearray become the values of package py, in every form that CPython's
// picklers give them. All else is a [*py.Object]. The names that Python 2 had for classes
// become those of Python 3 in protocols below 3, as Python's fix_imports does.
//
// # Python 2
//
// Without an [Options].Encoding, what Python 2 wrote comes back to it with equal types.
// Its str is a [py.Str2], because only the program knew its encoding, its long a
// [*big.Int] of any size, its unicode a string, its int an int64. An instance of an
// old-style class is a [*py.Object] with the construction [py.ConstructInstance]. Names that two classes
// of Python 2 share in Python 3 stay those of Python 2: the class int is __builtin__.int,
// because builtins.int is the class long.
//
// Values that Go sets are written by the same rules in protocol 2: a string is unicode,
// an int64 an int, [py.Bytes] a str. [py.Native] makes int64 of a long, so that a list
// which is taken from a session and set again has ints.
//
// With an Encoding, all of it is read as Python 3 reads it.
//
// What the pickle shares by its memo is shared in Go: the same pointer, or for strings the same data pointer. What it
// does not share has memory of its own.
//
// # Limits
//
// Reading keeps at most 64 times the length of its input and 1 MiB, whatever the lengths in it claim, allocates at most
// twice that on the way, and takes at most 10 ms for a KB. [Options] has limits on size, depth, memo and digits. The
// defaults refuse nothing that a pickler of Django's ever wrote. On 32-bit machines long integers in text allocate more.
//
// # What differs from Python
//
// A dict key or a member of a set that is an object of a class unknown here counts as hashable and as equal to no other.
//
// CPython's pickler in C, which programs use, writes none of what follows, and it is refused, though CPython reads it:
//
//   - An object that gets two states, or items after its state. It is up to code that is not run here what that means.
//   - A container or an object that is dropped, or left on the stack at the end: Python may have made it for what that
//     does. What picklers drop is read: the result of a function that sets the state of an object, which is kept as
//     [py.Extra].Setter, and what was made once more of something that is in itself and is fetched from the memo next.
//   - No items at all for what takes none, and the state None for what takes none.
//   - Numbers in text with a prefix, an underscore, zeros in front, a NUL byte, or the words infinity and INF.
//
// NEWOBJ is read for an object in the place of the class, and class names are not looked up, so that a pickle is read which
// CPython refuses for them.
package pickle
