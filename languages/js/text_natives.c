#include <stdlib.h>
#include <string.h>

#include "native.h"

static JSValue encodeUtf8(ARGUMENTS) {
  bytes_t text;
  if (!bytes_begin(ctx, argv[0], &text)) return JS_EXCEPTION;
  JSValue bytes = JS_NewUint8ArrayCopy(ctx, (const uint8_t*)text.data, text.size);
  bytes_end(ctx, &text);
  return bytes;
}

// How many bytes of well-formed UTF-8 a character here has; 0 when it is none. `*wanted` says how many bytes it begins
// to be of, which is more than `size` when it is cut off.
static size_t character(const uint8_t* at, size_t size, size_t* wanted) {
  const uint8_t first = at[0];
  *wanted = first < 0x80 ? 1
                         : (first >= 0xc2 && first <= 0xdf
                                ? 2
                                : ((first & 0xf0) == 0xe0 ? 3 : (first >= 0xf0 && first <= 0xf4 ? 4 : 0)));
  if (*wanted == 0) return 0;
  for (size_t i = 1; i < *wanted; ++i) {
    uint8_t low = 0x80, high = 0xbf;
    if (i == 1 && first == 0xe0) low = 0xa0;
    if (i == 1 && first == 0xed) high = 0x9f;
    if (i == 1 && first == 0xf0) low = 0x90;
    if (i == 1 && first == 0xf4) high = 0x8f;
    if (i >= size) return 0;
    if (at[i] < low || at[i] > high) {
      *wanted = i;  // bytes that are replaced as one
      return 0;
    }
  }
  return *wanted;
}

// How many bytes at the end are the beginning of a character.
static size_t cut_off(const uint8_t* at, size_t size) {
  for (size_t back = 1; back <= 3 && back <= size; ++back) {
    const uint8_t* first = at + size - back;
    if ((*first & 0xc0) == 0x80) continue;
    size_t wanted;
    return character(first, back, &wanted) == 0 && wanted > back ? back : 0;
  }
  return 0;
}

// validUtf8(bytes): how many bytes at the end are a character that is cut off; -1 when others are not UTF-8.
static JSValue validUtf8(ARGUMENTS) {
  bytes_t bytes;
  if (!bytes_begin(ctx, argv[0], &bytes)) return JS_EXCEPTION;
  const uint8_t* at = (const uint8_t*)bytes.data;
  const size_t tail = cut_off(at, bytes.size), whole = bytes.size - tail;
  for (size_t i = 0, wanted; i < whole;) {
    const size_t length = character(at + i, whole - i, &wanted);
    if (length == 0) return JS_NewInt32(ctx, -1);
    i += length;
  }
  return JS_NewInt32(ctx, (int32_t)tail);
}

JSValue text_decode(JSContext* ctx, const char* data, size_t data_size) {
  const uint8_t* at = (const uint8_t*)data;
  size_t wanted, i = 0;
  while (i < data_size) {
    const size_t length = character(at + i, data_size - i, &wanted);
    if (length == 0) break;
    i += length;
  }
  if (i == data_size) return JS_NewStringLen(ctx, data, data_size);
  char* text = malloc(data_size * 3);
  if (text == NULL) return JS_ThrowOutOfMemory(ctx);
  size_t size = 0;
  for (i = 0; i < data_size;) {
    const size_t left = data_size - i, length = character(at + i, left, &wanted);
    if (length != 0) {
      memcpy(text + size, at + i, length);
      size += length;
      i += length;
    } else {
      memcpy(text + size, "\xef\xbf\xbd", 3);
      size += 3;
      i += wanted == 0 ? 1 : (wanted < left ? wanted : left);
    }
  }
  JSValue string = JS_NewStringLen(ctx, text, size);
  free(text);
  return string;
}

static JSValue decodeUtf8(ARGUMENTS) {
  bytes_t bytes;
  if (!bytes_begin(ctx, argv[0], &bytes)) return JS_EXCEPTION;
  return text_decode(ctx, bytes.data, bytes.size);
}

// decodeLatin1(bytes): each byte is the character of its number.
static JSValue decodeLatin1(ARGUMENTS) {
  bytes_t bytes;
  if (!bytes_begin(ctx, argv[0], &bytes)) return JS_EXCEPTION;
  uint16_t* units = malloc(bytes.size * sizeof *units + 1);
  if (units == NULL) return JS_ThrowOutOfMemory(ctx);
  for (size_t i = 0; i < bytes.size; ++i) units[i] = (uint8_t)bytes.data[i];
  JSValue string = JS_NewStringUTF16(ctx, units, bytes.size);
  free(units);
  return string;
}

static JSValue decodeUtf16(ARGUMENTS) {
  bytes_t bytes;
  if (!bytes_begin(ctx, argv[0], &bytes)) return JS_EXCEPTION;
  uint16_t* units = malloc(bytes.size + 1);
  if (units == NULL) return JS_ThrowOutOfMemory(ctx);
  memcpy(units, bytes.data, bytes.size);
  JSValue string = JS_NewStringUTF16(ctx, units, bytes.size / 2);
  free(units);
  return string;
}

static const JSCFunctionListEntry entries[] = {
    NATIVE(encodeUtf8, 1), NATIVE(validUtf8, 1), NATIVE(decodeUtf8, 1), NATIVE(decodeLatin1, 1), NATIVE(decodeUtf16, 1),
};
const natives_t text_natives = NATIVES(entries);
