"""Functions in Prolog."""

import pytest
from languages import fixture

prolog = fixture("prolog", ".pro")


@pytest.mark.parametrize(
    ("source", "status", "content_type", "body"),
    [
        ("handler(_, 'héllo').", 200, "text/plain; charset=utf-8", "héllo".encode()),
        ('handler(_, "chars").', 200, "text/plain; charset=utf-8", b"chars"),
        ("handler(_, 42).", 200, "text/plain; charset=utf-8", b"42"),
        ("handler(_, json([a=[1, 2.5, true, null], 'B'-{}, c=[]])).", 200, "application/json", b'{"a":[1,2.5,true,null],"B":{},"c":[]}'),
        ("handler(_, response(404, ['Content-Type'='text/html', 'X-A'=b], '<p>')).", 404, "text/html", b"<p>"),
        ("handler(_, response(201, [], json([ok=true]))).", 201, "application/json", b'{"ok":true}'),
        ("handler(R, Out) :- member(query=Q, R), member(q=V, Q), atom_length(V, N), Out = json([q=V, n=N]).", 200, "application/json", b'{"q":"1","n":1}'),
        ("app([], L, L).\napp([H|T], L, [H|R]) :- app(T, L, R).\nhandler(_, json(L)) :- app([1], [2], L).", 200, "application/json", b"[1,2]"),
        ("greeting --> \"hi\", [X], { X = '!' }.\nhandler(_, yes) :- phrase(greeting, [h, i, '!']).", 200, "text/plain; charset=utf-8", b"yes"),
        ("handler(_, Out) :- catch(atom_length(_, _), error(E, _), true), atomic_list_concat([caught, E], ' ', Out).", 200, None, b"caught instantiation_error"),
    ],
)
def test_what_a_handler_says_is_the_response(prolog, source, status, content_type, body):
    answer = prolog.call(source, "?q=1")
    assert answer.status == status, answer.text
    assert content_type is None or answer.headers["Content-Type"] == content_type
    assert answer.body == body


def test_what_a_handler_sees_of_the_request(prolog):
    name = prolog.function("""
handler(R, json([method=M, path=P, query=Q, agent=A, body=B, client=C, function=F, value=V])) :-
  member(method=M, R), member(path=P, R), member(query=Q, R), member(headers=H, R), member('user-agent'=A, H), member(body=B, R),
  member(client=C, R), member(function=F, R), atom_json(B, V).
""")
    answer = prolog.server.request("POST", f"/{name}?x=1&y=%C3%A9+z", b'{"deep":[1,{"a":null}]}', {"User-Agent": "test"})
    assert answer.json == {"method": "POST", "path": f"/{name}", "query": {"x": "1", "y": "é z"}, "agent": "test",
                           "body": '{"deep":[1,{"a":null}]}', "client": "127.0.0.1", "function": name, "value": {"deep": [1, {"a": None}]}}


def test_exec_gets_the_body(prolog):
    source = "exec(In, Out) :- atom_json(In, V), member(name=N, V), atom_json(Out, [hello=N])."
    assert prolog.call(source, method="POST", body=b'{"name":"me"}').json == {"hello": "me"}


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("a.\nb :- c(.\n", "main.pro:2: "),
        ("a.\n", "main.pro:1: there is no handler: mayfly looks for handler(Request, Response), or exec(Input, Output)"),
        (":- absent(1).\n", "main.pro:1: error(existence_error(procedure,absent/1)"),
        (":- fail.\n", "main.pro:1: failed directive: fail"),
    ],
)
def test_a_file_that_does_not_load_says_where_and_why(prolog, source, line):
    said = prolog.refusal(source)
    assert said.startswith(line), said


def test_a_loop_without_an_end_is_ended(prolog):
    assert "while it was loaded" in prolog.refusal(":- repeat, fail.\n", query="?cpu=300ms")


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("handler(_, _) :- absent(1).", "uncaught in handler/2: error(existence_error(procedure,absent/1)"),
        ("handler(_, _) :- fail.", "handler/2 fails"),
        ("handler(_, _).", "not a variable"),
        ("handler(_, f(x)).", "not f(x)"),
        ("handler(_, response(20, [], x)).", "20 is not the status of a response"),
        ("handler(_, response(200, ['a b'=c], x)).", "is not a header"),
        ("handler(R, X) :- member(body=B, R), atom_json(B, X).", "syntax_error(json,"),
    ],
)
def test_what_is_no_response_is_refused(prolog, source, message):
    assert message in prolog.failure(source)


def test_nothing_of_a_request_is_in_the_next(prolog):
    prolog.check_that_nothing_stays(":- dynamic(count/1).\ncount(0).\nhandler(_, json([N, R])) :- retract(count(M)), N is M + 1, assertz(count(N)), random_between(1, 1000000000000, R).")


def test_what_is_printed_goes_to_the_log(prolog):
    name = prolog.function(":- write('at load'), nl.\nhandler(_, e) :- write(f(x, a)), nl.")
    assert prolog.server.get(f"/{name}").body == b"e"
    prolog.server.wait_for_log(function=name, line="f(x,a)")
    assert prolog.log_of(name) == ["at load", "f(x,a)"]


def test_the_environment_is_that_of_the_request(prolog):
    assert prolog.call("handler(_, V) :- getenv('A', V), \\+ getenv('B', _).", query="?env=A=b").body == b"b"


def test_files_of_a_bundle(prolog):
    answer = prolog.call(":- ensure_loaded('lib/greet').\n:- [family].\nhandler(_, Out) :- greet(Out), parent(a, b).",
                         files={"lib/greet.pro": "greet(hello).\n", "family.pl": "parent(a, b).\n"})
    assert answer.body == b"hello", answer.text
