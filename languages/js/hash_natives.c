// Digests and HMAC, by Mbed TLS.

#include <mbedtls/md.h>

#include "native.h"

static const mbedtls_md_info_t* hash_named(JSContext* ctx, JSValueConst value) {
  const char* name = JS_ToCString(ctx, value);
  if (name == NULL) return NULL;
  const mbedtls_md_info_t* hash = mbedtls_md_info_from_string(name);
  if (hash == NULL) JS_ThrowRangeError(ctx, "there is no hash %s", name);
  JS_FreeCString(ctx, name);
  return hash;
}

static JSValue result(JSContext* ctx, const mbedtls_md_info_t* hash, int failed, const uint8_t* bytes) {
  return failed ? JS_ThrowInternalError(ctx, "the hash failed")
                : JS_NewUint8ArrayCopy(ctx, bytes, mbedtls_md_get_size(hash));
}

// digest(hash, bytes)
static JSValue digest(ARGUMENTS) {
  const mbedtls_md_info_t* hash = hash_named(ctx, argv[0]);
  bytes_t data;
  if (hash == NULL || !bytes_begin(ctx, argv[1], &data)) return JS_EXCEPTION;
  uint8_t out[MBEDTLS_MD_MAX_SIZE];
  const int failed = mbedtls_md(hash, (const uint8_t*)data.data, data.size, out);
  bytes_end(ctx, &data);
  return result(ctx, hash, failed, out);
}

// hmac(hash, key, bytes)
static JSValue hmac(ARGUMENTS) {
  const mbedtls_md_info_t* hash = hash_named(ctx, argv[0]);
  bytes_t key, data;
  if (hash == NULL || !bytes_begin(ctx, argv[1], &key)) return JS_EXCEPTION;
  if (!bytes_begin(ctx, argv[2], &data)) return bytes_end(ctx, &key), JS_EXCEPTION;
  uint8_t out[MBEDTLS_MD_MAX_SIZE];
  const int failed =
      mbedtls_md_hmac(hash, (const uint8_t*)key.data, key.size, (const uint8_t*)data.data, data.size, out);
  bytes_end(ctx, &key);
  bytes_end(ctx, &data);
  return result(ctx, hash, failed, out);
}

static const JSCFunctionListEntry entries[] = {NATIVE(digest, 2), NATIVE(hmac, 3)};
const natives_t hash_natives = NATIVES(entries);
