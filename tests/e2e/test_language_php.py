"""Functions in PHP."""

import pytest
from languages import debian_package, files_of, fixture

php = fixture("php", ".php")

UPLOAD = (b'--x\r\nContent-Disposition: form-data; name="f"; filename="a.txt"\r\nContent-Type: text/plain\r\n\r\nhello\r\n'
          b'--x\r\nContent-Disposition: form-data; name="p"\r\n\r\nq\r\n--x--\r\n')  # fmt: skip


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("throw new RuntimeException('no tea');", "Uncaught RuntimeException: no tea in /main.php:2"),
        ("echo 'a part'; gone();", "Uncaught Error: Call to undefined function gone() in /main.php:2"),
        ("trigger_error('mine', E_USER_ERROR);", "mine in /main.php on line 2"),
        ("require 'gone.php';", "Failed opening required 'gone.php'"),
        ("require 'bad.php';", "syntax error, unexpected token \"{\", expecting \"(\" in /bad.php on line 3"),
        ("ini_set('display_errors', '1'); throw new Exception('shown');", "Uncaught Exception: shown"),
    ],
)
def test_an_error_is_told_and_logged(php, source, says):
    name = php.function(f"<?php\n{source}", files={"bad.php": "<?php\n\nfunction {"})
    answer = php.server.get(f"/{name}")
    assert answer.status == 500 and answer.problem == "exception" and says in answer.json["detail"], answer.text
    assert php.server.wait_for_log(event="failure", function=name)["type"] == "exception"
    assert any(says in line for line in php.log_of(name)), php.log_of(name)


def test_the_trace_is_in_the_log(php):
    name = php.function("<?php\nfunction inner($x) { throw new Exception('deep'); }\nfunction outer() { inner(5); }\nouter();")
    php.server.get(f"/{name}")
    php.server.wait_for_log(event="failure", function=name)
    log = "\n".join(php.log_of(name))
    assert "#0 /main.php(3): inner(5)" in log and "#1 /main.php(4): outer()" in log


def test_a_function_that_handles_its_errors_answers(php):
    source = "set_exception_handler(function ($e) { http_response_code(418); echo 'own ' . $e->getMessage(); }); throw new Exception('x');"
    answer = php.call(f"<?php\n{source}")
    assert (answer.status, answer.body) == (418, b"own x")
    assert php.call("<?php\necho $undefined; echo 'ok';").body == b"ok", "a warning is no error"


def test_an_error_after_the_deploys_check_names_its_line(php):
    assert php.refusal("<?php\n\nfunction {").startswith("main.php:3: Parse error: syntax error")


def test_files_of_the_bundle(php):
    source = "<?php\nrequire 'lib/a.php'; require_once __DIR__ . '/lib/b.php'; echo a() . b();"
    answer = php.call(source, files={"lib/a.php": "<?php function a() { return 'A'; }", "lib/b.php": "<?php function b() { return 'B'; }"})
    assert answer.body == b"AB"


def test_what_is_uploaded(php):
    source = "<?php\n$f = $_FILES['f']; echo json_encode([$f['name'], $f['error'], file_get_contents($f['tmp_name']), $_POST]);"
    answer = php.call(source, method="POST", body=UPLOAD, headers={"Content-Type": "multipart/form-data; boundary=x"})
    assert answer.json == ["a.txt", 0, "hello", {"p": "q"}]


def test_what_a_script_sees_of_a_request(php):
    source = "<?php\necho json_encode([$_SERVER['REQUEST_METHOD'], $_SERVER['REQUEST_URI'], $_GET, $_COOKIE, file_get_contents('php://input')]);"
    name = php.function(source)
    answer = php.server.request("PUT", f"/{name}/a%20b?x=1&y[]=2", b'{"z": 3}', {"Cookie": "k=v", "Content-Type": "application/json"})
    assert answer.json == ["PUT", f"/{name}/a%20b?x=1&y[]=2", {"x": "1", "y": ["2"]}, {"k": "v"}, '{"z": 3}']


def test_headers_cookies_and_sessions(php):
    answer = php.call("<?php\nsession_start(); $_SESSION['n'] = 1; setcookie('a', 'b c'); http_response_code(201); "
                      "header('X-A: 1'); header('X-A: 2', false); echo $_SESSION['n'];")
    assert (answer.status, answer.body) == (201, b"1")
    assert answer.headers.get_all("X-A") == ["1", "2"]
    first, second = answer.headers.get_all("Set-Cookie")
    assert first.startswith("PHPSESSID=") and second == "a=b%20c"
    answer = php.call("<?php\nheader('Location: /elsewhere'); exit;")
    assert (answer.status, answer.headers["Location"]) == (302, "/elsewhere")
    answer = php.call('<?php\nheader("a: b\\r\\nSet-Cookie: evil=1"); echo "x";')
    assert (answer.status, answer.headers.get_all("Set-Cookie")) == (200, None), "PHP drops it, with a warning"


def test_exec(php):
    name = php.function("<?php\nfunction exec(string $input): string { return strtoupper($input); }")
    answer = php.server.request("POST", f"/{name}", "a\r\n<é>".encode())
    assert (answer.status, answer.text, answer.headers["Content-Type"]) == (200, "A\r\n<é>", "application/json")
    answer = php.call("<?php\nheader('Content-Type: text/csv');\nfunction exec($input) { return 'a,b'; }")
    assert (answer.text, answer.headers["Content-Type"]) == ("a,b", "text/csv;charset=UTF-8")
    assert php.call("<?php\nnamespace A; function exec($input) { return 'x'; } echo 'own';").body == b"own", "it has a name of its own"
    answer = php.call("<?php\nfunction exec($input) { throw new Exception('no'); }")
    assert answer.status == 500 and "Uncaught Exception: no in /main.php:2" in answer.json["detail"]
    assert "Call to undefined function exec()" in php.call("<?php\nexec('ls');").json["detail"]


def test_libraries_from_debian(php):
    parsedown = files_of(debian_package("php-parsedown") / "usr/share/php/Parsedown")
    source = "<?php\nrequire 'vendor/Parsedown.php'; echo (new Parsedown)->text(\"# Hello\\n\\n*you* & me\");"
    answer = php.call(source, files={f"vendor/{name}": content for name, content in parsedown.items()})
    assert answer.body == b"<h1>Hello</h1>\n<p><em>you</em> &amp; me</p>", answer.text
    twig = files_of(debian_package("php-twig") / "usr/share/php/Twig")
    source = """<?php
spl_autoload_register(fn ($name) => require str_replace('\\\\', '/', $name) . '.php');
$twig = new Twig\\Environment(new Twig\\Loader\\ArrayLoader(['all' => '{% for each in all %}{{ each }}, {% endfor %}']));
echo $twig->render('all', ['all' => ['a', '<b>']]);"""
    answer = php.call(source, files={f"vendor/Twig/{name}": content for name, content in twig.items()})
    assert answer.body == b"a, &lt;b&gt;, ", answer.text
