// Package gate is outgoing HTTP for interpreters in Go.
package gate

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"unsafe"
)

//go:wasmimport wasi_experimental_http req
func gateRequest(url unsafe.Pointer, urlSize uint32, method unsafe.Pointer, methodSize uint32, headers unsafe.Pointer,
	headersSize uint32, body unsafe.Pointer, bodySize uint32, status, handle unsafe.Pointer) uint32

//go:wasmimport wasi_experimental_http headers_get_all
func gateHeaders(handle uint32, into unsafe.Pointer, room uint32, size unsafe.Pointer) uint32

//go:wasmimport wasi_experimental_http body_read
func gateBody(handle uint32, into unsafe.Pointer, room uint32, size unsafe.Pointer) uint32

//go:wasmimport wasi_experimental_http close
func gateClose(handle uint32) uint32

const roomForHeaders = 128 << 10

var reasons = map[uint32]string{
	2:  "the server has no memory for it",
	4:  "an argument is too long",
	7:  "not allowed: the function's option `allow` has to name the host (docs/config.md)",
	8:  "not a method",
	9:  "not headers",
	10: "not a URL of http or https",
	11: "the request failed: why is in the log of the function",
	13: "too many responses are open",
}

func reason(code uint32) error {
	if text, known := reasons[code]; known {
		return errors.New(text)
	}
	return fmt.Errorf("error %d", code)
}

// Gate makes the requests of net/http's clients through the server, which follows redirects.
type Gate struct{}

func (Gate) RoundTrip(request *http.Request) (*http.Response, error) {
	body := []byte{}
	if request.Body != nil {
		defer request.Body.Close()
		var err error
		if body, err = io.ReadAll(request.Body); err != nil {
			return nil, err
		}
	}
	var lines strings.Builder
	for name, values := range request.Header {
		for _, value := range values {
			fmt.Fprintf(&lines, "%s:%s\n", name, value)
		}
	}
	url, headers := []byte(request.URL.String()), []byte(strings.TrimSuffix(lines.String(), "\n"))
	method := []byte(request.Method)
	if len(method) == 0 {
		method = []byte(http.MethodGet)
	}
	var status uint16
	var handle uint32
	at := func(bytes []byte) (unsafe.Pointer, uint32) {
		return unsafe.Pointer(unsafe.SliceData(bytes)), uint32(len(bytes))
	}
	urlAt, urlSize := at(url)
	methodAt, methodSize := at(method)
	headersAt, headersSize := at(headers)
	bodyAt, bodySize := at(body)
	if code := gateRequest(urlAt, urlSize, methodAt, methodSize, headersAt, headersSize, bodyAt, bodySize,
		unsafe.Pointer(&status), unsafe.Pointer(&handle)); code != 0 {
		return nil, reason(code)
	}
	received, err := readHeaders(handle)
	if err != nil {
		gateClose(handle)
		return nil, err
	}
	return &http.Response{
		StatusCode: int(status), Status: fmt.Sprintf("%d %s", status, http.StatusText(int(status))), Proto: "HTTP/1.1", ProtoMajor: 1,
		ProtoMinor: 1, Header: received, Body: &gateReader{handle: handle}, ContentLength: -1, Request: request,
	}, nil
}

func readHeaders(handle uint32) (http.Header, error) {
	lines, size := make([]byte, roomForHeaders), uint32(0)
	if code := gateHeaders(handle, unsafe.Pointer(&lines[0]), roomForHeaders, unsafe.Pointer(&size)); code != 0 {
		return nil, reason(code)
	}
	headers := http.Header{}
	for line := range bytes.Lines(lines[:size]) {
		if name, value, found := strings.Cut(string(line), ":"); found {
			headers.Add(strings.TrimSpace(name), strings.TrimSpace(value))
		}
	}
	return headers, nil
}

type gateReader struct {
	handle uint32
	ended  bool
}

func (reader *gateReader) Read(into []byte) (int, error) {
	if reader.ended {
		return 0, io.EOF
	}
	if len(into) == 0 {
		return 0, nil
	}
	var size uint32
	if code := gateBody(reader.handle, unsafe.Pointer(&into[0]), uint32(len(into)), unsafe.Pointer(&size)); code != 0 {
		return 0, reason(code)
	}
	if size == 0 {
		return 0, reader.end()
	}
	return int(size), nil
}

func (reader *gateReader) end() error {
	if !reader.ended {
		reader.ended = true
		gateClose(reader.handle)
	}
	return io.EOF
}

func (reader *gateReader) Close() error {
	_ = reader.end()
	return nil
}
