#include "modules.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "heap.h"
#include "native.h"

typedef struct {
  const char* name;
  const char* source;  // a zero byte follows
  size_t size;
} source_t;

static const source_t prelude[] = {
#include "prelude.inc"
};
enum { kSources = sizeof prelude / sizeof *prelude };

// What the prelude has set: resolve(base, specifier), load(name) and describe(import.meta, name).
static JSValue resolve_function = JS_UNDEFINED, load_function = JS_UNDEFINED, describe_function = JS_UNDEFINED;

static struct {
  uint8_t* code;  // without the text
  size_t size;
} compiled[kSources];

static int prelude_index(const char* name) {
  for (int i = 0; i < kSources; ++i)
    if (strcmp(prelude[i].name, name) == 0) return i;
  return -1;
}

static char* normalise(JSContext* ctx, const char* base, const char* specifier, void* opaque) {
  (void)opaque;
  if (strncmp(base, "mayfly:", 7) == 0 || strncmp(base, "node:", 5) == 0)
    if (prelude_index(specifier) >= 0 || strcmp(specifier, "mayfly:native") == 0) return js_strdup(ctx, specifier);
  if (JS_IsUndefined(resolve_function)) {
    JS_ThrowReferenceError(ctx, "there is no module %s", specifier);
    return NULL;
  }
  JSValue arguments[] = {JS_NewString(ctx, base), JS_NewString(ctx, specifier)};
  JSValue name = JS_Call(ctx, resolve_function, JS_UNDEFINED, 2, arguments);
  JS_FreeValue(ctx, arguments[0]);
  JS_FreeValue(ctx, arguments[1]);
  if (JS_IsException(name)) return NULL;
  const char* text = JS_ToCString(ctx, name);
  JS_FreeValue(ctx, name);
  if (text == NULL) return NULL;
  char* copy = js_strdup(ctx, text);
  JS_FreeCString(ctx, text);
  return copy;
}

static JSModuleDef* compile(JSContext* ctx, const char* name, const char* source, size_t size) {
  JSValue function = JS_Eval(ctx, source, size, name, JS_EVAL_TYPE_MODULE | JS_EVAL_FLAG_COMPILE_ONLY);
  if (JS_IsException(function)) return NULL;
  JSModuleDef* module = JS_VALUE_GET_PTR(function);
  JS_FreeValue(ctx, function);  // the context keeps it
  return module;
}

static char* normalise_prelude(JSContext* ctx, const char* base, const char* specifier, void* opaque) {
  (void)base, (void)opaque;
  return js_strdup(ctx, specifier);
}

static JSModuleDef* load_prelude(JSContext* ctx, const char* name, void* opaque) {
  (void)opaque;
  const int i = prelude_index(name);
  if (i < 0) return JS_ThrowReferenceError(ctx, "there is no module %s", name), NULL;
  JSModuleDef* module = compile(ctx, name, prelude[i].source, prelude[i].size);
  if (module == NULL) return NULL;
  const int flags = JS_WRITE_OBJ_BYTECODE | JS_WRITE_OBJ_STRIP_SOURCE;
  size_t size;
  uint8_t* code = JS_WriteObject(ctx, &size, JS_MKPTR(JS_TAG_MODULE, module), flags);
  if (code == NULL) return NULL;
  compiled[i].code = malloc(size);
  compiled[i].size = size;
  if (compiled[i].code != NULL) memcpy(compiled[i].code, code, size);
  js_free(ctx, code);
  return compiled[i].code != NULL ? module : NULL;
}

bool modules_compile_prelude(void) {
  heap_begin_scratch();
  JSRuntime* runtime = JS_NewRuntime2(&heap_functions, NULL);
  JSContext* ctx = JS_NewContext(runtime);
  JS_SetModuleLoaderFunc(runtime, normalise_prelude, load_prelude, NULL);
  native_add(ctx);
  bool all = true;
  for (int i = 0; i < kSources && all; ++i)
    if (compiled[i].code == NULL && load_prelude(ctx, prelude[i].name, NULL) == NULL) all = false;
  if (!all) {
    JSValue error = JS_GetException(ctx);
    const char* text = JS_ToCString(ctx, error);
    fprintf(stderr, "%s\n", text != NULL ? text : "the prelude cannot be compiled");
    JS_FreeCString(ctx, text);
    JS_FreeValue(ctx, error);
  }
  JS_FreeContext(ctx);
  JS_FreeRuntime(runtime);
  heap_end_scratch();
  return all;
}

// Nobody asks for the code of a module a second time.
static JSModuleDef* read_prelude(JSContext* ctx, int index) {
  JSValue module = JS_ReadObject(ctx, compiled[index].code, compiled[index].size, JS_READ_OBJ_BYTECODE);
  free(compiled[index].code);
  compiled[index].code = NULL;
  if (JS_IsException(module)) return NULL;
  JSModuleDef* found = JS_VALUE_GET_PTR(module);
  JS_FreeValue(ctx, module);  // the context keeps it
  return found;
}

static JSModuleDef* load(JSContext* ctx, const char* name, void* opaque, JSValueConst attributes) {
  (void)opaque, (void)attributes;
  const int own = prelude_index(name);
  if (own >= 0) return read_prelude(ctx, own);
  JSValue argument = JS_NewString(ctx, name);
  JSValue source = JS_Call(ctx, load_function, JS_UNDEFINED, 1, &argument);
  JS_FreeValue(ctx, argument);
  if (JS_IsException(source)) return NULL;
  size_t size;
  const char* text = JS_ToCStringLen(ctx, &size, source);
  JS_FreeValue(ctx, source);
  if (text == NULL) return NULL;
  JSModuleDef* module = compile(ctx, name, text, size);
  JS_FreeCString(ctx, text);
  if (module == NULL) return NULL;
  JSValue arguments[] = {JS_GetImportMeta(ctx, module), JS_NewString(ctx, name)};
  JSValue described = JS_Call(ctx, describe_function, JS_UNDEFINED, 2, arguments);
  JS_FreeValue(ctx, arguments[0]);
  JS_FreeValue(ctx, arguments[1]);
  if (JS_IsException(described)) return NULL;
  return module;
}

static int accept_attributes(JSContext* ctx, void* opaque, JSValueConst attributes) {
  (void)ctx, (void)opaque, (void)attributes;  // load() goes by the extension
  return 0;
}

void modules_add(JSContext* ctx) {
  JS_SetModuleLoaderFunc2(JS_GetRuntime(ctx), normalise, load, accept_attributes, NULL);
}

JSValue modules_prelude(JSContext* ctx, const char* name) {
  JSModuleDef* module = read_prelude(ctx, prelude_index(name));
  if (module == NULL || JS_ResolveModule(ctx, JS_MKPTR(JS_TAG_MODULE, module)) < 0) return JS_EXCEPTION;
  JSValue evaluated = JS_EvalFunction(ctx, JS_DupValue(ctx, JS_MKPTR(JS_TAG_MODULE, module)));
  JSContext* job;
  while (JS_ExecutePendingJob(JS_GetRuntime(ctx), &job) > 0) continue;
  if (JS_PromiseState(ctx, evaluated) == JS_PROMISE_REJECTED) {
    JS_Throw(ctx, JS_PromiseResult(ctx, evaluated));
    JS_FreeValue(ctx, evaluated);
    return JS_EXCEPTION;
  }
  if (JS_IsException(evaluated)) return evaluated;
  JS_FreeValue(ctx, evaluated);
  return JS_GetModuleNamespace(ctx, module);
}

static JSValue setLoader(ARGUMENTS) {
  resolve_function = JS_DupValue(ctx, argv[0]);
  load_function = JS_DupValue(ctx, argv[1]);
  describe_function = JS_DupValue(ctx, argv[2]);
  return JS_UNDEFINED;
}

static JSValue evaluate(JSContext* ctx, JSValueConst* argv, int flags) {
  size_t size;
  const char* source = JS_ToCStringLen(ctx, &size, argv[0]);
  if (source == NULL) return JS_EXCEPTION;
  const char* name = JS_ToCString(ctx, argv[1]);
  JSValue value = name != NULL ? JS_Eval(ctx, source, size, name, JS_EVAL_TYPE_GLOBAL | flags) : JS_EXCEPTION;
  JS_FreeCString(ctx, name);
  JS_FreeCString(ctx, source);
  return value;
}

// evaluateScript(source, name): the value of its last statement.
static JSValue evaluateScript(ARGUMENTS) { return evaluate(ctx, argv, 0); }

// isScript(source, name): whether it is well-formed as one.
static JSValue isScript(ARGUMENTS) {
  JSValue function = evaluate(ctx, argv, JS_EVAL_FLAG_COMPILE_ONLY);
  if (!JS_IsException(function)) return JS_FreeValue(ctx, function), JS_TRUE;
  JS_FreeValue(ctx, JS_GetException(ctx));
  return JS_FALSE;
}

static const JSCFunctionListEntry entries[] = {NATIVE(setLoader, 3), NATIVE(evaluateScript, 2), NATIVE(isScript, 2)};
const natives_t module_natives = NATIVES(entries);
