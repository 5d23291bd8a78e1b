// URLs, by Ada: the standard's parser, with the names of other scripts.

#include <ada_c.h>
#include <string.h>

#include "native.h"

typedef ada_string part_of(ada_url url);
typedef bool set_part(ada_url url, const char* input, size_t size);

static bool set_search(ada_url url, const char* input, size_t size) { return ada_set_search(url, input, size), true; }
static bool set_hash(ada_url url, const char* input, size_t size) { return ada_set_hash(url, input, size), true; }

static const struct {
  const char* name;
  part_of* get;
  set_part* set;
} parts[] = {
    {"href", ada_get_href, ada_set_href},
    {"protocol", ada_get_protocol, ada_set_protocol},
    {"username", ada_get_username, ada_set_username},
    {"password", ada_get_password, ada_set_password},
    {"host", ada_get_host, ada_set_host},
    {"hostname", ada_get_hostname, ada_set_hostname},
    {"port", ada_get_port, ada_set_port},
    {"pathname", ada_get_pathname, ada_set_pathname},
    {"search", ada_get_search, set_search},
    {"hash", ada_get_hash, set_hash},
};
enum { kParts = sizeof parts / sizeof *parts };

// All that a URL consists of, as an object; undefined when it is none.
static JSValue take_apart(JSContext* ctx, ada_url url) {
  if (url == NULL || !ada_is_valid(url)) {
    if (url != NULL) ada_free(url);
    return JS_UNDEFINED;
  }
  JSValue result = JS_NewObject(ctx);
  for (int i = 0; i < kParts; ++i) {
    const ada_string part = parts[i].get(url);
    JS_SetPropertyStr(ctx, result, parts[i].name, JS_NewStringLen(ctx, part.data, part.length));
  }
  const ada_owned_string origin = ada_get_origin(url);
  JS_SetPropertyStr(ctx, result, "origin", JS_NewStringLen(ctx, origin.data, origin.length));
  ada_free_owned_string(origin);
  ada_free(url);
  return result;
}

// parseUrl(text, base or undefined)
static JSValue parseUrl(ARGUMENTS) {
  bytes_t text, base = {0};
  if (!bytes_begin(ctx, argv[0], &text)) return JS_EXCEPTION;
  const bool relative = !JS_IsUndefined(argv[1]);
  if (relative && !bytes_begin(ctx, argv[1], &base)) return bytes_end(ctx, &text), JS_EXCEPTION;
  JSValue result = take_apart(ctx, relative ? ada_parse_with_base(text.data, text.size, base.data, base.size)
                                            : ada_parse(text.data, text.size));
  bytes_end(ctx, &text);
  bytes_end(ctx, &base);
  return result;
}

// changeUrl(href, part, value): undefined when the part may not be that.
static JSValue changeUrl(ARGUMENTS) {
  bytes_t href, name, value;
  if (!bytes_begin(ctx, argv[0], &href)) return JS_EXCEPTION;
  if (!bytes_begin(ctx, argv[1], &name)) return bytes_end(ctx, &href), JS_EXCEPTION;
  if (!bytes_begin(ctx, argv[2], &value)) return bytes_end(ctx, &href), bytes_end(ctx, &name), JS_EXCEPTION;
  ada_url url = ada_parse(href.data, href.size);
  bool set = false;
  for (int i = 0; i < kParts && url != NULL && ada_is_valid(url); ++i)
    if (strlen(parts[i].name) == name.size && memcmp(parts[i].name, name.data, name.size) == 0)
      set = parts[i].set(url, value.data, value.size);
  bytes_end(ctx, &href);
  bytes_end(ctx, &name);
  bytes_end(ctx, &value);
  if (set) return take_apart(ctx, url);
  if (url != NULL) ada_free(url);
  return JS_UNDEFINED;
}

static const JSCFunctionListEntry entries[] = {NATIVE(parseUrl, 2), NATIVE(changeUrl, 3)};
const natives_t url_natives = NATIVES(entries);
