// The exec() of a program that has none, and no main() either: what the compiler says of it.

char* the_program_has_no_main_and_no_exec(const char*);

char* exec(const char* input) { return the_program_has_no_main_and_no_exec(input); }
