"""Functions from source that try hard to leave something for the next request: nothing of it is there."""

import concurrent.futures
import random

import pytest
from conftest import FUNCTIONS, Server
from hostile_sources import go
from languages import bundle

REQUESTS = 50

# Each answers with a list of what it finds that it has left - a true value for each - and a random number, and leaves it.
LEAVERS = {
    "js": """
        let count = 0; const cache = new Map();
        class Kept { static items = [] }
        export async function handler() {
          const found = [count, cache.size, Kept.items.length, globalThis.mark, Object.prototype.mark, Array.prototype.push.mark,
            JSON.stringify.mark, process.env.MARK, Response.prototype.mark, (await import('./lib.js')).state.n, {}.polluted];
          count++; cache.set(1, 1); Kept.items.push(1); globalThis.mark = 1; Object.prototype.mark = 1; Array.prototype.push.mark = 1;
          JSON.stringify.mark = 1; process.env.MARK = '1'; Response.prototype.mark = 1; (await import('./lib.js')).state.n++;
          Object.defineProperty(Object.prototype, 'polluted', { value: 1, configurable: true });
          setTimeout(() => { count += 100 }, 1); setInterval(() => { count += 100 }, 1); queueMicrotask(() => { count++ });
          const answer = JSON.stringify([found.map((each) => each ? 1 : 0), Math.random()]);
          Math.random = () => 4;
          return new Response(answer);
        }
        import './lib.js';""",
    "python": """
import atexit, builtins, json, os, random, sys, tempfile
count = 0
class Kept:
    items = []
def handler(request, kept=[]):
    global count
    found = [count, kept, Kept.items, hasattr(builtins, "mark"), hasattr(json, "mark"), "mark" in sys.modules, os.environ.get("MARK"),
             os.getcwd() != "/", os.path.exists("/tmp/mark"), os.listdir("/tmp"), sys.path[0] == "mark", sys.getrecursionlimit() != 1000]
    answer = [[bool(each) for each in found], random.random()]
    count += 1; kept.append(1); Kept.items.append(1); builtins.mark = 1; json.mark = 1; sys.modules["mark"] = json; os.environ["MARK"] = "1"
    open("/tmp/mark", "w").write("x"); sys.path.insert(0, "mark")
    atexit.register(lambda: open("/tmp/late", "w").write("x")); tempfile.mkdtemp(); os.chdir("/tmp"); sys.setrecursionlimit(900)
    builtins.left = open("/tmp/open", "w")
    random.seed(4)
    return answer
""",
    "ruby": """
$count = 0
class Kept; @@items = []; def self.items = @@items; end
def handler(request)
  found = [$count > 0, Kept.items.any?, "".respond_to?(:mark), Object.const_defined?(:Mark), ENV["MARK"], Dir.pwd != "/", File.exist?("/tmp/mark"),
           $LOADED_FEATURES.include?("mark"), $LOAD_PATH.include?("mark"), Thread.current[:mark], 1.respond_to?(:left)]
  answer = [found.map { |each| !!each }, rand]
  $count += 1; Kept.items << 1; String.class_eval { def mark = 1 }; Object.const_set(:Mark, 1); ENV["MARK"] = "1"
  File.write("/tmp/mark", "x"); $LOADED_FEATURES << "mark"; $LOAD_PATH << "mark"; Thread.current[:mark] = 1
  Integer.define_method(:left) { 1 }; at_exit { File.write("/tmp/late", "x") }; $left = File.open("/tmp/open", "w"); srand(4)
  answer
end
""",
    "lua": """
local count = 0
function handler(request)
  local file = io.open("/tmp/mark")
  local found = { count > 0, mark ~= nil, string.mark ~= nil, package.loaded.mark ~= nil, ("").left ~= nil, file ~= nil, os.getenv("MARK") ~= nil,
                  getmetatable("").__len ~= nil, json.mark ~= nil, package.path:find("mark") ~= nil }
  local answer = { found, math.random() }
  count = count + 1; mark = 1; string.mark = 1; package.loaded.mark = 1; string.left = 1; json.mark = 1; package.path = "mark"
  getmetatable("").__len = print
  left = io.open("/tmp/mark", "w"); left:write("x"); left:flush(); math.randomseed(4)
  setmetatable({}, { __gc = function() io.open("/tmp/late", "w") end })
  return answer
end
""",
    "perl": """
our ($count, @kept) = (0); my $lexical = 0;
sub handler {
    use feature 'state'; state $state = 0;
    my @found = ($count, scalar @kept, $lexical, $state, defined &UNIVERSAL::mark, $INC{'mark.pm'}, $ENV{MARK}, -e '/tmp/mark', $0 eq 'mark',
        $SIG{ALRM}, grep({ $_ eq 'mark' } @INC), $, );
    my $answer = [[map { $_ ? 1 : 0 } @found], rand];
    $count++; push @kept, 1; $lexical++; $state++; *UNIVERSAL::mark = sub { 1 }; $INC{'mark.pm'} = 1; $ENV{MARK} = 1; $0 = 'mark';
    push @INC, 'mark'; $SIG{ALRM} = sub { }; $, = 'x';
    open our $left, '>', '/tmp/mark'; print $left 'x'; srand 4;
    return $answer;
}
""",
    "php": """<?php
$found = [$GLOBALS['mark'] ?? 0, defined('MARK'), function_exists('mark'), file_exists('/tmp/mark'), getenv('MARK'), getcwd() !== '/',
          ini_get('precision') === '5', class_exists('Mark', false), count(glob('/tmp/sess_*'))];
echo json_encode([array_map('boolval', $found), mt_rand()]);
$GLOBALS['mark'] = 1; define('MARK', 1); eval('function mark() {} class Mark {}'); putenv('MARK=1'); ini_set('precision', '5');
file_put_contents('/tmp/mark', 'x'); @chdir('/tmp'); mt_srand(4); session_save_path('/tmp'); @session_start(); $_SESSION['mark'] = 1;
register_shutdown_function(function () { file_put_contents('/tmp/late', 'x'); });
""",
    "go": go(
        """_, missing := os.Stat("/tmp/mark")
	directory, _ := os.Getwd()
	found := []bool{count > 0, len(kept) > 0, missing == nil, os.Getenv("MARK") != "", directory != "/", http.DefaultClient.Timeout != 0}
	answer := []any{found, rand.Float64()}
	count++; kept["mark"] = 1; os.Setenv("MARK", "1"); os.WriteFile("/tmp/mark", []byte("x"), 0o600); os.Chdir("/tmp")
	http.DefaultClient.Timeout = 5; rand.Seed(4)
	go func() { for { time.Sleep(time.Millisecond); count += 100 } }()
	return answer""",
        "math/rand", "net/http", "os", "time", before="var count int\nvar kept = map[string]int{}\n"),
    "prolog": """
:- dynamic(mark/1).
handler(_, json([[Found], Random])) :-
  ( mark(_) -> Found = 1 ; Found = 0 ),
  random_between(0, 1000000000, Random),
  assertz(mark(1)), asserta(mark(2)).
""",
    "c": """#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
static int count;
static void late(void) { FILE* file = fopen("/tmp/late", "w"); if (file) fclose(file); }
int main(void) {
  unsigned number;
  getentropy(&number, sizeof number);
  FILE* file = fopen("/tmp/mark", "r");
  printf("[[%d, %d, %d], %u]", count, file != NULL, getenv("MARK") != NULL, number);
  count++; setenv("MARK", "1", 1); fopen("/tmp/mark", "w"); atexit(late);
}
""",
}  # fmt: skip


@pytest.fixture(scope="module")
def server(binary, tmp_path_factory):
    running = Server(binary, tmp_path_factory.mktemp("isolation") / "data").start()
    yield running
    assert running.stop() == 0


@pytest.mark.parametrize("language", LEAVERS)
def test_a_request_leaves_nothing(server, language):
    body = LEAVERS[language].encode()
    query = f"language={language}"
    if language == "js":
        body = bundle({"main.js": body, "lib.js": "export const state = { n: 0 };"})
        query += "&entrypoint=main.js"
    names = []
    for tenant in ("one", "two"):
        for number in range(2):
            names.append(f"{language}-{tenant}-{number}")
            made = server.request("PUT", f"{FUNCTIONS}/{names[-1]}?{query}&tenant={tenant}", body)
            assert made.status == 201, made.text
    order = [random.choice(names) for _ in range(REQUESTS)]
    with concurrent.futures.ThreadPoolExecutor(6) as clients:
        answers = list(clients.map(lambda name: server.get(f"/{name}"), order))
    assert all(answer.status == 200 for answer in answers), next(answer.text for answer in answers if answer.status != 200)
    assert not any(any(answer.json[0]) for answer in answers), [answer.json for answer in answers]
    assert len({answer.json[1] for answer in answers}) == REQUESTS, "random numbers are new in each"
