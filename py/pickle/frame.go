package pickle

import "encoding/binary"

// Frames, in protocol 4 and later, tell a reader how much to read at once.
const (
	frameHeader = 9         // opFrame and eight bytes of length
	frameTarget = 64 << 10  // a frame of this size ends before the next value; a str or bytes of this size is outside of frames
	frameMin    = 4         // shorter output is written without a frame
	noFrame     = -frameMin // value of frameStart outside of frames
)

// openFrame reserves space for the header of a frame. CPython opens a frame only when
// something is written to it; removing an empty one in closeFrame has the same effect.
func (w *writer) openFrame() {
	w.frameStart = len(w.buf)
	w.buf = append(w.buf, opFrame, 0, 0, 0, 0, 0, 0, 0, 0)
}

// closeFrame fills in the length of the frame, or removes the header if the frame is too
// short.
func (w *writer) closeFrame() {
	content := w.buf[w.frameStart+frameHeader:]
	if len(content) < frameMin {
		w.buf = append(w.buf[:w.frameStart], content...)
		return
	}
	binary.LittleEndian.PutUint64(w.buf[w.frameStart+1:], uint64(len(content)))
}

// boundary is called before each value. It ends a full frame.
func (w *writer) boundary() {
	if w.frameStart != noFrame && len(w.buf)-w.frameStart-frameHeader >= frameTarget {
		w.closeFrame()
		w.openFrame()
	}
}

// payload writes an opcode, a length of size bytes and the contents of a str, bytes or
// bytearray. Large contents are written between frames, so that a reader need not copy
// them.
func (w *writer) payload(op byte, size int, data string) {
	outside := w.frameStart != noFrame && len(data) >= frameTarget
	if outside {
		w.closeFrame()
	}
	w.buf = append(w.buf, op)
	for i := range size {
		w.buf = append(w.buf, byte(uint64(len(data))>>(8*i)))
	}
	w.buf = append(w.buf, data...)
	if outside {
		w.openFrame()
	}
}
