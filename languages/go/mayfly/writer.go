package mayfly

import (
	"net"
	"net/http"
	"net/url"
	"strconv"

	"mayfly.dev/host"
)

const mostHeld = 64 << 10 // bytes of a body before it is sent

// Writer is the http.ResponseWriter of handlers.
type Writer struct {
	headers http.Header
	status  int
	held    []byte
	err     error
}

func NewWriter() *Writer { return &Writer{headers: http.Header{}} }

func (writer *Writer) Header() http.Header { return writer.headers }

func (writer *Writer) WriteHeader(status int) {
	if writer.status == 0 && status >= 200 {
		writer.status = status
	}
}

func (writer *Writer) Write(part []byte) (int, error) {
	writer.WriteHeader(http.StatusOK)
	if writer.err != nil {
		return 0, writer.err
	}
	if host.Begun() {
		host.Write(part)
		return len(part), nil
	}
	writer.held = append(writer.held, part...)
	if len(writer.held) >= mostHeld {
		writer.Flush()
	}
	return len(part), writer.err
}

// Flush sends what there is.
func (writer *Writer) Flush() {
	writer.WriteHeader(http.StatusOK)
	if writer.err != nil || host.Begun() {
		return
	}
	if len(writer.held) > 0 && writer.headers.Get("Content-Type") == "" {
		writer.headers.Set("Content-Type", http.DetectContentType(writer.held))
	}
	writer.err = host.Begin(writer.status, fieldsOf(writer.headers), writer.held)
	writer.held = nil
}

// Finish sends what has not been sent.
func (writer *Writer) Finish() error {
	writer.Flush()
	return writer.err
}

// HTTPRequest is a request as handlers of net/http get it.
func HTTPRequest(head *host.Request) (*http.Request, error) {
	parsed, err := url.Parse(head.URL)
	if err != nil {
		return nil, err
	}
	request := &http.Request{Method: head.Method, URL: parsed, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: HeadersOf(head), Body: host.Body{}, ContentLength: -1, Host: parsed.Host, RequestURI: parsed.RequestURI(),
		RemoteAddr: net.JoinHostPort(head.Client, "0")}
	if length, err := strconv.ParseInt(request.Header.Get("Content-Length"), 10, 64); err == nil {
		request.ContentLength = length
	}
	request.Header.Del("Host")
	parsed.Scheme, parsed.Host = "", ""
	return request, nil
}
