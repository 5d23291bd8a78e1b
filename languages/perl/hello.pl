sub handler {
    my ($request) = @_;
    my $name = $request->query->{name} // "world";
    return "Hello, $name!\n";
}
