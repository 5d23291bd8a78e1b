package mayfly

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"

	"mayfly.dev/host"
)

// Context is what a function of /api/v1/handler gets.
type Context struct {
	request  *ContextRequest
	response *ContextResponse
}

func NewContext(request *Request) *Context {
	return &Context{&ContextRequest{request}, &ContextResponse{status: http.StatusOK, headers: http.Header{}}}
}

func (ctx *Context) Request() *ContextRequest   { return ctx.request }
func (ctx *Context) Response() *ContextResponse { return ctx.response }

// JSON ends the response with a value.
func (ctx *Context) JSON(value any) error {
	encoded, err := json.Marshal(value)
	if err != nil {
		return err
	}
	if ctx.response.headers.Get("Content-Type") == "" {
		ctx.response.PutHeader("content-type", jsonType)
	}
	ctx.response.End(encoded)
	return nil
}

type ContextRequest struct{ request *Request }

func (seen *ContextRequest) Method() string               { return seen.request.Method }
func (seen *ContextRequest) Path() string                 { return seen.request.Path }
func (seen *ContextRequest) AbsoluteURI() string          { return seen.request.URL }
func (seen *ContextRequest) Headers() http.Header         { return seen.request.Headers }
func (seen *ContextRequest) GetHeader(name string) string { return seen.request.Headers.Get(name) }
func (seen *ContextRequest) Body() []byte                 { return seen.request.Body }

// GetParam is a parameter of the query; `name` is the function's.
func (seen *ContextRequest) GetParam(name string) string {
	if name == "name" {
		return seen.request.Function
	}
	return seen.request.values.Get(name)
}

type ContextResponse struct {
	status  int
	headers http.Header
	body    bytes.Buffer
	ended   bool
}

func (response *ContextResponse) SetStatusCode(status int) *ContextResponse {
	response.status = status
	return response
}

func (response *ContextResponse) PutHeader(name, value string) *ContextResponse {
	response.headers.Set(name, value)
	return response
}

// Write takes text or bytes.
func (response *ContextResponse) Write(part any) *ContextResponse {
	switch value := part.(type) {
	case []byte:
		response.body.Write(value)
	default:
		fmt.Fprint(&response.body, value)
	}
	return response
}

// End takes what is left of the body.
func (response *ContextResponse) End(parts ...any) {
	for _, part := range parts {
		response.Write(part)
	}
	response.ended = true
}

// SendContext writes what the handler has made of the response, else its result.
func SendContext(ctx *Context, result any) error {
	response := ctx.response
	if !response.ended && response.body.Len() == 0 {
		if result != nil && result != any(ctx) {
			return Send(result)
		}
		status := response.status
		if status == http.StatusOK {
			status = http.StatusNoContent
		}
		return host.Begin(status, fieldsOf(response.headers), nil)
	}
	if response.headers.Get("Content-Type") == "" {
		response.PutHeader("content-type", textType)
	}
	return host.Begin(response.status, fieldsOf(response.headers), response.body.Bytes())
}

func fieldsOf(headers http.Header) []string {
	fields := []string{}
	for name, values := range headers {
		for _, value := range values {
			fields = append(fields, name, value)
		}
	}
	return fields
}
