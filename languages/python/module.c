#include "module.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "stdio_http.h"

// --- The request -------------------------------------------------------------------------------------------------

static PyObject* latin1(const slice_t* bytes) {
  return PyUnicode_DecodeLatin1(bytes->data, (Py_ssize_t)bytes->size, NULL);
}

// fields(bytes) -> [(name, value)], of header fields as they stand in the head of a request.
static PyObject* fields(PyObject* self, PyObject* bytes) {
  slice_t rest;
  Py_ssize_t size;
  if (PyBytes_AsStringAndSize(bytes, (char**)&rest.data, &size) != 0) return NULL;
  rest.size = (size_t)size;
  PyObject* list = PyList_New(0);
  slice_t name;
  slice_t value;
  while (list != NULL && next_string(&rest, &name) && next_string(&rest, &value)) {
    PyObject* pair = Py_BuildValue("(NN)", latin1(&name), latin1(&value));
    if (pair == NULL || PyList_Append(list, pair) != 0) Py_CLEAR(list);
    Py_XDECREF(pair);
  }
  return list;
}

static PyObject* read_into(PyObject* self, PyObject* buffer) {
  Py_buffer view;
  if (PyObject_GetBuffer(buffer, &view, PyBUF_WRITABLE) != 0) return NULL;
  const size_t got = body_read(view.buf, (size_t)view.len);
  PyBuffer_Release(&view);
  return PyLong_FromSize_t(got);
}

static PyObject* read_all(PyObject* self, PyObject* nothing) {
  size_t size;
  char* body = body_read_all(&size);
  PyObject* bytes = PyBytes_FromStringAndSize(body, (Py_ssize_t)size);
  free(body);
  return bytes;
}

// --- The response ------------------------------------------------------------------------------------------------

static bool is_name(const unsigned char* text, Py_ssize_t size) {
  for (Py_ssize_t i = 0; i < size; ++i)
    if (text[i] <= ' ' || text[i] == ':' || text[i] >= 0x7f) return false;
  return size > 0;
}

static bool is_value(const unsigned char* text, Py_ssize_t size) {
  for (Py_ssize_t i = 0; i < size; ++i)
    if (text[i] == '\r' || text[i] == '\n' || text[i] == 0) return false;
  return true;
}

// Adds one field to the head; what is not latin-1, or has a line break, is a ValueError.
static bool add_field(PyObject* name, PyObject* value) {
  if (!PyUnicode_Check(name) || !PyUnicode_Check(value)) {
    PyErr_Format(PyExc_TypeError, "names and values of headers are str, not %s and %s", Py_TYPE(name)->tp_name,
                 Py_TYPE(value)->tp_name);
    return false;
  }
  if (PyUnicode_READY(name) != 0 || PyUnicode_READY(value) != 0) return false;
  if (PyUnicode_KIND(name) != PyUnicode_1BYTE_KIND || PyUnicode_KIND(value) != PyUnicode_1BYTE_KIND ||
      !is_name(PyUnicode_1BYTE_DATA(name), PyUnicode_GET_LENGTH(name)) ||
      !is_value(PyUnicode_1BYTE_DATA(value), PyUnicode_GET_LENGTH(value))) {
    PyErr_Format(PyExc_ValueError, "%R: %R is not a header", name, value);
    return false;
  }
  response_field((const char*)PyUnicode_1BYTE_DATA(name), (size_t)PyUnicode_GET_LENGTH(name),
                 (const char*)PyUnicode_1BYTE_DATA(value), (size_t)PyUnicode_GET_LENGTH(value));
  return true;
}

// The head is collected, and written when it is whole: an error leaves nothing behind.
static bool write_head(PyObject* status, PyObject* fields) {
  const long number = PyLong_AsLong(status);
  if (number == -1 && PyErr_Occurred()) return false;
  if (number < 200 || number > 599) {
    PyErr_Format(PyExc_ValueError, "%ld is not the status of a response", number);
    return false;
  }
  response_begin((uint32_t)number);
  PyObject* iterator = PyObject_GetIter(fields);
  if (iterator == NULL) return false;
  bool good = true;
  PyObject* pair;
  while (good && (pair = PyIter_Next(iterator)) != NULL) {
    good = PyTuple_Check(pair) && PyTuple_GET_SIZE(pair) == 2;
    if (!good) PyErr_SetString(PyExc_TypeError, "headers are pairs of a name and a value");
    good = good && add_field(PyTuple_GET_ITEM(pair, 0), PyTuple_GET_ITEM(pair, 1));
    Py_DECREF(pair);
  }
  Py_DECREF(iterator);
  if (!good || PyErr_Occurred()) return false;
  response_end_head();
  return true;
}

static bool write_body(PyObject* bytes) {
  Py_buffer view;
  if (PyObject_GetBuffer(bytes, &view, PyBUF_SIMPLE) != 0) return false;
  body_write(view.buf, (size_t)view.len);
  PyBuffer_Release(&view);
  return true;
}

// begin(status, fields) writes the head.
static PyObject* begin(PyObject* self, PyObject* const* arguments, Py_ssize_t count) {
  if (!_PyArg_CheckPositional("begin", count, 2, 2)) return NULL;
  if (!write_head(arguments[0], arguments[1])) return NULL;
  Py_RETURN_NONE;
}

static PyObject* write_some(PyObject* self, PyObject* bytes) {
  if (!write_body(bytes)) return NULL;
  Py_RETURN_NONE;
}

static PyObject* fail_with(PyObject* self, PyObject* message) {
  Py_ssize_t size;
  const char* text = PyUnicode_AsUTF8AndSize(message, &size);
  if (text == NULL) return NULL;
  response_fail(text, (size_t)size);
  Py_RETURN_NONE;
}

// --- Outgoing HTTP -----------------------------------------------------------------------------------------------

#define HTTP(name) __attribute__((import_module("wasi_experimental_http"), import_name(name)))

HTTP("req")
int http_req(const char* url, size_t url_size, const char* method, size_t method_size, const char* fields,
             size_t fields_size, const char* body, size_t body_size, uint16_t* status, uint32_t* handle);
HTTP("headers_get_all") int http_headers(uint32_t handle, char* into, size_t room, size_t* size);
HTTP("body_read") int http_read(uint32_t handle, char* into, size_t room, size_t* size);
HTTP("close") int http_close(uint32_t handle);

// http_request(url, method, fields, body) -> (code, status, handle), all of it bytes.
static PyObject* request(PyObject* self, PyObject* arguments) {
  Py_buffer url;
  Py_buffer method;
  Py_buffer fields;
  Py_buffer body;
  if (!PyArg_ParseTuple(arguments, "y*y*y*y*", &url, &method, &fields, &body)) return NULL;
  uint16_t status = 0;
  uint32_t handle = 0;
  const int code = http_req(url.buf, (size_t)url.len, method.buf, (size_t)method.len, fields.buf, (size_t)fields.len,
                            body.buf, (size_t)body.len, &status, &handle);
  PyBuffer_Release(&url);
  PyBuffer_Release(&method);
  PyBuffer_Release(&fields);
  PyBuffer_Release(&body);
  return Py_BuildValue("(iiI)", code, (int)status, handle);
}

// http_fields(handle) and http_read(handle) -> (code, bytes).
static PyObject* read_by(PyObject* handle, int (*get)(uint32_t, char*, size_t, size_t*), size_t room) {
  const unsigned long number = PyLong_AsUnsignedLong(handle);
  if (PyErr_Occurred()) return NULL;
  char* buffer = malloc(room);
  if (buffer == NULL) return PyErr_NoMemory();
  size_t size = 0;
  const int code = get((uint32_t)number, buffer, room, &size);
  PyObject* result = Py_BuildValue("(iy#)", code, buffer, (Py_ssize_t)(code == 0 ? size : 0));
  free(buffer);
  return result;
}

enum { kRoomForFields = 128 << 10, kRoomForBody = 64 << 10 };

static PyObject* response_fields(PyObject* self, PyObject* handle) {
  return read_by(handle, http_headers, kRoomForFields);
}

static PyObject* response_body(PyObject* self, PyObject* handle) { return read_by(handle, http_read, kRoomForBody); }

static PyObject* response_close(PyObject* self, PyObject* handle) {
  const unsigned long number = PyLong_AsUnsignedLong(handle);
  if (PyErr_Occurred()) return NULL;
  return PyLong_FromLong(http_close((uint32_t)number));
}

// -----------------------------------------------------------------------------------------------------------------

static PyMethodDef methods[] = {
    {"fields", fields, METH_O, NULL},
    {"read_into", read_into, METH_O, NULL},
    {"read_all", read_all, METH_NOARGS, NULL},
    {"begin", (PyCFunction)(void (*)(void))begin, METH_FASTCALL, NULL},
    {"write", write_some, METH_O, NULL},
    {"fail", fail_with, METH_O, NULL},
    {"http_request", request, METH_VARARGS, NULL},
    {"http_fields", response_fields, METH_O, NULL},
    {"http_read", response_body, METH_O, NULL},
    {"http_close", response_close, METH_O, NULL},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "_mayfly", NULL, -1, methods, NULL, NULL, NULL, NULL};

PyObject* mayfly_module(void) { return PyModule_Create(&module); }
