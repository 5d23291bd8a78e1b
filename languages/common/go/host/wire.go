// Package host is what stands between the server and interpreters in Go: requests and responses on the standard descriptors
// (../../../README.md), and what a sandbox has anew. Not for use by several goroutines at once.
package host

import (
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
)

const (
	input         = 0
	output        = 1
	mostOfMessage = 4096
)

// Request is the head of a request. Fields are names and values in turn.
type Request struct {
	Method, URL, Client, Function string
	Fields                        []string
}

// ReadRequest takes the head off standard input; the body is left there.
func ReadRequest() (*Request, error) {
	var size [4]byte
	if err := readFull(size[:]); err != nil {
		return nil, err
	}
	head := make([]byte, binary.LittleEndian.Uint32(size[:]))
	if err := readFull(head); err != nil {
		return nil, err
	}
	texts := make([]string, 0, 32)
	for len(head) >= 4 {
		length := binary.LittleEndian.Uint32(head)
		head = head[4:]
		if uint64(length) > uint64(len(head)) {
			break
		}
		texts = append(texts, string(head[:length]))
		head = head[length:]
	}
	if len(texts) < 4 || len(head) != 0 {
		return nil, fmt.Errorf("there is no request on standard input")
	}
	return &Request{Method: texts[0], URL: texts[1], Client: texts[2], Function: texts[3], Fields: texts[4:]}, nil
}

func readFull(into []byte) error {
	for len(into) > 0 {
		count, err := syscall.Read(input, into)
		if err != nil || count == 0 {
			return fmt.Errorf("there is no request on standard input")
		}
		into = into[count:]
	}
	return nil
}

// Body is the body of the request, as an io.ReadCloser.
type Body struct{}

func (Body) Read(into []byte) (int, error) {
	count, err := syscall.Read(input, into)
	if err == nil && count == 0 && len(into) > 0 {
		return 0, io.EOF
	}
	return max(count, 0), err
}

func (Body) Close() error { return nil }

// --- The response ----------------------------------------------------------------------------------------------------

var begun bool

// Begun tells whether the response to the last request that was read is on its way.
func Begun() bool { return begun }

// Again is called before each request.
func Again() { begun = false }

// Begin writes the head, with what there is of the body. A field that is none is an error, and nothing is written.
func Begin(status int, fields []string, body []byte) error {
	if status < 200 || status > 599 {
		return fmt.Errorf("%d is not the status of a response", status)
	}
	for i := 0; i+1 < len(fields); i += 2 {
		if !isName(fields[i]) || strings.ContainsAny(fields[i+1], "\r\n\x00") {
			return fmt.Errorf("%q: %q is not a header", fields[i], fields[i+1])
		}
	}
	write(status, fields, body)
	return nil
}

func write(status int, fields []string, body []byte) {
	head := binary.LittleEndian.AppendUint32(make([]byte, 4, 256+len(body)), uint32(status))
	for _, field := range fields {
		head = binary.LittleEndian.AppendUint32(head, uint32(len(field)))
		head = append(head, field...)
	}
	binary.LittleEndian.PutUint32(head, uint32(len(head)-4))
	begun = true
	Write(append(head, body...))
}

func isName(name string) bool {
	for i := range len(name) {
		if name[i] <= ' ' || name[i] == ':' || name[i] >= 0x7f {
			return false
		}
	}
	return name != ""
}

// Write writes more of the body.
func Write(part []byte) {
	for len(part) > 0 {
		count, err := syscall.Write(output, part)
		if err != nil {
			os.Exit(1)
		}
		part = part[count:]
	}
}

// Fail is said to the client in the place of a response. What has begun cannot be taken back: then the server cuts it off.
func Fail(message string) {
	if begun {
		os.Exit(1)
	}
	write(0, nil, []byte(message[:min(len(message), mostOfMessage)]))
}
