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
	badLength   = "a length that is negative or too large"
	badNumber   = "an invalid number"
	badText     = "invalid text"
	noValue     = "needs a value, but the stack has none"
	noMark      = "needs a mark, but the stack has none"
	oddPairs    = "a key without a value"
	unhashable  = "a dict key or a member of a set that Python cannot hash"
	noTarget    = "adds items to a value that cannot have items"
	outOfOrder  = "adds items to an object after its pairs or its state, or pairs after its state"
	tooDeep     = "is nested too deeply"
	tooLarge    = "needs too much memory for its size"
	tooSlow     = "has keys that cost too much to compare"
)
