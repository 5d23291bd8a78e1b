"""Functions in C."""

import pytest
from conftest import FUNCTIONS
from languages import fixture

c = fixture("c", ".c")

ECHO = """
#include <stdio.h>
int main(void) {
  char block[4096];
  for (size_t size; (size = fread(block, 1, sizeof block, stdin)) > 0;) fwrite(block, 1, size, stdout);
}
"""


def main(body, *headers):
    return "".join(f"#include <{header}.h>\n" for header in ("stdio", "stdlib", "string", "unistd", *headers)) + f"int main(int count, char** arguments) {{ {body} }}\n"


@pytest.mark.parametrize("body", [b"text", b"\xff\xfe\xc3(", bytes(range(256)) * 4096])
def test_the_body_is_standard_input(c, body):
    answer = c.call(ECHO, method="POST", body=body)
    assert answer.status == 200 and answer.body == body
    assert answer.headers["Content-Type"] == ("text/plain; charset=utf-8" if body == b"text" else "application/octet-stream")


def test_parameters_and_variables_are_the_environment(c):
    answer = c.call(main('printf("%s %s %s", getenv("a"), getenv("MODE"), arguments[0]);'), "?a=%C3%A9", query="?env=MODE=live")
    assert answer.text.startswith("é live f")


def test_exec(c):
    source = """#include <ctype.h>
#include <string.h>
char* exec(const char* input) {
  char* output = strdup(input);
  for (char* at = output; *at; ++at) *at = toupper(*at);
  return output;
}"""
    name = c.function(source)
    for text in ("", "hello", "x" * 4095, "y" * 4096, "z" * 100_000):
        answer = c.server.request("POST", f"/{name}", text.encode())
        assert (answer.status, answer.text) == (200, text.upper())
    assert c.call("char* exec(const char* input) { return 0; }").text == ""


def test_cgi(c):
    source = main("""
      char* body = calloc(1, 100);
      fread(body, 1, atoi(getenv("CONTENT_LENGTH")), stdin);
      printf("Status: 201 Created\\r\\nContent-Type: application/json\\r\\nX-A: b\\r\\n\\r\\n[\\"%s\\",\\"%s\\",\\"%s\\",\\"%s\\"]",
             getenv("REQUEST_METHOD"), getenv("QUERY_STRING"), getenv("HTTP_X_B"), body);""")
    answer = c.call(source, "?q=1", method="PUT", body=b"the body", headers={"X-B": "c"}, query="?cgi=true")
    assert answer.status == 201 and answer.headers["Content-Type"] == "application/json" and answer.headers["X-A"] == "b", answer.text
    assert answer.json == ["PUT", "q=1", "c", "the body"]


def test_it_is_deployed_as_a_module_is(c):
    name = c.function(ECHO)
    assert c.server.show(name)["kind"] == "command"
    assert c.server.show(name)["code"] == "optimised"


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("int main(void) {\n  return 1 +;\n}\n", "main.c:2: error: expression expected"),
        ("#include <absent.h>\nint main(void) { }\n", "main.c:1: error: include file 'absent.h' not found"),
        ("int main(void) {\n  int x = \"a\";\n  absent;\n}\n", "main.c:3: error: 'absent' undeclared\nmain.c:2: warning:"),
        ("#include \"broken.h\"\nint main(void) { }\n", "broken.h:2: error:"),
        ("int f(void);\nint main(void) { return f(); }\n", "main.c:1: tcc: error: undefined symbol 'f'"),
        ("int x;\n", "main.c:1: tcc: error: undefined symbol 'the_program_has_no_main_and_no_exec'"),
        ("int main(void) {\n#error not today\n}\n", "main.c:2: error: #error not today"),
        (b"int main(void) { return \xff\xfe; }", "main.c:1: error:"),
        ('#include "/dev/stdout"\nint main(void) {}', "main.c"),
    ],
)
def test_what_does_not_compile_says_where_and_why(c, source, line):
    assert c.refusal(source, files={"broken.h": "\nint x = ;\n"}).startswith(line)


def test_a_compiler_that_does_not_end_is_ended(c):
    nested = "#define A0 1\n" + "".join(f"#define A{n + 1} A{n} + A{n} + A{n} + A{n}\n" for n in range(30)) + "int main(void) { return A30; }\n"
    said = c.refusal(nested)
    assert "CPU time" in said or "memory" in said, said
    assert "main.c" in c.refusal('#include "main.c"\n')


def test_warnings_are_in_the_function_log(c):
    name = c.function("#include <stdio.h>\nint main(void) {\n  int x = \"a\";\n  printf(\"%d\", x != 0);\n}\n")
    assert c.server.wait_for_log(function=name, id="deploy")["line"].startswith("main.c:3: warning: ")
    assert c.server.get(f"/{name}").text == "1"


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        (main("for (;;) { }"), "too-slow"),
        (main("for (;;) { char* p = malloc(1 << 20); if (p == NULL) abort(); memset(p, 1, 1 << 20); }"), "out-of-memory"),
        ("int f(int n) { char x[100]; x[n % 100] = n; return f(n + 1) + x[5]; }\nint main(void) { return f(1); }\n", "trap"),
        (main("return count / atoi(\"0\");"), "trap"),
        (main("return 3;"), "exit-code"),
        (main("abort();"), "trap"),
        (main("return *(char*)0xfffffff0;"), "trap"),
    ],
)
def test_what_goes_wrong_while_it_runs(c, source, problem):
    answer = c.call(source, query="?cpu=500ms")
    assert answer.status >= 500 and answer.problem == problem, answer.text


def test_nothing_of_a_request_is_in_the_next(c):
    c.check_that_nothing_stays("static int calls;\n" + main("""
      if (access("/tmp/mark", F_OK) == 0) calls = 100;
      fclose(fopen("/tmp/mark", "w"));
      unsigned drawn[2];
      getentropy(drawn, sizeof drawn);
      printf("[%d,%u,%u]", ++calls, drawn[0], drawn[1]);"""))  # fmt: skip


def test_files_of_a_bundle_are_compiled_together(c):
    answer = c.call(
        '#include "lib/greet.h"\n#include <shared.h>\n' + main('char line[10]; fgets(line, 10, fopen("/data.txt", "r")); printf("%s %d %s", greet(), SHARED, line);'),
        files={"lib/greet.h": "const char* greet(void);\n", "lib/greet.c": '#include "greet.h"\nconst char* greet(void) { return "hello"; }\n',
               "include/shared.h": "#define SHARED 7\n", "data.txt": "file"},
    )  # fmt: skip
    assert answer.text == "hello 7 file", answer.text


def test_the_library(c):
    source = main("""
      struct tm day = {.tm_year = 100, .tm_mday = 1};
      char when[20], sorted[] = "dbca";
      strftime(when, sizeof when, "%F", &day);
      qsort(sorted, 4, 1, compare);
      jmp_buf jump;
      volatile int jumped = 0;
      if (setjmp(jump) == 0) { jumped = 1; longjmp(jump, 1); }
      long long large = strtoll("123456789012", NULL, 10);
      printf("%.4f %s %s %d %lld %5.1f|%-4d|%x %zu %d %g %Lg", sqrt(2) + pow(2, 0.5), when, sorted, jumped, large * 3, 2.25, 7, 255u, strlen("abc"), isalpha('x') != 0,
             (double)(float)0.1, 1.5L);
      return 0;""", "math", "time", "setjmp", "ctype").replace("int main", "static int compare(const void* a, const void* b) { return *(char*)a - *(char*)b; }\nint main")  # fmt: skip
    assert c.call(source).text == "2.8284 2000-01-01 abcd 1 370370367036   2.2|7   |ff 3 1 0.1 1.5"


def test_a_request_of_its_own_goes_where_it_is_allowed(c):
    other = c.function(main('printf("from the other");'))
    source = """
#include <stdio.h>
#include <string.h>
int request(const char* url, int url_size, const char* method, int method_size, const char* headers, int headers_size, const char* body, int body_size,
            unsigned short* status, unsigned* handle) __asm__("wasi_experimental_http.req");
int read_body(unsigned handle, char* into, int room, int* size) __asm__("wasi_experimental_http.body_read");
int main(void) {
  const char* url = "%s";
  unsigned short status = 0;
  unsigned handle;
  char body[100];
  int size = 0, code = request(url, strlen(url), "GET", 3, "", 0, "", 0, &status, &handle);
  if (code == 0) code = read_body(handle, body, sizeof body, &size);
  printf("%%d %%d %%.*s", code, status, size, body);
}
""" % f"{c.server.url}/{other}"
    assert c.call(source, query=f"?allow=http={c.server.url}").text == "0 200 from the other"
    assert c.call(source).text == "7 0 "


def test_an_import_that_is_not_there_is_refused(c):
    name, answer = c.deploy('int absent(void) __asm__("nowhere.absent");\nint main(void) { return absent(); }\n')
    assert answer.status == 422 and "nowhere" in answer.json["detail"], answer.text


def test_it_is_there_after_a_restart(c, make_server):
    server = make_server()
    assert server.request("PUT", f"{FUNCTIONS}/kept.c", main('printf("kept");').encode()).status == 201
    assert server.stop() == 0
    server.start()
    assert server.get("/kept").text == "kept"
