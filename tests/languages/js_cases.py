"""Functions in JavaScript, a request to each, and what is answered. A case has the source of main.js, the `request`
(arguments of Image.serve), and what is expected: status (200), text, body, json, headers, parts of the log."""

CASES = []
REFUSED = []


def case(name, source, **rest):
    CASES.append({"name": name, "source": source, **rest})


def checks(name, *lines):
    """JavaScript expressions and their values: one function that answers them all."""
    expressions = ",\n".join(f"await (async () => ({expression}))().catch((e) => `${{e.name}}: ${{e.message}}`)" for expression, _ in lines)
    case(name, f"export default {{ async fetch(request) {{ return Response.json([\n{expressions}\n]); }} }}", json=[value for _, value in lines])


def refused(name, source, first, *log):
    REFUSED.append({"name": name, "source": source, "first": first, "log": list(log)})


TEXT = {"content-type": "text/plain; charset=utf-8"}
JSON = {"content-type": "application/json"}

# --- Forms of functions ---------------------------------------------------------------------------------------------

case("default-fetch", 'export default { async fetch(request, env, ctx) { return new Response(`${request.method} ${env.A} ${typeof ctx.waitUntil}`); } }',
     environment={"A": "b"}, text="GET b function", headers={"content-type": "text/plain;charset=UTF-8"})
case("default-fetch-keeps-this", "export default { greeting: 'hi', fetch() { return this.greeting; } }", text="hi")
case("default-function", "export default (request) => request.url", request={"url": "http://h/a?b"}, text="http://h/a?b")
case("default-class-instance", "class App { #n = 1; fetch() { return `${this.#n}`; } } export default new App()", text="1")
case("exported-fetch", "export function fetch(request) { return 'f'; }", text="f")
case("exported-handler", "export async function handler(request) { return request.method; }", text="GET", headers=TEXT)
case("exported-on-one-line", "const a = 1; export const handler = () => `${a}`;", text="1")
case("global-handler", "function handler(request) { return request.method; }", text="GET")
case("global-constant", "const handler = (request) => request.method;", text="GET")
case("default-class", "export default class { #n = 'c'; fetch() { return this.#n; } }", text="c")
case("service-worker", "addEventListener('fetch', (event) => event.respondWith(answer(event.request)));\nasync function answer(r) { return new Response(r.url); }",
     request={"url": "http://h/x"}, text="http://h/x")
case("service-worker-that-does-not-answer", "addEventListener('fetch', () => {});", status=0, text="TypeError: No listener of fetch has called respondWith()",
     log=["respondWith"])
case("commonjs-function", "module.exports = (request) => 'c';", text="c")
case("commonjs-handler", "exports.handler = async () => 'h';", text="h")
case("commonjs-exec", "module.exports = { exec: (input) => input.toUpperCase() };", request={"method": "POST", "body": "abc"}, text="ABC", headers=JSON)
case("exec", "export function exec(input) { return JSON.stringify({ twice: JSON.parse(input).x * 2 }); }",
     request={"method": "POST", "body": '{"x":4}'}, text='{"twice":8}', headers=JSON)
case("global-exec", "async function exec(input) { return `<${input}>`; }", request={"body": "é"}, text="<é>")
case("exec-of-an-object", "export const exec = (input) => ({ input })", request={"body": "a"}, json={"input": "a"})
case("exec-of-nothing", "export const exec = () => {}", status=0, text="TypeError: exec() returned undefined, which is neither text nor has JSON", log=["exec()"])

# --- handler(ctx) of /api/v1/handler

case("ctx-json", 'function handler(ctx) { ctx.json({ msg: "Hello from " + ctx.request().getParam("name") }); }\nhandler', function="greet",
     text='{"msg":"Hello from greet"}', headers=JSON)
case("ctx-by-the-name-of-the-parameter", "export const handler = async (ctx) => ctx.json({ a: 1 });", json={"a": 1})
case("ctx-by-the-name-of-a-method's-parameter", "export default { handler(ctx) { ctx.end('m'); } }", text="m")
case("ctx-response", "(ctx) => ctx.response().setStatusCode(201).putHeader('X-A', 'b').end('text')", status=201, text="text", headers={"x-a": "b"})
case("ctx-request", """(ctx) => {
  const request = ctx.request();
  ctx.json([request.method(), request.path(), request.query(), request.getParam("q"), request.getHeader("x-a"), request.body(), ctx.pathParam("name")]);
}""", function="f", request={"method": "POST", "url": "http://h/p?q=1%202", "headers": {"X-A": "b"}, "body": "text"},
     json=["POST", "/p", "q=1%202", "1 2", "b", "text", "f"])
case("ctx-ended-later", "(ctx) => { setTimeout(() => ctx.end('later'), 10); }", text="later")
case("ctx-never-ended", "(ctx) => {}", status=0, log=["never settles"])
case("ctx-ended-twice", "(ctx) => ctx.end('a').end('b')", status=0, text="Error: The response has been ended already", log=["main.js:1"])
case("ctx-async", "async (ctx) => { await null; ctx.response().write('a'); ctx.response().end('b'); }", text="ab")

# --- What a handler returns

case("bytes", "export const handler = () => new Uint8Array([0, 255])", body=b"\0\xff", headers={"content-type": "application/octet-stream"})
case("part-of-bytes", "export const handler = () => new Uint8Array([1, 2, 3, 4]).subarray(1, 3)", body=b"\2\3")
case("array-buffer", "export const handler = () => new Uint8Array([1, 2]).buffer", body=b"\1\2")
case("object", "export const handler = () => ({ a: [1, null, 'é'] })", text='{"a":[1,null,"é"]}', headers=JSON)
case("null", "export const handler = () => null", text="null", headers=JSON)
case("number", "export const handler = () => 1.5", text="1.5")
case("nothing", "export const handler = () => {}", status=204, body=b"")
case("thenable", "export const handler = () => ({ then: (resolve) => resolve('t') })", text="t")
case("response", "export const handler = () => new Response('x', { status: 201, headers: [['a', 'b'], ['Set-Cookie', 'c=d']] })", status=201, text="x",
     headers={"a": "b", "set-cookie": "c=d", "content-type": "text/plain;charset=UTF-8"})
case("response-json", "export const handler = () => Response.json({ a: 1 }, { status: 202 })", status=202, json={"a": 1}, headers=JSON)
case("response-redirect", "export const handler = () => Response.redirect('http://h/a b', 301)", status=301, body=b"", headers={"location": "http://h/a%20b"})
case("response-with-a-type-of-its-own", "export const handler = () => new Response('<p>', { headers: { 'Content-Type': 'text/html' } })",
     text="<p>", headers={"content-type": "text/html"})
case("response-of-headers-set-later", "export const handler = () => { const r = new Response('x'); r.headers.set('x-a', 'b'); return r; }",
     text="x", headers={"x-a": "b", "content-type": "text/plain;charset=UTF-8"})
case("response-of-a-form", "export const handler = () => new Response(new URLSearchParams({ a: 'b c' }))",
     text="a=b+c", headers={"content-type": "application/x-www-form-urlencoded;charset=UTF-8"})
case("response-of-a-blob", "export const handler = () => new Response(new Blob(['a', new Uint8Array([98])], { type: 'text/x' }))", text="ab", headers={"content-type": "text/x"})
case("response-of-a-generator", "async function* parts() { yield 'a'; yield 'b'; }\nexport const handler = () => new Response(ReadableStream.from(parts()))", text="ab")
case("response-error", "export const handler = () => Response.error()", status=0, log=["Response.error()"])
case("function", "export const handler = () => () => 1", status=0, text="TypeError: The handler returned a function, which is no response", log=["function"])
case("symbol", "export const handler = () => Symbol('a')", status=0, text="TypeError: The handler returned a symbol, which is no response", log=["symbol"])
case("circle", "export const handler = () => { const a = {}; a.a = a; return a; }", status=0,
     text="TypeError: The handler returned an object that has no JSON: circular reference", log=["circular"])

# --- Failures

case("exception", "export function handler() {\n  return first();\n}\nfunction first() {\n  throw new RangeError('bad');\n}", status=0, text="RangeError: bad",
     log=["main.js:5:13: RangeError: bad\n", "at first (/main.js:5:13)", "at handler (/main.js:2:10)"])
case("exception-with-a-cause", "export function handler() { throw new Error('outer', { cause: new Error('inner') }); }", status=0, text="Error: outer", log=["Caused by: Error: inner"])
case("rejection", "export async function handler() { await null; null.a; }", status=0, text="TypeError: cannot read property 'a' of null", log=["main.js:1:"])
case("what-is-no-error", "export const handler = () => { throw 'text'; }", status=0, text="text", log=["text"])
case("promise-that-never-settles", "export const handler = () => new Promise(() => {})", status=0, log=["the promise of the handler never settles"])
case("endless-recursion", "export const handler = () => { const f = () => f() + 1; try { f(); } catch (e) { return e.name; } }", text="RangeError")
case("endless-nesting", "export default { async fetch(r) { const e = await r.json().catch((e) => e.name); let a = []; for (let i = 0; i < 1e5; ++i) a = [a];\n"
     "const name = (f) => { try { return f(); } catch (error) { return error.name; } };\n"
     "return [e, name(() => JSON.stringify(a)), name(() => eval('('.repeat(1e5))), JSON.parse('['.repeat(1000) + ']'.repeat(1000)).length]; } }",
     request={"method": "POST", "body": "[" * 100_000}, json=["RangeError", "RangeError", "RangeError", 1])
case("rejection-that-nobody-handles", "export const handler = () => { Promise.reject(new Error('lost')); return 'ok'; }", text="ok",
     log=["Uncaught (in promise) ", "Error: lost"])
case("exception-of-a-timer", "export const handler = () => new Promise((r) => { setTimeout(() => { throw new Error('t'); }, 1); setTimeout(() => r('ok'), 2); })",
     text="ok", log=["Uncaught ", "Error: t"])

# --- Timers, and what goes on

case("timers-in-order", "export const handler = async () => { const a = []; const wait = (n) => new Promise((r) => setTimeout(() => { a.push(n); r(); }, n));\n"
     "await Promise.all([wait(30), wait(10), wait(20)]); return a; }", json=[10, 20, 30])
case("interval", "export const handler = () => new Promise((r) => { let n = 0; const id = setInterval(() => { if (++n === 3) { clearInterval(id); r(`${n}`); } }, 5); })", text="3")
case("cleared-timer", "export const handler = () => new Promise((r) => { clearTimeout(setTimeout(() => r('no'), 5)); setTimeout(r, 10, 'yes'); })", text="yes")
case("microtasks-first", "export const handler = async () => { const a = []; setTimeout(() => a.push('t')); queueMicrotask(() => a.push('m')); process.nextTick(() => a.push('n'));\n"
     "await new Promise((r) => setTimeout(r, 1)); return a; }", json=["m", "n", "t"])
case("wait-until", "export default { fetch(r, env, ctx) { ctx.waitUntil(new Promise((r) => setTimeout(() => { console.log('done'); r(); }, 5))); return 'ok'; } }",
     text="ok", log=["done\n"])
case("wait-until-that-fails", "export default { fetch(r, env, ctx) { ctx.waitUntil(Promise.reject(new Error('w'))); return 'ok'; } }", text="ok", log=["waitUntil: ", "Error: w"])

# --- console

case("console", """export const handler = () => {
  console.log("a", 1, "b c", [1, "x", { k: undefined }], null);
  console.error("%s is %d", "x", 1.5, "more");
  console.warn(new Map([["k", new Set([1n])]]), new Uint8Array(2), Symbol("s"), () => 1, class A {}, new Date(0), /r/g);
  console.info(Object.assign(Object.create(null), { a: 1 }), Promise.resolve(1), new (class Point { x = 1; })(), -0);
  const circle = {}; circle.me = circle; console.debug(circle);
  console.group("g"); console.log("in"); console.groupEnd(); console.assert(false, "no"); console.count();
  return "";
}""", text="", log=[
    "a 1 b c [ 1, 'x', { k: undefined } ] null\n", "x is 1.5 more\n",
    "Map(1) { 'k' => Set(1) { 1n } } Uint8Array(2) [ 0, 0 ] Symbol(s) [Function (anonymous)] [class A] 1970-01-01T00:00:00.000Z /r/g\n",
    "[Object: null prototype] { a: 1 } Promise { 1 } Point { x: 1 } -0\n", "{ me: [Circular] }\n", "g\n  in\nAssertion failed: no\ndefault: 1\n"])

# --- The request

case("request", "export default { async fetch(r) { return [r.method, r.url, r.headers.get('X-a'), [...r.headers], await r.json(), r.bodyUsed]; } }",
     request={"method": "PUT", "url": "http://h:8/p?q", "headers": [("X-A", "1"), ("x-a", "2"), ("B", "é")], "body": '{"a":1}'},
     json=["PUT", "http://h:8/p?q", "1, 2", [["b", "é"], ["x-a", "1, 2"]], {"a": 1}, True])
case("request-bytes", "export default { async fetch(r) { return [...await r.bytes()]; } }", request={"method": "POST", "body": b"\0\xff"}, json=[0, 255])
case("request-text-of-bad-utf8", "export default { async fetch(r) { return [await r.text()]; } }", request={"method": "POST", "body": b"\xef\xbb\xbfa\xff\xe2\x82b"}, json=["a\ufffd\ufffdb"])
case("request-read-twice", "export default { async fetch(r) { await r.text(); return r.text().catch((e) => e.message); } }", text="The body has been read already")
case("request-clone", "export default { async fetch(r) { const c = r.clone(); return [await r.text(), await c.text(), c.method]; } }", request={"method": "POST", "body": "b"}, json=["b", "b", "POST"])
case("request-form", "export default { async fetch(r) { const f = await r.formData(); return [f.get('a'), f.getAll('b'), f.has('c')]; } }",
     request={"method": "POST", "headers": {"content-type": "application/x-www-form-urlencoded"}, "body": "a=1+2&b=%C3%A9&b="}, json=["1 2", ["é", ""], False])
case("request-multipart", "export default { async fetch(r) { const f = await r.formData(), g = f.get('file'); return [f.get('a'), g.name, g.type, g.size, await g.text()]; } }",
     request={"method": "POST", "headers": {"content-type": "multipart/form-data; boundary=xx"},
              "body": '--xx\r\nContent-Disposition: form-data; name="a"\r\n\r\né\r\n--xx\r\nContent-Disposition: form-data; name="file"; filename="f.txt"\r\n'
                      "Content-Type: text/x\r\n\r\nline\r\n\r\n--xx--\r\n"}, json=["é", "f.txt", "text/x", 6, "line\r\n"])
case("request-of-another-type-is-no-form", "export default { fetch: (r) => r.formData().catch((e) => e.message) }", request={"method": "POST", "headers": {"content-type": "a/b"}},
     text='The body is no form: Content-Type is "a/b"')
case("multipart-there-and-back", """export default { async fetch() {
  const form = new FormData(); form.append("a", "1\\r\\n2"); form.append("f", new File(["x"], 'q"q.txt', { type: "a/b" }));
  const back = await new Response(form).formData();
  return [back.get("a"), back.get("f").name, back.get("f").type, await back.get("f").text()];
} }""", json=["1\r\n2", 'q"q.txt', "a/b", "x"])
case("client-is-not-told-of-an-empty-body", "export default { fetch: (r) => [r.body, r.bodyUsed] }", json=[None, False])

# --- APIs of the web --------------------------------------------------------------------------------------------------

checks("url",
       ("new URL('../c?x#y', 'http://EXAMPLE.com:80/a/b/').href", "http://example.com/a/c?x#y"),
       ("new URL('http://user:pa%20ss@bücher.example/ä b').href", "http://user:pa%20ss@xn--bcher-kva.example/%C3%A4%20b"),
       ("new URL('http://[::1]:8080/').host", "[::1]:8080"), ("new URL('http://0x7f.1/').hostname", "127.0.0.1"),
       ("new URL('mailto:a@b').pathname", "a@b"), ("new URL('file:///C:/../a').href", "file:///C:/a"), ("new URL('http://h').origin", "http://h"),
       ("URL.canParse('http://'), [URL.canParse('http://'), URL.canParse('a', 'http://h'), URL.parse(':') ]", [False, True, None]),
       ("new URL('nothing')", "TypeError: Invalid URL: nothing"),
       ("((u) => (u.pathname = '/x y', u.search = 'a=1', u.hash = '', u.port = '81', u.protocol = 'https', u.host = 'o', u.href))(new URL('http://h:80/#f'))", "https://o:81/x%20y?a=1"),
       ("((u) => (u.searchParams.append('a', 'b&c'), u.searchParams.delete('x'), u.href))(new URL('http://h/?x=1&y'))", "http://h/?y=&a=b%26c"),
       ("((u) => (u.search = '?q=2', u.searchParams.get('q')))((u => (u.searchParams, u))(new URL('http://h/?q=1')))", "2"),
       ("JSON.stringify({ u: new URL('http://h') })", '{"u":"http://h/"}'))
checks("url-search-params",
       ("new URLSearchParams('?a=1&a=%20+&b').getAll('a')", ["1", "  "]), ("`${new URLSearchParams([['é', '~'], ['a', '*-._']])}`", "%C3%A9=%7E&a=*-._"),
       ("[...new URLSearchParams({ b: 1, a: 2 })]", [["b", "1"], ["a", "2"]]), ("((p) => (p.sort(), p.set('b', 3), p.has('a', '2') + p.toString() + p.size))(new URLSearchParams('b=1&a=2&b=2'))", "truea=2&b=32"),
       ("new URLSearchParams('%zz=%4').toString()", "%25zz=%254"))
checks("headers",
       ("((h) => (h.append('A', ' 1 '), h.append('a', '2'), h.set('C', '3'), [h.get('a'), h.has('A'), [...h.keys()], h.get('x')]))(new Headers({ b: 'x' }))", ["1, 2", True, ["a", "b", "c"], None]),
       ("((h) => [h.getSetCookie(), [...h]])(new Headers([['set-cookie', 'a'], ['Set-Cookie', 'b']]))", [["a", "b"], [["set-cookie", "a"], ["set-cookie", "b"]]]),
       ("new Headers({ 'a b': 'c' })", 'TypeError: Header name is not valid: "a b"'), ("new Headers({ a: 'b\\nc' })", 'TypeError: Header value is not valid: "b\\nc"'),
       ("((h) => (h.delete('A'), [...h]))(new Headers({ a: '1', b: '2' }))", [["b", "2"]]))
checks("text",
       ("[...new TextEncoder().encode('é€😀')]", [0xC3, 0xA9, 0xE2, 0x82, 0xAC, 0xF0, 0x9F, 0x98, 0x80]), ("new TextEncoder().encodeInto('é€', new Uint8Array(3))", {"read": 1, "written": 2}),
       ("new TextDecoder().decode(new Uint8Array([0xef, 0xbb, 0xbf, 0x61]))", "a"), ("new TextDecoder('utf-8', { ignoreBOM: true }).decode(new Uint8Array([0xef, 0xbb, 0xbf])).length", 1),
       ("new TextDecoder('utf-8', { fatal: true }).decode(new Uint8Array([0xff]))", "TypeError: TextDecoder: the bytes are not UTF-8"),
       ("((d) => [d.decode(new Uint8Array([0xe2, 0x82]), { stream: true }), d.decode(new Uint8Array([0xac]), { stream: true }), d.decode()])(new TextDecoder())", ["", "€", ""]),
       ("new TextDecoder('latin1').decode(new Uint8Array([0x80, 0xe9]))", "€é"), ("new TextDecoder('utf-16le').decode(new Uint8Array([0x61, 0, 0x3d, 0xd8, 0, 0xde]))", "a😀"),
       ("new TextDecoder('nothing')", "RangeError: TextDecoder: there is no encoding nothing"), ("[btoa('a\\xff'), atob('YQ==')]", ["Yf8=", "a"]), ("btoa('€')", "InvalidCharacterError: String contains an invalid character"))
checks("abort",
       ("((c) => { const s = []; c.signal.addEventListener('abort', () => s.push(c.signal.reason.name)); c.abort(); c.abort(); return s; })(new AbortController())", ["AbortError"]),
       ("new Promise((r) => { const s = AbortSignal.timeout(5); s.onabort = () => r(s.reason.name); })", "TimeoutError"), ("AbortSignal.any([AbortSignal.abort('why')]).reason", "why"),
       ("fetch('http://h', { signal: AbortSignal.abort() })", "AbortError: The operation was aborted"))
checks("events",
       ("((t) => { const seen = []; t.addEventListener('a', (e) => seen.push(e.detail, e.target === t), { once: true }); t.dispatchEvent(new CustomEvent('a', { detail: 1 })); t.dispatchEvent(new CustomEvent('a')); return seen; })(new EventTarget())", [1, True]),
       ("((t) => { t.addEventListener('a', (e) => e.preventDefault()); return t.dispatchEvent(new Event('a', { cancelable: true })); })(new EventTarget())", False))
checks("streams",
       ("new Response(new Blob(['a b']).stream().pipeThrough(new TextDecoderStream()).pipeThrough(new TransformStream({ transform(t, c) { c.enqueue(t.toUpperCase()); } })).pipeThrough(new TextEncoderStream())).text()", "A B"),
       ("(async () => { const [a, b] = new Response('x').body.tee(); return [await new Response(a).text(), await new Response(b).text()]; })()", ["x", "x"]),
       ("(async () => { const parts = []; await ReadableStream.from(['a', 'b']).pipeTo(new WritableStream({ write: (p) => void parts.push(p) })); return parts; })()", ["a", "b"]),
       ("(async () => { const r = new Response('x'); const reader = r.body.getReader(); await reader.read(); return [r.bodyUsed, (await reader.read()).done]; })()", [True, True]))
checks("structured-clone",
       ("((a) => { const b = structuredClone(a); return [b.m.get('k'), b.me === b, b.d.getTime(), [...b.s], b.u[1]]; })((a => (a.me = a))({ m: new Map([['k', 1]]), d: new Date(5), s: new Set([1]), u: new Uint8Array([1, 2]) }))", [1, True, 5, [1], 2]),
       ("structuredClone(() => 1)", "DataCloneError: A function cannot be cloned"))
checks("crypto",
       ("crypto.subtle.digest('SHA-1', new Uint8Array()).then((d) => new Uint8Array(d).toHex())", "da39a3ee5e6b4b0d3255bfef95601890afd80709"),
       ("crypto.subtle.digest({ name: 'sha-256' }, new TextEncoder().encode('abc')).then((d) => new Uint8Array(d).toHex())", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
       ("crypto.subtle.digest('SHA-512', new Uint8Array()).then((d) => new Uint8Array(d).toHex().slice(0, 16))", "cf83e1357eefb8bd"), ("crypto.subtle.digest('MD5', new Uint8Array())", "NotSupportedError: crypto.subtle: there is no hash MD5"),
       ("(async () => { const data = new TextEncoder().encode('The quick brown fox jumps over the lazy dog'); const key = await crypto.subtle.importKey('raw', new TextEncoder().encode('key'), { name: 'HMAC', hash: 'SHA-256' }, true, ['sign', 'verify']); "
        "const mac = await crypto.subtle.sign('HMAC', key, data); return [new Uint8Array(mac).toHex(), await crypto.subtle.verify('HMAC', key, mac, data), await crypto.subtle.verify('HMAC', key, mac, data.subarray(1)), (await crypto.subtle.exportKey('jwk', key)).k]; })()",
        ["f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8", True, False, "a2V5"]),
       ("/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(crypto.randomUUID())", True), ("new Set(crypto.getRandomValues(new Uint8Array(64))).size > 8", True))
checks("globals",
       ("[typeof globalThis, self === globalThis, navigator.userAgent, typeof performance.timeOrigin]", ["object", True, "mayfly", "number"]),
       ("new DOMException('m', 'AbortError').code", 20), ("[Buffer.from('aé').toString('hex'), Buffer.from('YQ', 'base64').toString(), Buffer.concat([Buffer.from('a'), Buffer.alloc(1)]).length]", ["61c3a9", "a", 2]),
       ("[typeof require, typeof module]", ["undefined", "undefined"]), ("new Blob(['abc']).slice(1, 2).text()", "b"), ("new Request('http://h/', { method: 'post', body: 'x' }).method", "POST"),
       ("new Request('http://h/', { body: 'x' })", "TypeError: Request: GET has no body"), ("new Response('x', { status: 99 })", "RangeError: Response: status 99 is not between 200 and 599"),
       ("new Response('x', { status: 204 })", "TypeError: Response: a response of status 204 has no body"))

# --- What is refused at the deploy --------------------------------------------------------------------------------------

refused("syntax-error", "export default {\n  fetch( { return 1 }\n}", "main.js:2:21: SyntaxError: ", "\n  fetch( { return 1 }\n", "^\n")
refused("syntax-error-of-a-script", "const a = 1;\nlet b = ;", "main.js:2:9: SyntaxError: unexpected token in expression: ';'", "let b = ;\n        ^\n")
refused("exception", "const a = null;\nexport const b = a.c;", "main.js:2:18: TypeError: cannot read property 'c' of null", "at <anonymous> (/main.js:2:18)")
refused("no-handler", "export const a = 1;", "main.js:1:1: TypeError: There is no handler in main.js. It has one of these: `export default { fetch(request, env, ctx) {...} }`", "exec(input)")
refused("empty", "", "main.js:1:1: TypeError: There is no handler in main.js")
refused("never-loaded", "await new Promise(() => {}); export const handler = () => 1;", "TypeError: loading the function never settles")
refused("endless-recursion", "const f = () => f() + 1; f();", "main.js:1:", "RangeError: Maximum call stack size exceeded")
