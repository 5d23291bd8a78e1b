// Package mayfly is what functions in Go may import: the request, the response, and the context of /api/v1/handler.
package mayfly

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"mayfly.dev/host"
)

// Request is a request. Path is decoded; of several of a name in the query, Query has the last.
type Request struct {
	Method, URL, Path string
	Query             map[string]string
	Headers           http.Header
	Body              []byte
	Client, Function  string

	values url.Values
}

// JSON puts the value that the body is into what `into` points to.
func (request *Request) JSON(into any) error { return json.Unmarshal(request.Body, into) }

// Text is the body as text.
func (request *Request) Text() string { return string(request.Body) }

// NewRequest reads the body, too.
func NewRequest(head *host.Request) (*Request, error) {
	body, err := io.ReadAll(host.Body{})
	if err != nil {
		return nil, err
	}
	request := &Request{Method: head.Method, URL: head.URL, Query: map[string]string{}, Headers: HeadersOf(head), Body: body,
		Client: head.Client, Function: head.Function}
	if parsed, err := url.Parse(head.URL); err == nil {
		request.Path, request.values = parsed.Path, parsed.Query()
	}
	for name, values := range request.values {
		request.Query[name] = values[len(values)-1]
	}
	return request, nil
}

// HeadersOf are the header fields of a request.
func HeadersOf(head *host.Request) http.Header {
	headers := http.Header{}
	for i := 0; i+1 < len(head.Fields); i += 2 {
		headers.Add(head.Fields[i], head.Fields[i+1])
	}
	return headers
}

// Response is a response with a status and headers. Body is what a handler may return.
type Response struct {
	Status  int
	Headers map[string]string
	Body    any
}

const (
	textType  = "text/plain; charset=utf-8"
	bytesType = "application/octet-stream"
	jsonType  = "application/json"
)

// Send writes the response that the result of a handler is.
func Send(result any) error {
	status, headers := 0, map[string]string(nil)
	switch response := result.(type) {
	case *Response:
		if response != nil {
			status, headers, result = response.Status, response.Headers, response.Body
		} else {
			result = nil
		}
	case Response:
		status, headers, result = response.Status, response.Headers, response.Body
	}
	fields, typed := []string{}, false
	for name, value := range headers {
		fields = append(fields, name, value)
		typed = typed || strings.EqualFold(name, "content-type")
	}
	body, kind := []byte(nil), ""
	switch value := result.(type) {
	case nil:
		return host.Begin(or(status, http.StatusNoContent), fields, nil)
	case string:
		body, kind = []byte(value), textType
	case []byte:
		body, kind = value, bytesType
	case error:
		return value
	default:
		encoded, err := json.Marshal(value)
		if err != nil {
			return fmt.Errorf("the result of the handler is no JSON: %w", err)
		}
		body, kind = encoded, jsonType
	}
	if !typed {
		fields = append(fields, "content-type", kind)
	}
	return host.Begin(or(status, http.StatusOK), fields, body)
}

// SendJSON writes a text that is JSON.
func SendJSON(text string) error {
	return host.Begin(http.StatusOK, []string{"content-type", jsonType}, []byte(text))
}

func or(status, otherwise int) int {
	if status == 0 {
		return otherwise
	}
	return status
}
