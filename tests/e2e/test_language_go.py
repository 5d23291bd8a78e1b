"""Functions in Go."""

import pytest
from languages import debian_package, files_of, fixture

go = fixture("go", ".go")


def main(*lines, imports=()):
    return "package main\n" + "".join(f'import "{name}"\n' for name in imports) + "\n".join(lines) + "\n"


REQUEST = "func handler(request *mayfly.Request) "


@pytest.mark.parametrize(
    ("source", "status", "content_type", "body"),
    [
        (main(REQUEST + 'string { return "héllo" }', imports=["mayfly"]), 200, "text/plain; charset=utf-8", "héllo".encode()),
        (main(REQUEST + "any { return []byte{0, 255} }", imports=["mayfly"]), 200, "application/octet-stream", b"\0\xff"),
        (main("type answer struct { A []int `json:\"a\"` }", REQUEST + "answer { return answer{[]int{1, 2}} }", imports=["mayfly"]),
         200, "application/json", b'{"a":[1,2]}'),
        (main(REQUEST + '(map[string]any, error) { return map[string]any{"x": nil}, nil }', imports=["mayfly"]), 200, "application/json", b'{"x":null}'),
        (main(REQUEST + "{}", imports=["mayfly"]), 204, None, b""),
        (main(REQUEST + '*mayfly.Response { return &mayfly.Response{Status: 404, Headers: map[string]string{"Content-Type": "text/html"}, Body: "<p>"} }',
              imports=["mayfly"]), 404, "text/html", b"<p>"),
        (main('func handler() string { return "none" }'), 200, "text/plain; charset=utf-8", b"none"),
        (main('func Handler(w http.ResponseWriter, r *http.Request) { w.Header().Set("X-A", "b"); w.WriteHeader(201); fmt.Fprintf(w, "%s %s", r.Method, r.URL.Query().Get("q")) }',
              imports=["fmt", "net/http"]), 201, "text/plain; charset=utf-8", b"GET 1"),
        (main("var mux = http.NewServeMux()", 'func init() { mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { http.Error(w, "no", 403) }) }',
              "var Handler http.Handler = mux", imports=["net/http"]), 403, "text/plain; charset=utf-8", b"no\n"),
        (main('func main() { http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { w.Write([]byte("<html>")) })',
              'log.Fatal(http.ListenAndServe(":8080", nil)) }', imports=["log", "net/http"]), 200, "text/html; charset=utf-8", b"<html>"),
        (main('func handler(ctx *mayfly.Context) { ctx.Response().SetStatusCode(201).PutHeader("X-A", "b").End("q=", ctx.Request().GetParam("q")) }',
              imports=["mayfly"]), 201, "text/plain; charset=utf-8", b"q=1"),
        (main('func handler(ctx *mayfly.Context) error { return ctx.JSON(map[string]bool{"ok": true}) }', imports=["mayfly"]), 200, "application/json", b'{"ok":true}'),
        (main('func exec(input string) string { return "[" + input + "]" }'), 200, "application/json", b"[]"),
        (main('func main() { fmt.Println("printed"); fmt.Fprint(os.Stdout, os.Getenv("A")) }', imports=["fmt", "os"]), 200, "text/plain; charset=utf-8", b"printed\n"),
    ],
)  # fmt: skip
def test_what_a_handler_returns_is_the_response(go, source, status, content_type, body):
    answer = go.call(source, "?q=1")
    assert answer.status == status, answer.text
    assert content_type is None or answer.headers["Content-Type"] == content_type
    assert answer.body == body


def test_what_a_handler_sees_of_the_request(go):
    name = go.function(main(
        REQUEST + """(any, error) {
	var value struct { Deep []int }
	if err := request.JSON(&value); err != nil { return nil, err }
	return map[string]any{"path": request.Path, "method": request.Method, "name": request.Function, "query": request.Query,
		"agent": request.Headers.Get("user-agent"), "client": request.Client, "deep": value.Deep, "text": request.Text()}, nil
}""", imports=["mayfly"]))
    answer = go.server.request("POST", f"/{name}?x=1&y=%C3%A9+z", b'{"deep":[1,2]}', {"User-Agent": "test"})
    assert answer.json == {"path": f"/{name}", "method": "POST", "name": name, "query": {"x": "1", "y": "é z"}, "agent": "test",
                           "client": "127.0.0.1", "deep": [1, 2], "text": '{"deep":[1,2]}'}


def test_a_program_reads_the_body_and_prints_the_response(go):
    source = main("func main() { s := bufio.NewScanner(os.Stdin); for s.Scan() { fmt.Println(strings.ToUpper(s.Text())) } }",
                  imports=["bufio", "fmt", "os", "strings"])
    name = go.function(source)
    assert go.server.request("POST", f"/{name}", b"a\nb\n").body == b"A\nB\n"
    assert go.server.request("POST", f"/{name}", b"c").body == b"C\n"


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("package main\n\nfunc handler( {\n", "main.go:3:15: "),
        (main("func handler() string { return undefined }"), "main.go:2:32: undefined: undefined"),
        (main('var x = []int{}[3]', "func handler() {}"), "main.go:2:"),
        (main('import "absent/thing"', "func handler() {}"), "main.go:2:8: import \"absent/thing\" error"),
        (main("func f() {}"), "main.go:1:1: there is no handler: mayfly looks for Handler(w http.ResponseWriter, r *http.Request)"),
        (main("func handler(a, b int) {}"), "main.go:1:1: handler(int, int) is none that mayfly calls"),
        (main('func init() { panic("not today") }', "func handler() {}"), "main.go:2:"),
        (main("func handler() string { return 1 }"), "main.go:2:"),
    ],
)  # fmt: skip
def test_a_file_that_does_not_load_says_where_and_why(go, source, line):
    said = go.refusal(source)
    assert said.startswith(line), said


def test_a_loop_without_an_end_is_ended(go):
    assert "while it was loaded" in go.refusal(main("func init() { for {} }", "func handler() {}"), query="?cpu=300ms")


def test_a_panic_in_the_handler_is_told(go):
    name = go.function(main("func inner(list []int) int { return list[7] }", "func handler() any {", "\treturn inner([]int{1})", "}"))
    answer = go.server.get(f"/{name}")
    assert answer.status == 500 and "index out of range" in answer.json["detail"] and "main.go:2:" in answer.json["detail"], answer.text
    go.server.wait_for_log(function=name)
    assert any("main.go:4" in line for line in go.log_of(name)), go.log_of(name)


def test_an_error_of_the_handler_is_told(go):
    assert "not today" in go.failure(main('func handler() (string, error) { return "", errors.New("not today") }', imports=["errors"]))


def test_nothing_of_a_request_is_in_the_next(go):
    source = main("var count = 0", "func handler() any { count++; return []any{count, rand.Int63(), v2.Uint64(), secret()} }",
                  'func secret() string { b := make([]byte, 8); crypto.Read(b); return hex.EncodeToString(b) }', imports=["math/rand", "encoding/hex"])
    source = source.replace("package main\n", 'package main\nimport v2 "math/rand/v2"\nimport crypto "crypto/rand"\n')
    go.check_that_nothing_stays(source)


def test_what_is_printed_goes_to_the_log(go):
    name = go.function(main('func init() { fmt.Println("at load") }',
                            'func handler() string { fmt.Println("a", 1); os.Stdout.WriteString("b\\n"); log.SetFlags(0); log.Print("c"); println("d"); return "e" }',
                            imports=["fmt", "log", "os"]))
    assert go.server.get(f"/{name}").body == b"e"
    go.server.wait_for_log(function=name, line="d")
    assert go.log_of(name) == ["at load", "a 1", "b", "c", "d"]


def test_the_environment_is_that_of_the_request(go):
    source = main('var early = os.Getenv("A")', 'func handler() string { return early + os.Getenv("A") }', imports=["os"])
    assert go.call(source, query="?env=A=b").body == b"b"


def test_the_clock_and_goroutines_work(go):
    source = main("func handler() any {", "\tstart := time.Now()", "\tdone := make(chan int)",
                  "\tgo func() { time.Sleep(20 * time.Millisecond); done <- 7 }()", "\tvalue := <-done",
                  "\treturn []any{value, time.Since(start) >= 20*time.Millisecond, start.Year() > 2024}", "}", imports=["time"])
    assert go.call(source).json == [7, True, True]


def test_packages_of_a_bundle(go):
    answer = go.call(
        main('import "example.com/hello/greet"', 'import "example.com/other"', 'func handler() string { data, _ := os.ReadFile("/data.txt"); return greet.Hello(name) + other.Mark + string(data) }',
             imports=["os"]),
        files={"go.mod": "module example.com/hello\n\ngo 1.21\n", "name.go": 'package main\n\nvar name = "you"\n',
               "greet/greet.go": 'package greet\n\nimport "strings"\n\nfunc Hello(name string) string { return "hello " + strings.ToUpper(name) }\n',
               "vendor/example.com/other/other.go": 'package other\n\nconst Mark = "!"\n', "data.txt": "file",
               "main_test.go": "package main\n\nthis is no Go\n"},
    )
    assert answer.body == b"hello YOU!file", answer.text


def test_a_request_of_its_own_goes_where_it_is_allowed(go):
    other = go.function(main('func Handler(w http.ResponseWriter, r *http.Request) { b, _ := io.ReadAll(r.Body); w.WriteHeader(202); w.Write(append(b, r.Header.Get("X-A")...)) }',
                             imports=["io", "net/http"]))
    source = main(
        "func handler() (any, error) {",
        f'\trequest, _ := http.NewRequest("POST", "{go.server.url}/{other}", strings.NewReader("body "))',
        '\trequest.Header.Set("X-A", "header")', "\tanswer, err := http.DefaultClient.Do(request)", "\tif err != nil { return nil, err }",
        "\ttext, err := io.ReadAll(answer.Body)", "\treturn []any{answer.StatusCode, string(text)}, err", "}",
        imports=["io", "net/http", "strings"])
    answer = go.call(source, query=f"?allow=http={go.server.url}")
    assert answer.json == [202, "body header"], answer.text
    assert "not allowed" in go.failure(source)


def test_a_package_for_go_works(go):
    humanize = debian_package("golang-github-dustin-go-humanize-dev") / "usr/share/gocode/src"
    source = main('func handler() string { return humanize.Bytes(82854982) + " " + humanize.Comma(1234567) + " " + humanize.Ordinal(3) }',
                  imports=["github.com/dustin/go-humanize"])
    answer = go.call(source, files={f"vendor/{name}": content for name, content in files_of(humanize).items()})
    assert answer.body == b"83 MB 1,234,567 3rd", answer.text
