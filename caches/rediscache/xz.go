package rediscache

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"hash/crc64"
	"io"

	"github.com/ulikunitz/xz"
	"github.com/ulikunitz/xz/lzma"
)

// lzmaOver is the limit of django-redis's LzmaCompressor.
const lzmaOver = 100

// compressXZ writes a dictionary size that fits the data, so that readers need little
// memory.
func compressXZ(data []byte) ([]byte, error) {
	dict := min(max(len(data), lzma.MinDictCap), maxXZDict)
	var b bytes.Buffer
	w, err := xz.WriterConfig{DictCap: dict, CheckSum: xz.CRC64}.NewWriter(&b)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(data); err != nil {
		return nil, err
	}
	err = w.Close()
	return b.Bytes(), err
}

// maxXZDict is the dictionary size of preset 4.
const maxXZDict = 4 << 20

var (
	errNotXZ     = errors.New("is not in the .xz format")
	errXZUnusual = errors.New("is an unusual .xz file: more than one stream or block, or other filters than LZMA2")
	errXZCheck   = errors.New("is a damaged .xz file")
)

// The parts of an .xz file.
const (
	xzHeader = "\xfd7zXZ\x00"
	xzFooter = "YZ"
	xzEnd    = 12                 // length of the stream's header, and of its footer
	xzBlock  = "\x02\x00\x21\x01" // the header of a block of 12 bytes, with the filter LZMA2 alone
)

// xzFrame is what decompressXZ needs of an .xz file with one block.
type xzFrame struct {
	data  []byte // the block, after its header
	size  int    // of the content, in bytes
	check byte   // the type of the check sum
}

// decompressXZ reads a file with one stream and one block, which is what lzma.compress
// writes. Package xz would allocate the dictionary that the file asks for, up to 4 GiB;
// the content never needs one that is larger than itself, and the index has its size.
func decompressXZ(data []byte, limit int) ([]byte, error) {
	f, err := parseXZ(data, limit)
	if err != nil {
		return nil, err
	}
	block := bytes.NewReader(f.data)
	r, err := lzma.Reader2Config{DictCap: max(f.size, lzma.MinDictCap)}.NewReader2(block)
	if err != nil {
		return nil, err
	}
	content := make([]byte, f.size)
	if _, err := io.ReadFull(r, content); err != nil {
		return nil, err
	}
	if n, err := r.Read(make([]byte, 1)); n != 0 || !errors.Is(err, io.EOF) {
		return nil, errXZCheck // it is longer than the index says
	}
	sum := f.data[len(f.data)-block.Len():]
	padding := (4 - (len(f.data)-len(sum))%4) % 4 // the header has a multiple of 4 bytes too
	if padding > len(sum) {
		return nil, errXZCheck
	}
	sum = sum[padding:]
	switch f.check {
	case 0:
		return content, nil
	case xz.CRC32:
		if len(sum) >= crc32.Size && binary.LittleEndian.Uint32(sum) == crc32.ChecksumIEEE(content) {
			return content, nil
		}
	case xz.CRC64:
		if len(sum) >= crc64.Size && binary.LittleEndian.Uint64(sum) == crc64.Checksum(content, crc64.MakeTable(crc64.ECMA)) {
			return content, nil
		}
	}
	return nil, errXZCheck
}

func parseXZ(data []byte, limit int) (f xzFrame, err error) {
	if len(data) < 3*xzEnd || string(data[:len(xzHeader)]) != xzHeader {
		return f, errNotXZ
	}
	footer := data[len(data)-xzEnd:]
	if string(footer[10:]) != xzFooter || footer[9] != data[7] || data[xzEnd] == 0 || string(data[xzEnd:xzEnd+4]) != xzBlock {
		return f, errXZUnusual
	}
	f.check = data[7]
	index := (int64(binary.LittleEndian.Uint32(footer[4:8])) + 1) * 4 //nolint:mnd // in units of 4 bytes, less one
	if index > int64(len(data)-3*xzEnd) {
		return f, errXZCheck
	}
	rest := data[len(data)-xzEnd-int(index):]
	if rest[0] != 0 || rest[1] != 1 {
		return f, errXZUnusual
	}
	_, n := binary.Uvarint(rest[2 : len(rest)-xzEnd])
	if n <= 0 {
		return f, errXZCheck
	}
	size, n := binary.Uvarint(rest[2+n : len(rest)-xzEnd])
	if n <= 0 {
		return f, errXZCheck
	}
	if size > uint64(limit) {
		return f, errTooLong
	}
	f.size = int(size)
	f.data = data[2*xzEnd : len(data)-xzEnd-int(index)]
	return f, nil
}
