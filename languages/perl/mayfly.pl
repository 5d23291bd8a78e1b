#line 1 "<mayfly>"
# Between the driver and the function: how a file is loaded, what a handler sees, and what becomes of its result.

use strict;
use warnings;
no warnings 'experimental::builtin';

# What functions use most is in the image.
use Carp ();
use Data::Dumper ();
use Digest::SHA ();
use Encode ();
use File::Spec ();
use IO::Handle ();
use JSON::PP ();
use List::Util ();
use MIME::Base64 ();
use Scalar::Util ();
use Time::HiRes ();
use utf8 ();

package Mayfly::Driver;

# What the driver does for it: an operation, and bytes.
sub call {
    my ($operation, $bytes) = @_;
    my $at = operate(ord $operation, unpack('L', pack('P', $bytes)), length $bytes);
    my $size = unpack('L', unpack('P4', pack('L', $at)));
    return substr(unpack('P' . (4 + $size), pack('L', $at)), 4);
}

sub arguments { split /\0/, call('A', '') }
sub environment { map { /\A([^=]+)=(.*)\z/s ? ($1, $2) : () } split /\0/, call('E', '') }
sub random { call('N', pack('L', $_[0])) }
sub leave { call('X', pack('L', $_[0])) }

package Mayfly;

# Bytes of the system's source of random numbers.
sub random { Mayfly::Driver::random($_[0] // 16) }

sub bytes_of {
    my ($text) = @_;
    utf8::encode($text) if utf8::is_utf8($text);
    return $text;
}

sub decoded { Encode::decode('UTF-8', $_[0]) }

sub unescaped {
    my ($text) = @_;
    $text =~ s/%([0-9A-Fa-f]{2})/chr hex $1/ge;
    return $text;
}

# A request: what a handler gets. It is the context of functions for /api/v1/handler as well.
package Mayfly::Request;

sub new {
    my ($class, $method, $url, $client, $name, @fields) = @_;
    return bless {method => $method, url => $url, client => $client, name => $name, fields => \@fields}, $class;
}

sub method { $_[0]{method} }
sub url { $_[0]{url} }
sub absoluteURI { $_[0]{url} }
sub client { $_[0]{client} }
sub name { $_[0]{name} }
sub raw_path { $_[0]{url} =~ m{\A(?:[A-Za-z][\w+.-]*://[^/?]*)?([^?]+)} ? $1 : '/' }
sub path { Mayfly::decoded(Mayfly::unescaped($_[0]->raw_path)) }
sub query_string { (split /\?/, $_[0]{url}, 2)[1] // '' }

# Names and values, in order.
sub query_all {
    my ($self) = @_;
    return @{$self->{query_all} //= [
        map { tr/+/ /; Mayfly::decoded(Mayfly::unescaped($_)) }
        map { my ($name, $value) = split /=/, $_, 2; ($name, $value // '') }
        grep { length } split /&/, $self->query_string
    ]};
}

# Of several of a name the last.
sub query { $_[0]{query} //= {$_[0]->query_all} }
sub param { $_[0]->query->{$_[1]} }
sub getParam { $_[1] eq 'name' ? $_[0]{name} : $_[0]->query->{$_[1]} }
sub pathParam { $_[1] eq 'name' ? $_[0]{name} : undef }

# By name in lower case. Several of a name are one value, with commas between.
sub headers {
    my ($self) = @_;
    return $self->{headers} //= do {
        my %all;
        my @fields = @{$self->{fields}};
        while (my ($name, $value) = splice @fields, 0, 2) {
            $name = lc $name;
            $all{$name} = exists $all{$name} ? $all{$name} . ($name eq 'cookie' ? '; ' : ', ') . $value : $value;
        }
        \%all;
    };
}
sub header { $_[0]->headers->{lc $_[1]} }
sub getHeader { $_[0]->headers->{lc $_[1]} }

# Bytes, and the same as text.
sub body { $_[0]{body} //= Mayfly::Wire::body() }
sub text { Mayfly::decoded($_[0]->body) }

# The value that the body has; with an argument, that is the response.
sub json {
    my ($self, @value) = @_;
    return $Mayfly::JSON->decode($self->body) unless @value;
    my $response = $self->response;
    $response->{headers}{'content-type'} //= Mayfly::Answer::JSON_TYPE();
    return $response->end($Mayfly::JSON->encode($value[0]));
}

sub request { $_[0] }
sub response { $_[0]{response} //= Mayfly::ContextResponse->new }

package Mayfly::ContextResponse;

sub new { bless {status => 200, headers => {}, parts => '', ended => 0}, $_[0] }
sub setStatusCode { $_[0]{status} = $_[1]; $_[0] }
sub putHeader { $_[0]{headers}{lc $_[1]} = $_[2]; $_[0] }

sub write {
    my ($self, $part) = @_;
    die "the response has ended\n" if $self->{ended};
    $self->{parts} .= Mayfly::bytes_of($part // '');
    return $self;
}

sub end {
    my ($self, $part) = @_;
    $self->write($part);
    $self->{ended} = 1;
    return;
}

# A response with a status and headers. The body is what a handler may return.
package Mayfly::Response;

sub new {
    my ($class, $body, %options) = @_;
    return bless {body => $body, status => $options{status}, headers => $options{headers} // {}}, $class;
}

# The request on standard input, and the response on standard output.
package Mayfly::Wire;

our ($begun, $request);

sub part { Mayfly::Driver::call('I', pack('L', $_[0])) }

sub exactly {
    my ($size) = @_;
    my $data = '';
    while (length $data < $size) {
        my $part = part($size - length $data);
        die "there is no request on standard input\n" if $part eq '';
        $data .= $part;
    }
    return $data;
}

sub request { Mayfly::Request->new(unpack '(L/a*)*', exactly(unpack 'L', exactly(4))) }

sub body {
    my $data = '';
    while ((my $part = part(65536)) ne '') { $data .= $part }
    return $data;
}

sub more {
    my ($part) = @_;
    utf8::downgrade($part, 1) or Carp::croak('Wide character in a part of the body: encode it');
    Mayfly::Driver::call('O', $part) if $part ne '';
}

# The head, with what there is of the body.
sub begin {
    my ($status, $fields, $body) = @_;
    die Mayfly::Answer::shown($status) . " is not the status of a response\n"
        unless defined $status && $status =~ /\A[2-5]\d\d\z/a;
    my @fields = map { Mayfly::bytes_of($_ // '') } @$fields;
    for (my $i = 0; $i < @fields; $i += 2) {
        next if $fields[$i] =~ /\A[!-9;-~]+\z/ && $fields[$i + 1] !~ /[\r\n\0]/;
        die Mayfly::Answer::shown($fields[$i]) . ': ' . Mayfly::Answer::shown($fields[$i + 1]) . " is not a header\n";
    }
    utf8::downgrade($body, 1) or Carp::croak('Wide character in the body: encode it');
    $begun = 1;
    more(pack('L/a*', pack('L(L/a*)*', $status, @fields)) . $body);
}

sub fail {
    $begun = 1;
    more(pack('L/a*', pack('L', 0)) . substr(Mayfly::bytes_of($_[0]), 0, 4096));
}

# From results to responses.
package Mayfly::Answer;

use constant {TEXT => 'text/plain; charset=utf-8', BYTES => 'application/octet-stream', JSON_TYPE => 'application/json'};

sub shown { defined $_[0] ? '"' . ($_[0] =~ s/([^ -~])/sprintf '\\x%02x', ord $1/ger) . '"' : 'undef' }

sub send {
    my ($result, $status, $headers) = @_;
    my @fields = pairs($headers // {});
    my $type = Scalar::Util::blessed($result) ? '' : ref $result;
    if (!defined $result) {
        Mayfly::Wire::begin($status // 204, \@fields, '');
    } elsif (Scalar::Util::blessed($result) && $result->isa('Mayfly::Response')) {
        Mayfly::Answer::send(@$result{qw(body status headers)});
    } elsif ($type eq 'CODE') {
        stream($status // 200, typed(\@fields, TEXT), $result);
    } elsif ($type eq 'HASH' || $type eq 'ARRAY' || JSON::PP::is_bool($result) || builtin::created_as_number($result)
        || Scalar::Util::blessed($result) && $result->can('TO_JSON')) {
        Mayfly::Wire::begin($status // 200, typed(\@fields, JSON_TYPE), $Mayfly::JSON->encode($result));
    } elsif (!ref $result || overload::Method($result, '""')) {
        my $bytes = Mayfly::bytes_of("$result");
        my $copy = $bytes;
        Mayfly::Wire::begin($status // 200, typed(\@fields, utf8::decode($copy) ? TEXT : BYTES), $bytes);
    } else {
        die 'a handler returns a string, a number, a boolean, a reference to a hash, an array or a sub that gives parts, '
            . 'undef or a Mayfly::Response, not ' . (Scalar::Util::blessed($result) // $type) . "\n";
    }
}

# Of a hash, whose values may be arrays, or of an array with names and values.
sub pairs {
    my ($headers) = @_;
    return @$headers if ref $headers eq 'ARRAY';
    return map { my $name = $_; map { ($name, $_) } ref $headers->{$name} eq 'ARRAY' ? @{$headers->{$name}} : $headers->{$name} }
        sort keys %$headers;
}

sub typed {
    my ($fields, $type) = @_;
    for (my $i = 0; $i < @$fields; $i += 2) { return $fields if lc $fields->[$i] eq 'content-type' }
    return [@$fields, 'content-type', $type];
}

sub stream {
    my ($status, $fields, $parts) = @_;
    my $first = 1;
    while (defined(my $part = $parts->())) {
        $part = Mayfly::bytes_of($part);
        $first ? Mayfly::Wire::begin($status, $fields, $part) : Mayfly::Wire::more($part);
        $first = 0;
    }
    Mayfly::Wire::begin($status, $fields, '') if $first;
}

# How requests are answered, for each of the forms that a function may have.
package Mayfly::Forms;

sub request {
    my ($handler, $request) = @_;
    my $result = $handler->($request);
    my $response = $request->{response};
    return Mayfly::Answer::send($result) unless $response;
    return Mayfly::Answer::send($result, undef, $response->{headers})
        if !$response->{ended} && $response->{parts} eq '' && defined $result
        && !(ref $result && ($result == $response || $result == $request));
    return Mayfly::Answer::send(undef, $response->{status} == 200 ? 204 : $response->{status}, $response->{headers})
        if !$response->{ended} && $response->{parts} eq '';
    Mayfly::Answer::send($response->{parts}, $response->{status}, $response->{headers});
}

sub exec {
    my ($handler, $request) = @_;
    my $result = $handler->($request->text);
    die 'exec() returns a string, not ' . (ref $result || 'undef') . "\n" if !defined $result || ref $result;
    Mayfly::Wire::begin(200, ['content-type', Mayfly::Answer::JSON_TYPE()], Mayfly::bytes_of($result));
}

sub psgi {
    my ($app, $request) = @_;
    my $response = $app->(environment($request));
    return $response->(\&responded) if ref $response eq 'CODE';
    responded($response);
}

# A response in three parts, or the head of one whose body is written.
sub responded {
    my ($response) = @_;
    die 'an app returns [status, [headers], body] or a sub, not ' . Mayfly::Answer::shown($response) . "\n"
        unless ref $response eq 'ARRAY' && @$response >= 2 && ref $response->[1] eq 'ARRAY';
    my ($status, $fields, $body) = @$response;
    if (@$response == 2) {
        Mayfly::Wire::begin($status, $fields, '');
        return bless {}, 'Mayfly::Writer';
    }
    return Mayfly::Wire::begin($status, $fields, join '', @$body) if ref $body eq 'ARRAY';
    local $/ = \65536;
    Mayfly::Wire::begin($status, $fields, '');
    while (defined(my $part = $body->getline)) { Mayfly::Wire::more($part) }
    $body->close;
    return;
}

# SCRIPT_NAME is the function, where the path begins with it.
sub environment {
    my ($request) = @_;
    my $body = $request->body;
    open my $input, '<:raw', \$body or die "the body cannot be read: $!\n";
    my ($scheme, $path, $headers) = ($request->url =~ /\A([a-z]+):/, $request->raw_path, $request->headers);
    my ($host, $port) = ($headers->{host} // 'localhost') =~ /\A(.*?)(?::(\d+))?\z/;
    my $query = $request->query_string;
    my $script = $path =~ m{\A(/\Q$request->{name}\E)(?:/|\z)} ? $1 : '';
    my %env = (
        REQUEST_METHOD => $request->method, SCRIPT_NAME => $script, PATH_INFO => Mayfly::unescaped(substr $path, length $script), QUERY_STRING => $query,
        REQUEST_URI => $path . ($query eq '' ? '' : "?$query"), SERVER_NAME => $host, SERVER_PORT => $port // 80,
        SERVER_PROTOCOL => 'HTTP/1.1', REMOTE_ADDR => $request->client,
        'psgi.version' => [1, 1], 'psgi.url_scheme' => $scheme // 'http', 'psgi.input' => $input, 'psgi.errors' => \*STDERR,
        'psgi.multithread' => '', 'psgi.multiprocess' => 1, 'psgi.run_once' => '', 'psgi.nonblocking' => '', 'psgi.streaming' => 1,
        'psgix.input.buffered' => 1,
    );
    for my $name (keys %$headers) {
        my $key = uc $name =~ tr/-/_/r;
        $env{$key =~ /\ACONTENT_(?:TYPE|LENGTH)\z/ ? $key : "HTTP_$key"} = $headers->{$name};
    }
    return \%env;
}

package Mayfly::Writer;

sub write { Mayfly::Wire::more($_[1]) }
sub close { }

# Outgoing HTTP.
package Mayfly::Fetched;

sub status { $_[0]{status} }
sub url { $_[0]{url} }
sub is_success { $_[0]{status} =~ /\A2/ ? 1 : '' }
sub headers { $_[0]{headers} }
sub header { $_[0]{headers}{lc $_[1]} }
sub body { $_[0]{body} }
sub text { Mayfly::decoded($_[0]{body}) }
sub json { $Mayfly::JSON->decode($_[0]{body}) }

package Mayfly;

our $JSON = JSON::PP->new->utf8->canonical->allow_nonref->convert_blessed;

my %reasons = (
    2 => 'the server has no memory for it', 4 => 'an argument is too long',
    7 => 'not allowed: the function\'s option `allow` has to name the host (docs/config.md)', 8 => 'not a method', 9 => 'not headers',
    10 => 'not a URL of http or https', 11 => 'the request failed: why is in the log of the function', 13 => 'too many responses are open',
);

# Makes a request, and gives its response; dies when there is none. Redirects are followed.
sub fetch {
    my ($url, %options) = @_;
    my ($fields, $body) = ([Mayfly::Answer::pairs($options{headers} // {})], $options{body} // '');
    if (exists $options{json}) {
        $body = $JSON->encode($options{json});
        $fields = Mayfly::Answer::typed($fields, Mayfly::Answer::JSON_TYPE());
    }
    my @lines;
    while (my ($name, $value) = splice @$fields, 0, 2) {
        Carp::croak("$name is not a header") if "$name$value" =~ /[\r\n]/;
        push @lines, "$name:$value";
    }
    my $checked = sub { Carp::croak("$url: " . ($reasons{$_[0]} // "error $_[0]")) if $_[0] != 0 };
    my ($code, $status, $handle) = unpack 'L3', Mayfly::Driver::call('R', pack '(L/a*)*',
        map { bytes_of($_) } $url, uc($options{method} // 'GET'), join("\n", @lines), $body);
    $checked->($code);
    ($code, my $head) = unpack 'La*', Mayfly::Driver::call('H', pack 'L', $handle);
    my $received = '';
    while ($code == 0) {
        ($code, my $part) = unpack 'La*', Mayfly::Driver::call('B', pack 'L', $handle);
        last if $part eq '';
        $received .= $part;
    }
    Mayfly::Driver::call('C', pack 'L', $handle);
    $checked->($code);
    my %headers;
    for (split /\n/, $head) {
        next unless /\A([^:]+):\s*(.*?)\s*\z/;
        my $name = lc $1;
        $headers{$name} = exists $headers{$name} ? "$headers{$name}, $2" : $2;
    }
    return bless {url => $url, status => $status, headers => \%headers, body => $received}, 'Mayfly::Fetched';
}

# How a file is loaded, and a request served.
package Mayfly::Start;

my $forms = 'an app of PSGI ($app, sub app, or the value of the file), handler($request), handler($ctx), or exec($input)';
my ($form, $target, @warned);
my ($traced, $trace, $place) = ('', '', undef);  # of the last error: itself, its callers, and the line of the function it is from

sub prepare {
    STDERR->autoflush(1);
    STDOUT->autoflush(1);
    *CORE::GLOBAL::exit = sub (;$) { die bless {status => $_[0] // 0}, 'Mayfly::Exit' };
    $SIG{__DIE__} = \&remember;
}

# Where an error comes from, of which Perl itself tells one line.
sub remember {
    my ($error) = @_;
    return if !defined $^S || !ref $error && $traced ne '' && index($error, $traced) == 0;
    my @lines;
    $place = undef;
    for (my $i = 0; @lines < 50 && (my ($package, $file, $line, $sub) = caller $i); ++$i) {
        next if $file =~ /\A(?:<mayfly|\(eval)/;
        $place //= own($file) . ":$line" unless is_library($file);
        push @lines, "\t$sub called at " . own($file) . " line $line" unless $i == 0 || $sub eq '(eval)';
    }
    ($traced, $trace) = (ref $error ? '' : $error, join "\n", @lines);
}

sub load {
    my ($name, $path) = Mayfly::Driver::arguments();
    $0 = $path;
    @ARGV = ();
    unshift @INC, '/', '/lib', '/local/lib/perl5', '/vendor/lib/perl5', '/vendor', sort glob '/vendor/*/lib';
    my $warn = $SIG{__WARN__} = sub { push @warned, @_ };
    my $value = do {
        package main;
        do $path;
    };
    delete $SIG{__WARN__} if ($SIG{__WARN__} // '') eq $warn;
    refuse($path, $@) if ref $@ || $@ ne '';
    eval { ($form, $target) = find($path, $value); 1 } or refuse($path, $@);
    warn_late();
    keep_data(\%main::, {});
    %ENV = ();
    ($traced, $trace, $place) = ('', '', undef);
}

# Warnings come behind the error that there may be.
sub warn_late {
    print STDERR map { Mayfly::bytes_of("$_") } splice @warned;
}

sub find {
    my ($path, $value) = @_;
    no warnings 'once';
    my $code = sub { ref $_[0] eq 'CODE' || Scalar::Util::blessed($_[0]) && overload::Method($_[0], '&{}') };
    return (\&Mayfly::Forms::psgi, $main::app) if $code->($main::app);
    return (\&Mayfly::Forms::psgi, \&main::app) if defined &main::app;
    return (\&Mayfly::Forms::request, \&main::handler) if defined &main::handler;
    return (in_context($path) ? \&Mayfly::Forms::request : \&Mayfly::Forms::psgi, $value) if $code->($value);
    return (\&Mayfly::Forms::psgi, $value->to_app) if Scalar::Util::blessed($value) && $value->can('to_app');
    return (\&Mayfly::Forms::exec, \&main::exec) if defined &main::exec;
    die own($path) . ":1: there is no handler: mayfly looks for $forms\n";
}

# Whether what the file calls its parameter is a context.
sub in_context {
    open my $file, '<', $_[0] or return;
    local $/;
    return <$file> =~ /\$ctx\b/;
}

# What follows __DATA__ and is not read yet is in files that are open.
sub keep_data {
    my ($stash, $seen) = @_;
    return if $seen->{$stash}++;
    no strict 'refs';
    for my $name (keys %$stash) {
        my $glob = \$stash->{$name};
        next unless ref $glob eq 'GLOB';
        if ($name =~ /::\z/) {
            keep_data(\%{*$glob}, $seen);
        } elsif ($name eq 'DATA' && defined *{$glob}{IO} && defined fileno *$glob) {
            my $rest = do { local $/; readline *$glob } // '';
            close *$glob;
            open *$glob, '<', \$rest;
        }
    }
}

sub serve {
    srand unpack 'L', Mayfly::Driver::random(4);
    %ENV = Mayfly::Driver::environment();
    $Mayfly::Wire::begun = 0;
    ($traced, $trace, $place) = ('', '', undef);
    local $@;
    eval { $form->($target, Mayfly::Wire::request()); 1 } or failed($@);
}

sub is_library { $_[0] =~ m{\A(?:/zeroperl/|/vendor/|/local/|<mayfly|\(eval )} }
sub own { $_[0] =~ s{\A(?:\./|/)+}{}r }

# What an error says, whatever it makes of being asked; of a long one as much as anyone reads.
sub words {
    my ($error) = @_;
    local ($@, $SIG{__DIE__});
    my $text = !ref $error || overload::Method($error, '""') ? eval { "$error" } : eval { $Mayfly::JSON->encode($error) };
    return substr($text // ref $error, 0, 65536);
}

# What an error says, in one line, and FILE:LINE where it tells.
sub told {
    my ($error) = @_;
    return ('exit(' . $error->{status} . ')', undef) if ref $error eq 'Mayfly::Exit';
    my $text = words($error);
    if ($text =~ /\A\s*(.*?) at (\(eval \d+\)|\S+) line (\d+)(?:, <\S*> (?:line|chunk) \d+)?(\.|, near .*|)$/m) {
        my ($what, $file, $line, $near) = ($1, $2, $3, $4);
        return ($what . ($near eq '.' ? '' : $near), is_library($file) && $place ? $place : own($file) . ":$line");
    }
    return ((split /\n/, $text)[0] // 'died', undef);
}

sub print_trace {
    my ($error) = @_;
    my ($what) = told($error);
    my $text = Mayfly::bytes_of(ref $error ? $what : words($error));
    print STDERR $text, $text =~ /\n\z/ ? '' : "\n", $trace eq '' ? '' : "$trace\n";
}

sub failed {
    my ($error) = @_;
    print_trace($error);
    Mayfly::Driver::leave(1) if $Mayfly::Wire::begun;  # the client must not take what it has for the whole
    my ($what, $where) = told($error);
    $where //= $place;
    Mayfly::Wire::fail(defined $where ? "$where: $what" : $what);
}

# FILE:LINE: what is wrong, then what Perl says.
sub refuse {
    my ($path, $error) = @_;
    my ($what, $where) = told($error);
    $what = Mayfly::bytes_of($what);
    if ($what =~ /\A\S+:\d+: there is no handler/) {
        print STDERR "$what\n";
    } else {
        print STDERR $where // $place // own($path) . ':1', ": $what\n";
        print_trace($error);
    }
    warn_late();
    Mayfly::Driver::leave(1);
}

prepare();
1;
