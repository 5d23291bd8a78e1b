#line 1 "<mayfly library>"
# What this Perl lacks of modules that others use, as far as it can be written in Perl: it is in the image.

use strict;
use warnings;
no warnings 'experimental::builtin';

package mro;

BEGIN { $INC{'mro.pm'} = '<mayfly library>' }

# Methods are looked for in depth first, which is the order that Perl has unless a class asks for another.
sub import { die "there is only the order `dfs` of methods here\n" if defined $_[1] && $_[1] ne 'dfs' }
sub get_mro { 'dfs' }
sub set_mro { import(undef, $_[1]) }
sub is_universal { $_[0] eq 'UNIVERSAL' }
sub invalidate_all_method_caches { }
sub get_pkg_gen { 1 }

sub get_linear_isa {
    my ($class) = @_;
    no strict 'refs';
    my %seen;
    return [grep { !$seen{$_}++ } $class, map { @{get_linear_isa($_)} } @{"${class}::ISA"}];
}

package B;

BEGIN { $INC{'B.pm'} = '<mayfly library>' }
use Exporter 'import';
use Sub::Util ();
use constant {SVf_IOK => 0x100, SVf_NOK => 0x200, SVf_POK => 0x400, SVf_ROK => 0x800, SVp_IOK => 0x1000, SVp_NOK => 0x2000, SVp_POK => 0x4000};
our @EXPORT_OK = qw(perlstring cstring svref_2object sub_generation SVf_IOK SVf_NOK SVf_POK SVf_ROK SVp_IOK SVp_NOK SVp_POK);

sub perlstring {
    my ($text) = @_;
    return '0' unless defined $text;
    return '"' . $text =~ s/(["\\\$\@])/\\$1/gr =~ s/([^ -~])/ord $1 > 255 ? sprintf '\\x{%x}', ord $1 : sprintf '\\%03o', ord $1/ger . '"';
}
sub cstring { perlstring(@_) =~ s/\\([\$\@])/$1/gr }

# What there is to know of a scalar is whether it is a number or a string, and of code its name.
sub svref_2object {
    my ($reference) = @_;
    return bless {name => Sub::Util::subname($reference)}, 'B::CV' if builtin::reftype($reference) eq 'CODE';
    my $flags = ref $$reference ? SVf_ROK : !defined $$reference ? 0 : !builtin::created_as_number($$reference) ? SVf_POK | SVp_POK
        : $$reference =~ /\A-?\d+\z/ ? SVf_IOK | SVp_IOK : SVf_NOK | SVp_NOK;
    return bless {flags => $flags}, 'B::PVMG';
}

sub B::PVMG::FLAGS { $_[0]{flags} }
sub B::CV::GV { bless {name => $_[0]{name} =~ s/\A.*:://sr, package => $_[0]{name} =~ s/::[^:]*\z//r}, 'B::GV' }
sub B::CV::STASH { bless {name => $_[0]{name} =~ s/::[^:]*\z//r}, 'B::HV' }
sub B::GV::NAME { $_[0]{name} }
sub B::GV::STASH { bless {name => $_[0]{package}}, 'B::HV' }
sub B::HV::NAME { $_[0]{name} }

package Storable;

BEGIN { $INC{'Storable.pm'} = '<mayfly library>' }
use Exporter 'import';
our @EXPORT_OK = qw(dclone);

# A copy of all that a reference leads to, but for code.
sub dclone {
    my ($value, $seen) = @_;
    $seen //= {};
    return $value unless ref $value;
    return $seen->{$value} if exists $seen->{$value};
    my $type = builtin::reftype($value);
    my $copy = $type eq 'HASH' ? {} : $type eq 'ARRAY' ? [] : $type eq 'SCALAR' || $type eq 'REF' ? \my $held : $value;
    $seen->{$value} = $copy;
    if ($type eq 'HASH') { $copy->{$_} = dclone($value->{$_}, $seen) for keys %$value }
    elsif ($type eq 'ARRAY') { push @$copy, dclone($_, $seen) for @$value }
    elsif ($type eq 'SCALAR' || $type eq 'REF') { $$copy = dclone($$value, $seen) }
    my $class = builtin::blessed($value);
    bless $copy, $class if defined $class && $copy != $value;
    return $copy;
}

package POSIX;

BEGIN { $INC{'POSIX.pm'} = '<mayfly library>' }
use Exporter 'import';
use Errno qw(EINTR EAGAIN ENOENT EEXIST EACCES EINVAL);
use Fcntl qw(O_RDONLY O_WRONLY O_RDWR O_CREAT O_EXCL O_TRUNC O_APPEND SEEK_SET SEEK_CUR SEEK_END);
use constant {
    INT_MAX => 2147483647, INT_MIN => -2147483648, UINT_MAX => 4294967295, LONG_MAX => 2147483647, LONG_MIN => -2147483648,
    DBL_MAX => 1.7976931348623157e308, DBL_MIN => 2.2250738585072014e-308, DBL_EPSILON => 2.220446049250313e-16, DBL_DIG => 15,
    FLT_EPSILON => 1.1920929e-07, EXIT_SUCCESS => 0, EXIT_FAILURE => 1, LC_ALL => 6, LC_NUMERIC => 1, LC_CTYPE => 0, WNOHANG => 1,
};
our @EXPORT = qw(
    floor ceil fmod pow round trunc tan asin acos sinh cosh tanh log10 log2 strftime mktime strtol strtod isatty setlocale
    abs atan2 cos exp log sin sqrt sprintf printf tolower toupper getpid time
    INT_MAX INT_MIN UINT_MAX LONG_MAX LONG_MIN DBL_MAX DBL_MIN DBL_EPSILON DBL_DIG FLT_EPSILON EXIT_SUCCESS EXIT_FAILURE
    LC_ALL LC_NUMERIC LC_CTYPE EINTR EAGAIN ENOENT EEXIST EACCES EINVAL
    O_RDONLY O_WRONLY O_RDWR O_CREAT O_EXCL O_TRUNC O_APPEND SEEK_SET SEEK_CUR SEEK_END
);
our @EXPORT_OK = qw(WNOHANG lround fmin fmax cbrt);
our %EXPORT_TAGS = (
    math_h => [qw(floor ceil fmod pow tan asin acos sinh cosh tanh log10)], time_h => [qw(strftime mktime)],
    limits_h => [qw(INT_MAX INT_MIN UINT_MAX LONG_MAX LONG_MIN)], float_h => [qw(DBL_MAX DBL_MIN DBL_EPSILON DBL_DIG FLT_EPSILON)],
    fcntl_h => [qw(O_RDONLY O_WRONLY O_RDWR O_CREAT O_EXCL O_TRUNC O_APPEND SEEK_SET SEEK_CUR SEEK_END)],
    errno_h => [qw(EINTR EAGAIN ENOENT EEXIST EACCES EINVAL)], locale_h => [qw(LC_ALL LC_NUMERIC LC_CTYPE setlocale)],
);

# Beyond 2**53 every number is whole, and int() keeps infinities and what is no number.
sub trunc { int $_[0] }
sub floor { my $whole = int $_[0]; $whole > $_[0] ? $whole - 1 : $whole }
sub ceil { my $whole = int $_[0]; $whole < $_[0] ? $whole + 1 : $whole }
sub round { $_[0] < 0 ? -floor(0.5 - $_[0]) : floor($_[0] + 0.5) }
sub lround { round($_[0]) }
sub fmod { my ($x, $y) = @_; my $rest = abs($x) - abs($y) * int(abs($x) / abs($y)); $x < 0 ? -$rest : $rest }
sub fmin { $_[0] < $_[1] ? $_[0] : $_[1] }
sub fmax { $_[0] > $_[1] ? $_[0] : $_[1] }
sub pow { $_[0]**$_[1] }
sub cbrt { $_[0] < 0 ? -((-$_[0])**(1 / 3)) : $_[0]**(1 / 3) }
sub tan { CORE::sin($_[0]) / CORE::cos($_[0]) }
sub asin { CORE::atan2($_[0], CORE::sqrt(1 - $_[0]**2)) }
sub acos { CORE::atan2(CORE::sqrt(1 - $_[0]**2), $_[0]) }
sub sinh { (CORE::exp($_[0]) - CORE::exp(-$_[0])) / 2 }
sub cosh { (CORE::exp($_[0]) + CORE::exp(-$_[0])) / 2 }
sub tanh { sinh($_[0]) / cosh($_[0]) }
sub log10 { CORE::log($_[0]) / CORE::log(10) }
sub log2 { CORE::log($_[0]) / CORE::log(2) }
sub abs { CORE::abs($_[0]) }
sub atan2 { CORE::atan2($_[0], $_[1]) }
sub cos { CORE::cos($_[0]) }
sub exp { CORE::exp($_[0]) }
sub log { CORE::log($_[0]) }
sub sin { CORE::sin($_[0]) }
sub sqrt { CORE::sqrt($_[0]) }
sub sprintf { CORE::sprintf(shift, @_) }
sub printf { CORE::printf STDOUT @_ }
sub tolower { lc $_[0] }
sub toupper { uc $_[0] }
sub getpid { $$ }
sub time { CORE::time() }
sub isatty { 0 }
sub setlocale { 'C' }
sub strtod { $_[0] =~ /\A\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)/ ? $1 + 0 : 0 }

sub strtol {
    my ($text, $base) = (@_, 10);
    return $base == 16 ? hex $text : $base == 8 ? oct "0$text" : $base == 2 ? oct "0b$text" : $text =~ /\A\s*([-+]?\d+)/ ? $1 + 0 : 0;
}

# seconds, minutes, hours, day, month from 0, year from 1900: in UTC, which is the only time zone here.
sub mktime {
    require Time::Local;
    return Time::Local::timegm_posix(@_[0 .. 5]);
}

sub strftime {
    my ($format, @time) = @_;
    require Time::Piece;
    return Time::Piece::gmtime(mktime(@time))->strftime($format);
}

1;
