"""Functions in Perl."""

import json

import pytest
from languages import debian_package, files_of, fixture

perl = fixture("perl", ".pl")


@pytest.mark.parametrize(
    ("source", "status", "content_type", "body"),
    [
        ("sub handler { 'héllo' }", 200, "text/plain; charset=utf-8", "héllo".encode()),
        ("use utf8; sub handler { 'héllo' }", 200, "text/plain; charset=utf-8", "héllo".encode()),
        (r'sub handler { "\0\xff" }', 200, "application/octet-stream", b"\0\xff"),
        ("sub handler { { a => [1, 'b', undef, \\1], c => 1 == 1 } }", 200, "application/json", b'{"a":[1,"b",null,true],"c":true}'),
        ("sub handler { [] }", 200, "application/json", b"[]"),
        ("sub handler { 1.5 }", 200, "application/json", b"1.5"),
        ("sub handler { }", 204, None, b""),
        ("sub handler { Mayfly::Response->new('<p>', status => 404, headers => { 'Content-Type' => 'text/html' }) }", 404, "text/html", b"<p>"),
        ("sub handler { my $i = 0; sub { $i < 3 ? 'part ' . ++$i . ';' : undef } }", 200, "text/plain; charset=utf-8", b"part 1;part 2;part 3;"),
        ("sub handler { my ($ctx) = @_; $ctx->response->setStatusCode(201)->putHeader('X-A', 'b')->end('q=' . $ctx->request->getParam('q')) }",
         201, "text/plain; charset=utf-8", b"q=1"),
        ("sub { my ($ctx) = @_; $ctx->json({ q => $ctx->request->getParam('q') }) }", 200, "application/json", b'{"q":"1"}'),
        ("use JSON::PP; sub exec { encode_json({ input => $_[0] }) }", 200, "application/json", b'{"input":""}'),
        ("my $app = sub { my $env = shift; [200, ['content-type' => 'text/html'], [$env->{REQUEST_METHOD}, $env->{QUERY_STRING}]] };", 200, "text/html", b"GETq=1"),
        ("our $app = sub { [201, ['x-a' => 'b'], ['app']] }; 1;", 201, None, b"app"),
        ("sub app { open my $file, '<', \\'from a file'; [200, ['content-type', 'a/b'], $file] }", 200, "a/b", b"from a file"),
        ("sub { my $env = shift; sub { my $writer = $_[0]->([200, ['content-type', 'a/b']]); $writer->write($_) for 1 .. 3; $writer->close } }", 200, "a/b", b"123"),
        ("sub { sub { $_[0]->([202, [], ['late']]) } }", 202, None, b"late"),
        ("package App { sub new { bless {} } sub to_app { sub { [200, [], [ref $_[0]]] } } } App->new", 200, None, b"HASH"),
    ],
)  # fmt: skip
def test_what_a_handler_returns_is_the_response(perl, source, status, content_type, body):
    answer = perl.call(source, "?q=1")
    assert answer.status == status, answer.text
    assert content_type is None or answer.headers["Content-Type"] == content_type
    assert answer.body == body


def test_what_a_handler_sees_of_the_request(perl):
    name = perl.function("""
sub handler {
  my ($request) = @_;
  return { path => $request->path, method => $request->method, name => $request->name, query => $request->query, client => $request->client,
    agent => $request->header("USER-AGENT"), value => $request->json, missing => $request->headers->{none}, all => [$request->query_all] };
}""")
    answer = perl.server.request("POST", f"/{name}?x=1&y=%C3%A9+z&flag", b'{"deep":[1,{"a":null}],"t":true}', {"User-Agent": "test"})
    assert answer.json == {"path": f"/{name}", "method": "POST", "name": name, "query": {"x": "1", "y": "é z", "flag": ""}, "agent": "test",
                           "client": "127.0.0.1", "value": {"deep": [1, {"a": None}], "t": True}, "missing": None,
                           "all": ["x", "1", "y", "é z", "flag", ""]}  # fmt: skip


def test_what_an_app_sees_of_the_request(perl):
    name = perl.function("""
use JSON::PP;
sub { my $env = shift;
  read $env->{'psgi.input'}, my $body, $env->{CONTENT_LENGTH};
  $env->{'psgi.errors'}->print("to the log\n");
  return [200, [], [encode_json({ body => $body, map { $_ => $env->{$_} } qw(REQUEST_METHOD SCRIPT_NAME PATH_INFO REQUEST_URI QUERY_STRING CONTENT_TYPE HTTP_X_A) })]];
}""")
    answer = perl.server.request("POST", f"/{name}?a=%20b", b"the body", {"Content-Type": "a/b", "X-A": "c"})
    assert answer.json == {"body": "the body", "REQUEST_METHOD": "POST", "SCRIPT_NAME": f"/{name}", "PATH_INFO": "", "REQUEST_URI": f"/{name}?a=%20b", "QUERY_STRING": "a=%20b",
                           "CONTENT_TYPE": "a/b", "HTTP_X_A": "c"}  # fmt: skip
    perl.server.wait_for_log(function=name, line="to the log")


def test_exec_gets_the_body(perl):
    answer = perl.call("sub exec { my ($input) = @_; qq({\"length\":${\\length $input}}) }", method="POST", body="né".encode())
    assert answer.json == {"length": 2}


@pytest.mark.parametrize("body", [b"\xff\xfe\xc3(\xe9", b"\xf0\x9f\x98\x80" * 20000, bytes(range(256)) * 500])
def test_bodies_come_and_go_as_they_are(perl, body):
    assert perl.call("sub handler { $_[0]->body }", method="POST", body=body).body == body


def test_what_is_not_utf8_becomes_text(perl):
    answer = perl.call("sub handler { { text => $_[0]->text, a => $_[0]->query->{a} } }", "?a=%FF", method="POST", body=b"a\xffb")
    assert answer.json == {"text": "a\ufffdb", "a": "\ufffd"}


def test_headers_go_out_as_often_as_they_are_given(perl):
    answer = perl.call("sub handler { Mayfly::Response->new('x', headers => { 'Set-Cookie' => ['a=1', 'b=2'] }) }")
    assert answer.headers.get_all("Set-Cookie") == ["a=1", "b=2"]


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("sub handler {\n  1 +\n}\n", "main.pl:3: syntax error, near"),
        ("use strict;\n$x = 1;", 'main.pl:2: Global symbol "$x" requires explicit package name'),
        ("my $x = 1;\ndie 'not today'", "main.pl:2: not today"),
        ("use warnings;\nmy $x = undef . 'a';\nwarn 'first';\ndie 'then'", "main.pl:4: then\nthen at /main.pl line 4.\nUse of uninitialized value"),
        ("\ndie { code => 7 }", 'main.pl:2: {"code":7}'),
        ("\nexit 3;", "main.pl:2: exit(3)"),
        ("use Absent;", "main.pl:1: Can't locate Absent.pm in @INC"),
        ("require './broken.pl'", "broken.pl:2: in the file"),
        ("my $x = 1;", "main.pl:1: there is no handler: mayfly looks for an app of PSGI"),
        ("\xff\xfe", "main.pl:1: Unrecognized character"),
    ],
)
def test_a_file_that_does_not_load_says_where_and_why(perl, source, line):
    said = perl.refusal(source, files={"broken.pl": "my $x = 1;\ndie 'in the file';\n"})
    assert said.startswith(line), said


def test_the_trace_of_what_is_wrong_follows(perl):
    said = perl.refusal("require './other.pl';", files={"other.pl": "sub f {\n  die 'not today'\n}\nf();\n"}).splitlines()
    assert said[0] == "other.pl:2: not today" and "\tmain::f called at other.pl line 4" in said and "mayfly" not in "".join(said), said


@pytest.mark.parametrize(
    ("source", "query", "why"),
    [
        ("1 while 1;", "?cpu=500ms", "while it was loaded"),
        ("my @all; push @all, 'x' x 1e6 . @all while 1;", "?cpu=5s", "emory"),
        ("sub f { f($_[0] + 1) } f(1);", "?cpu=5s", "emory"),
    ],
)
def test_a_top_level_that_takes_too_much_is_ended(perl, source, query, why):
    assert why in perl.refusal(source, query=query)


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ("1 while 1;", "too-slow"),
        ("my @all; push @all, 'x' x 1e6 . @all while 1;", "out-of-memory"),
        ("my $f; $f = sub { $f->($_[0] + 1) }; $f->(1);", "out-of-memory"),
        ("'x' x 40 =~ /^(x+x+)+y$/;", None),
    ],
)
def test_a_handler_that_takes_too_much_is_ended(perl, source, problem):
    name = perl.function(f"sub handler {{ return 'fine' if $_[0]->query_string eq ''; {source} }}", query="?cpu=5s")
    answer = perl.server.get(f"/{name}?go")
    assert problem is None or (answer.status >= 500 and answer.problem == problem), answer.text
    assert perl.server.get(f"/{name}").body == b"fine"


def test_an_error_in_the_handler_is_told_and_traced(perl):
    name = perl.function("sub inner {\n  $_[0]->absent;\n}\nsub handler {\n  inner('main');\n}")
    answer = perl.server.get(f"/{name}")
    assert answer.status == 500 and answer.problem == "exception"
    assert "main.pl:2: Can't locate object method \"absent\"" in answer.json["detail"], answer.text
    perl.server.wait_for_log(function=name, line="\tmain::inner called at main.pl line 5")


def test_errors_that_are_caught_are_none(perl):
    answer = perl.call("sub handler { my $n = 0; for (1 .. 1000) { eval { die { n => $_ } }; $n += $@->{n} } eval { deep(20) }; \"$n $@\" }\n"
                       "sub deep { my $n = shift; $n ? do { my @x = sort { deep($n - 1) } 1, 2 } : die \"deep\\n\" }")  # fmt: skip
    assert answer.body == b"500500 deep\n", answer.text


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("sub handler { Mayfly::Response->new('x', status => 20) }", '"20" is not the status of a response'),
        ("sub handler { Mayfly::Response->new('x', headers => { 'a b' => 'c' }) }", '"a b": "c" is not a header'),
        ('sub handler { Mayfly::Response->new(\'x\', headers => { a => "b\\r\\nc: d" }) }', "is not a header"),
        ("sub handler { \\*STDOUT }", "not GLOB"),
        ("sub exec { [] }", "exec() returns a string, not ARRAY"),
        ("sub { 'text' }", "an app returns [status, [headers], body] or a sub"),
        ("sub handler { exit 2 }", "main.pl:1: exit(2)"),
        ("use Carp; sub handler { croak 'hm' }", "main.pl:1: hm"),
        ("sub handler { eval 'die q(in eval)'; die $@ }", "main.pl:1: in eval"),
        ("sub handler { $_[0]->json }", "malformed JSON"),
    ],
)
def test_what_is_no_response_is_refused(perl, source, message):
    assert message in perl.failure(source)


def test_nothing_of_a_request_is_in_the_next(perl):
    perl.check_that_nothing_stays("""
our $count = -e '/tmp/mark' ? 100 : 0;
sub handler {
  ++$count;
  ++$count if -e '/tmp/mark' or $ENV{MARK};
  $ENV{MARK} = 1;
  open my $file, '>', '/tmp/mark' or die $!;
  open my $random, '<', '/dev/urandom' or die $!;
  read $random, my $bytes, 8;
  return [$count, rand(), unpack('H*', $bytes), unpack('H*', Mayfly::random(8))];
}""")


def test_what_is_printed_goes_to_the_log(perl):
    name = perl.function("print \"at load\\n\";\nsub handler {\n  print \"a\\n\", 1, \"\\n\";\n  STDOUT->print(\"b\\n\");\n  warn \"c\\n\";\n  printf STDERR \"%s\\n\", 'd';\n  close STDOUT; 'e' }")
    assert perl.server.get(f"/{name}").body == b"e"
    perl.server.wait_for_log(function=name, line="d")
    assert perl.log_of(name) == ["at load", "a", "1", "b", "c", "d"]


def test_standard_output_is_never_the_response(perl):
    answer = perl.call("sub handler { open STDOUT, '>', '/tmp/out'; print 'lost'; open my $null, '>', '/dev/null' or die $!; print $null 'x'; -s '/dev/null' // 0 }")
    assert answer.status in (200, 500) and b"lost" not in answer.body, answer.text


def test_the_environment_is_that_of_the_request(perl):
    assert perl.call("our $early = $ENV{A} // 'none'; sub handler { $early . $ENV{A} }", query="?env=A=b").body == b"noneb"


def test_files_of_a_bundle(perl):
    answer = perl.call(
        "use lib 'modules';\nuse Greet qw(hello);\nuse Deep::Other;\nrequire './x.pl';\nmy $data = join '', <DATA>;\n"
        "sub handler { open my $file, '<', '/data.txt' or die $!; my $text = <$file>; hello($text) . Deep::Other::MARK() . x() . $0 . __FILE__ . tell($file) }\n__END__\nrest",
        files={"modules/Greet.pm": "package Greet;\nuse strict;\nuse base 'Exporter';\nour @EXPORT_OK = ('hello');\nsub hello { \"hello $_[0]\" }\n1;\n",
               "lib/Deep/Other.pm": "package Deep::Other;\nmy $first = <DATA>;\nsub MARK { $first . <DATA> }\n1;\n__DATA__\none\ntwo\n", "x.pl": "sub x { 'x' }\n1;", "data.txt": "file"},
    )  # fmt: skip
    assert answer.body == b"hello fileone\ntwo\nx/main.pl/main.pl4", answer.text


def test_the_standard_library(perl):
    source = """
use strict; use warnings; use feature 'say';
use POSIX qw(floor ceil strftime fmod); use List::Util qw(sum first uniq); use Scalar::Util qw(blessed looks_like_number); use Data::Dumper;
use Time::Local; use Digest::MD5 qw(md5_hex); use Digest::SHA qw(sha256_hex hmac_sha256_hex); use MIME::Base64; use Encode qw(decode encode); use File::Temp qw(tempfile);
use File::Basename; use Getopt::Long; use Text::Wrap; use Math::BigInt; use Time::HiRes qw(time sleep); use Storable qw(dclone); use Compress::Zlib; use Unicode::Normalize;
use File::Spec; use Cwd; use FindBin; use Hash::Util; use Tie::File; use constant X => 3; use Sys::Hostname; use Time::Piece; use File::Path qw(make_path);
sub handler {
  my ($out, $path) = tempfile(DIR => '/tmp'); print $out "line\\n" x 3; close $out;
  open my $in, '<', $path or die $!; my @lines = <$in>; close $in; rename $path, '/tmp/b' or die $!; make_path('/tmp/c/d'); opendir my $dir, '/tmp' or die $!;
  my $copy = dclone({ a => [1, { b => 2 }] }); $copy->{a}[1]{b}++;
  local $Data::Dumper::Indent = 0; local $Data::Dumper::Sortkeys = 1;
  return [floor(-1.5), ceil(1.2), strftime('%Y-%m-%d %j', gmtime 86400), sum(1 .. 4), md5_hex('a'), sha256_hex('a') =~ s/(....).*/$1/r, encode_base64('x', ''),
    scalar @lines, [sort grep !/^\\./, readdir $dir], Dumper($copy), Math::BigInt->new(2)->bpow(70)->bstr, uncompress(compress('zip')), length NFD("\\x{e9}"), getcwd(), "$FindBin::Bin", X,
    length decode('UTF-8', "\\xc3\\xa9"), sprintf('%.3f %s', 1 / 3, 2 ** 40), timegm(0, 0, 0, 1, 0, 100), gmtime(0)->ymd];
}"""
    answer = perl.call(source)
    assert answer.json == [-2, 2, "1970-01-02 002", 10, "0cc175b9c0f1b6a831c399e269772661", "ca97", "eA==", 3, ["b", "c"], "$VAR1 = {'a' => [1,{'b' => 3}]};",
                           "1180591620717411303424", "zip", 2, "/", "/", 3, 1, "0.333 1099511627776", 946684800, "1970-01-01"], answer.text  # fmt: skip


def packages(*names):
    """The files of Debian packages with libraries in Perl, for `vendor`."""
    return {f"vendor/{name}": content for package in names for name, content in files_of(debian_package(package) / "usr/share/perl5").items()}


def test_libraries_work(perl):
    answer = perl.call(
        """
use Text::Template; use Try::Tiny; use YAML::Tiny; use Text::CSV; use HTML::Template;
my $template = Text::Template->new(TYPE => 'STRING', SOURCE => 'Hello {$name}, {join "-", map { $_ * 2 } @numbers}');
sub handler {
  my $text = $template->fill_in(HASH => { name => 'Ada', numbers => [1, 2] });
  my $caught = try { die "no tea\n" } catch { chomp; "caught $_" };
  my $yaml = YAML::Tiny->read_string("a:\n  - 1\n  - b: c\n")->[0]{a}[1]{b};
  my $csv = Text::CSV->new({ binary => 1 }); $csv->parse('1,"two, three",4');
  my $page = HTML::Template->new(scalarref => \\'<TMPL_LOOP xs><b><TMPL_VAR x ESCAPE=HTML></b></TMPL_LOOP>');
  $page->param(xs => [{ x => 1 }, { x => '<' }]);
  return join ';', $text, $caught, $yaml, ($csv->fields)[1], $page->output;
}""",
        files=packages("libtext-template-perl", "libtry-tiny-perl", "libyaml-tiny-perl", "libtext-csv-perl", "libhtml-template-perl"),
    )
    assert answer.body == b"Hello Ada, 2-4;caught no tea;c;two, three;<b>1</b><b>&lt;</b>", answer.text


def test_plack_works(perl):
    files = packages("libplack-perl", "libhash-multivalue-perl", "libhttp-entity-parser-perl", "libhttp-multipartparser-perl", "libstream-buffered-perl",
                     "liburi-perl", "libwww-form-urlencoded-perl", "libcookie-baker-perl", "libhttp-headers-fast-perl", "libhttp-date-perl",
                     "libjson-maybexs-perl")  # fmt: skip
    source = """
use strict; use warnings; use Plack::Request; use Plack::Builder;
my $app = sub {
  my $request = Plack::Request->new(shift);
  my $response = $request->new_response(201);
  $response->content_type('text/plain');
  $response->cookies->{seen} = { value => 1, path => '/' };
  $response->body(join ',', $request->parameters->get('a'), $request->cookies->{c}, $request->upload('f')->filename, $request->script_name =~ m{^/f\\d} ? 1 : 0);
  return $response->finalize;
};
builder { enable 'ContentLength'; $app };
"""
    form = b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nb\r\n--x\r\nContent-Disposition: form-data; name="f"; filename="f.txt"\r\n\r\ntext\r\n--x--\r\n'
    answer = perl.call(source, method="POST", body=form, headers={"Content-Type": "multipart/form-data; boundary=x", "Cookie": "c=d"}, files=files)
    assert answer.status == 201 and answer.body == b"b,d,f.txt,1", answer.text
    assert answer.headers["Set-Cookie"] == "seen=1; path=/" and answer.headers["Content-Length"] == "11"


def test_volumes_are_where_they_are_mounted(perl, make_server, tmp_path):
    (tmp_path / "v").mkdir()
    (tmp_path / "v" / "a.txt").write_text("granted")
    server = make_server("--volume", f"v={tmp_path / 'v'}")
    source = "sub handler { open my $f, '<', '/vol/a.txt' or die $!; open my $t, '>', '/tmp/x' or die $!; open my $o, '>', '/vol/b.txt' or die $!; print $o 'new'; close $o; <$f> }"
    answer = server.request("PUT", "/_mayfly/v1/functions/volumes?language=perl&volume=v:/vol:rw", source.encode())
    assert answer.status == 201, answer.text
    assert server.get("/volumes").text == "granted"
    assert (tmp_path / "v" / "b.txt").read_text() == "new"


def test_a_request_of_its_own_goes_where_it_is_allowed(perl):
    other = perl.function("sub handler { my $r = shift; Mayfly::Response->new({ got => $r->text, x => $r->header('x-a') }, status => 202) }")
    source = f"""
sub handler {{
  my $answer = Mayfly::fetch("{perl.server.url}/{other}", method => 'POST', headers => {{ 'X-A' => 'b' }}, json => [1, 2]);
  return [$answer->status, $answer->header('Content-Type'), $answer->json];
}}"""
    answer = perl.call(source, query=f"?allow=http={perl.server.url}")
    assert json.loads(answer.body) == [202, "application/json", {"got": "[1,2]", "x": "b"}], answer.text
    assert "not allowed" in perl.failure(source)
