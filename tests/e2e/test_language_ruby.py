"""Functions in Ruby."""

import json

import pytest
from languages import debian_package, files_of, fixture

ruby = fixture("ruby", ".rb")


@pytest.mark.parametrize(
    ("source", "status", "content_type", "body"),
    [
        ("def handler(request) = 'héllo'", 200, "text/plain; charset=utf-8", "héllo".encode()),
        (r"def handler(request) = [0, 255].pack('C*')", 200, "application/octet-stream", b"\0\xff"),
        ("def handler(request) = { a: [1, nil] }", 200, "application/json", b'{"a":[1,null]}'),
        ("def handler(request) = nil", 204, None, b""),
        ("def handler(request) = Mayfly::Response.new('<p>', status: 404, headers: { 'Content-Type' => 'text/html' })", 404, "text/html", b"<p>"),
        ("def handler(request) = Enumerator.new { |out| 3.times { |i| out << \"part #{i + 1};\" } }", 200, "text/plain; charset=utf-8", b"part 1;part 2;part 3;"),
        ("def handler = 'none'", 200, "text/plain; charset=utf-8", b"none"),
        ("def handler(ctx)\n  ctx.response.setStatusCode(201).putHeader('X-A', 'b').end('q=' + ctx.request.getParam('q'))\nend",
         201, "text/plain; charset=utf-8", b"q=1"),
        ("->(ctx) { ctx.json({ q: ctx.request.getParam('q') }) }", 200, "application/json", b'{"q":"1"}'),
        ("def exec(input) = JSON.generate({ input: })", 200, "application/json", b'{"input":""}'),
        ("def call(env) = [200, { 'content-type' => 'text/html' }, [env['REQUEST_METHOD'], env['QUERY_STRING']]]", 200, "text/html", b"GETq=1"),
        ("class Application\n  def self.call(env) = [201, { 'x-a' => 'b' }, ['app']]\nend", 201, None, b"app"),
        ("run ->(env) { [200, { 'content-type' => 'a/b' }, ['run ', env['rack.input'].read]] }", 200, "a/b", b"run "),
    ],
)  # fmt: skip
def test_what_a_handler_returns_is_the_response(ruby, source, status, content_type, body):
    answer = ruby.call(source, "?q=1")
    assert answer.status == status, answer.text
    assert content_type is None or answer.headers["Content-Type"] == content_type
    assert answer.body == body


def test_what_a_handler_sees_of_the_request(ruby):
    name = ruby.function("""
def handler(request)
  { path: request.path, method: request.method, name: request.name, query: request.query, agent: request.headers["USER-AGENT"],
    client: request.client, value: request.json, missing: request.headers["none"] }
end""")
    answer = ruby.server.request("POST", f"/{name}?x=1&y=%C3%A9+z", b'{"deep":[1,{"a":null}]}', {"User-Agent": "test"})
    assert answer.json == {"path": f"/{name}", "method": "POST", "name": name, "query": {"x": "1", "y": "é z"}, "agent": "test",
                           "client": "127.0.0.1", "value": {"deep": [1, {"a": None}]}, "missing": None}


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("def handler(request)\n  1 +\nend\n", "main.rb:"),
        ("x = 1\nraise 'not today'", "main.rb:2: RuntimeError: not today"),
        ("require 'absent'", "main.rb:1: LoadError: cannot load such file -- absent"),
        ("require_relative 'broken'", "broken.rb:2: RuntimeError: in the file"),
        ("x = 1", "main.rb:1: there is no handler: mayfly looks for call(env)"),
        ("def f = f\nf", "main.rb:1: SystemStackError"),
    ],
)
def test_a_file_that_does_not_load_says_where_and_why(ruby, source, line):
    said = ruby.refusal(source, files={"broken.rb": "x = 1\nraise 'in the file'\n"})
    assert said.startswith(line), said


def test_a_loop_without_an_end_is_ended(ruby):
    assert "while it was loaded" in ruby.refusal("loop {}", query="?cpu=500ms")


def test_an_error_in_the_handler_is_told_and_traced(ruby):
    name = ruby.function("def inner(x) = x.fetch(:y)\ndef handler(request)\n  inner({})\nend")
    answer = ruby.server.get(f"/{name}")
    assert answer.status == 500 and "KeyError: key not found: :y (main.rb:1)" in answer.json["detail"], answer.text
    ruby.server.wait_for_log(function=name)
    assert any("from main.rb:3" in line for line in ruby.log_of(name)), ruby.log_of(name)


def test_nothing_of_a_request_is_in_the_next(ruby):
    ruby.check_that_nothing_stays("$count = 0\ndef handler(request) = [$count += 1, rand(1 << 60), SecureRandom.hex, Random.new.rand]")


def test_what_is_printed_goes_to_the_log(ruby):
    name = ruby.function("puts 'at load'\ndef handler(request)\n  puts 'a', 1\n  STDOUT.puts 'b'\n  warn 'c'\n  'e'\nend")
    assert ruby.server.get(f"/{name}").body == b"e"
    ruby.server.wait_for_log(function=name, line="c")
    assert ruby.log_of(name) == ["at load", "a", "1", "b", "c"]


def test_the_environment_is_that_of_the_request(ruby):
    assert ruby.call("EARLY = ENV['A'].inspect\ndef handler(request) = EARLY + ENV.fetch('A')", query="?env=A=b").body == b"nilb"


def test_files_of_a_bundle(ruby):
    answer = ruby.call("require 'greet'\nrequire_relative 'lib/other'\ndef handler(request) = Greet.hello(File.read('/data.txt')) + OTHER",
                       files={"lib/greet.rb": "module Greet\n  def self.hello(name) = \"hello #{name}\"\nend\n", "lib/other.rb": "OTHER = '!'\n", "data.txt": "file"})
    assert answer.body == b"hello file!", answer.text


def test_a_gem_works(ruby):
    files = {f"vendor/mustache/lib/{name}": content for name, content in files_of(debian_package("ruby-mustache") / "usr/lib/ruby/vendor_ruby").items()}
    answer = ruby.call("require 'mustache'\ndef handler(request) = Mustache.render('{{#items}}<{{.}}>{{/items}}', items: [1, '&'])", files=files)
    assert answer.body == b"<1><&amp;>", answer.text


def test_a_request_of_its_own_goes_where_it_is_allowed(ruby):
    other = ruby.function("def handler(request) = Mayfly::Response.new({ got: request.text, x: request.headers['x-a'] }, status: 202)")
    source = f"""
def handler(request)
  answer = Mayfly.fetch("{ruby.server.url}/{other}", method: "POST", headers: {{ "X-A" => "b" }}, json: [1, 2])
  [answer.status, answer.headers["Content-Type"], answer.json]
end"""
    answer = ruby.call(source, query=f"?allow=http={ruby.server.url}")
    assert json.loads(answer.body) == [202, "application/json", {"got": "[1,2]", "x": "b"}], answer.text
    assert "not allowed" in ruby.failure(source)
