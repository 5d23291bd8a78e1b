// Answers "Hello World!\n" with its length, through the bindings that wit-bindgen makes for C.
#include "http_hello.h"

static void append(wasi_http_types_borrow_fields_t headers, const char *name, const char *value) {
  wasi_http_types_field_name_t key;
  http_hello_string_set(&key, name);
  http_hello_string_t text;
  http_hello_string_set(&text, value);
  wasi_http_types_field_value_t bytes = {text.ptr, text.len};
  wasi_http_types_header_error_t error;
  if (!wasi_http_types_method_fields_append(headers, &key, &bytes, &error)) __builtin_trap();
}

void exports_wasi_http_incoming_handler_handle(exports_wasi_http_incoming_handler_own_incoming_request_t request,
                                               exports_wasi_http_incoming_handler_own_response_outparam_t out) {
  wasi_http_types_own_fields_t headers = wasi_http_types_constructor_fields();
  append(wasi_http_types_borrow_fields(headers), "content-type", "text/plain");
  append(wasi_http_types_borrow_fields(headers), "content-length", "13");
  wasi_http_types_own_outgoing_response_t response = wasi_http_types_constructor_outgoing_response(headers);
  wasi_http_types_own_outgoing_body_t body;
  if (!wasi_http_types_method_outgoing_response_body(wasi_http_types_borrow_outgoing_response(response), &body))
    __builtin_trap();
  wasi_http_types_result_own_outgoing_response_error_code_t result = {.is_err = false, .val.ok = response};
  wasi_http_types_static_response_outparam_set(out, &result);

  wasi_io_streams_own_output_stream_t stream;
  if (!wasi_http_types_method_outgoing_body_write(wasi_http_types_borrow_outgoing_body(body), &stream))
    __builtin_trap();
  http_hello_list_u8_t text = {(uint8_t *)"Hello World!\n", 13};
  wasi_io_streams_stream_error_t failure;
  if (!wasi_io_streams_method_output_stream_blocking_write_and_flush(wasi_io_streams_borrow_output_stream(stream),
                                                                     &text, &failure))
    __builtin_trap();
  wasi_io_streams_output_stream_drop_own(stream);
  wasi_http_types_error_code_t error;
  if (!wasi_http_types_static_outgoing_body_finish(body, NULL, &error)) __builtin_trap();
  wasi_http_types_incoming_request_drop_own(request);
}
