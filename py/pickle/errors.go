package pickle

import "strconv"

// A SyntaxError reports bytes that are not a pickle, a pickle that Python could not load,
// or one that exceeds a limit. It contains nothing of the pickle except the number of an
// extension code or an opcode.
type SyntaxError struct {
	Offset  int    // of the failing opcode, in bytes from the start
	Problem string // such as "ends too soon"
}

func (e *SyntaxError) Error() string {
	return "pickle: offset " + strconv.Itoa(e.Offset) + ": " + e.Problem
}

// Problems that several opcodes have in common.
const (
	endsTooSoon = "ends too soon"
	badLength   = "a negative or too large length"
	badNumber   = "a number that is none"
	badText     = "text that is none"
	noValue     = "takes a value where none stands"
	noMark      = "takes a mark where none stands"
	oddPairs    = "a key without a value"
	unhashable  = "a dict key or a member of a set that Python cannot hash"
	noTarget    = "gives items to what takes none"
	outOfOrder  = "gives an object items after its pairs or its state, or pairs after its state"
	tooDeep     = "is nested too deep"
	tooLarge    = "needs too much memory for its size"
	tooSlow     = "has keys that cost too much to compare"
)
