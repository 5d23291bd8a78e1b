// Prolog as an interpreter with an image (../README.md): ichiban/prolog, with the predicates of library.go.
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/ichiban/prolog"
	"github.com/ichiban/prolog/engine"
	"mayfly.dev/host"
)

const (
	stackBytes = 64 << 20 // of a goroutine
	garbage    = 300      // percent of what is in use
	forms      = "handler(Request, Response), or exec(Input, Output)"
)

var (
	interpreter *prolog.Interpreter
	answer      func(*host.Request) error
)

func main() {}

//go:wasmexport prepare
func prepare() {
	debug.SetMaxStack(stackBytes)
	debug.SetGCPercent(garbage)
	host.HideStreams()
	interpreter = prolog.New(strings.NewReader(""), os.Stderr)
	interpreter.FS = bundle{}
	addLibrary(interpreter)
	runtime.GC()
}

//go:wasmexport initialize
func initialize() {
	host.Enter()
	os.Clearenv()
	arguments := host.Arguments()
	if len(arguments) < 2 {
		fail("two arguments are needed: name and file")
	}
	name := strings.TrimPrefix(arguments[1], "/")
	text, err := os.ReadFile(arguments[1])
	if err != nil {
		fail(err.Error())
	}
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	if err := interpreter.Exec(string(text)); err != nil {
		fail(fmt.Sprintf("%s:%d: %v", name, lineOf(string(text)), err))
	}
	if answer = form(); answer == nil {
		fail(fmt.Sprintf("%s:1: there is no handler: mayfly looks for %s", name, forms))
	}
	runtime.GC()
	runtime.GC()
}

func fail(message string) {
	fmt.Fprintln(os.Stderr, message)
	os.Exit(1)
}

//go:wasmexport serve
func serve() {
	host.Again()
	host.Enter()
	request, err := host.ReadRequest()
	if err != nil {
		fail(err.Error())
	}
	if err := answer(request); err != nil {
		fmt.Fprintln(os.Stderr, err)
		host.Fail(err.Error())
	}
}

// bundle is where files are consulted from; of those without an extension that of Prolog may be left out.
type bundle struct{}

func (bundle) Open(name string) (fs.File, error) {
	if !strings.HasPrefix(name, "/") {
		name = "/" + name
	}
	file, err := os.Open(name)
	if base, found := strings.CutSuffix(name, ".pl"); found && errors.Is(err, fs.ErrNotExist) {
		for _, extension := range []string{".pro", ".prolog"} {
			if file, err := os.Open(base + extension); err == nil {
				return file, nil
			}
		}
	}
	return file, err
}

// lineOf is the line at which a text is no Prolog; 1 when it is.
func lineOf(text string) int {
	reader := &lines{reader: strings.NewReader(text), line: 1}
	parser := engine.NewParser(&interpreter.VM, reader)
	for parser.More() {
		if _, err := parser.Term(); err != nil {
			return reader.line
		}
	}
	return 1
}

// lines counts those that have been begun: the parser reads a line break behind a full stop.
type lines struct {
	reader io.RuneReader
	line   int
	ended  bool
}

func (lines *lines) ReadRune() (rune, int, error) {
	read, size, err := lines.reader.ReadRune()
	if lines.ended && err == nil {
		lines.line++
	}
	lines.ended = read == '\n'
	return read, size, err
}

// --- The forms of functions ----------------------------------------------------------------------------------------------

func form() func(*host.Request) error {
	if defined("handler") {
		return answerRequest
	}
	if defined("exec") {
		return answerText
	}
	return nil
}

// call is the second argument after a call of a predicate of two, and where its variables are.
func call(name string, argument engine.Term) (engine.Term, *engine.Env, error) {
	result := engine.NewVariable()
	var found *engine.Env
	goal := engine.NewAtom(name).Apply(argument, result)
	holds, err := engine.Call(&interpreter.VM, goal, func(env *engine.Env) *engine.Promise {
		found = env
		return engine.Bool(true)
	}, nil).Force(context.Background())
	if err != nil {
		return nil, nil, fmt.Errorf("uncaught in %s/2: %w", name, err)
	}
	if !holds {
		return nil, nil, fmt.Errorf("%s/2 fails", name)
	}
	return found.Resolve(result), found, nil
}

func answerRequest(request *host.Request) error {
	term, err := termOf(request)
	if err != nil {
		return err
	}
	result, env, err := call("handler", term)
	if err != nil {
		return err
	}
	return send(result, env)
}

func answerText(*host.Request) error {
	body, err := io.ReadAll(host.Body{})
	if err != nil {
		return err
	}
	result, env, err := call("exec", engine.NewAtom(string(body)))
	if err != nil {
		return err
	}
	text, err := textOf(result, env)
	if err != nil {
		return err
	}
	return host.Begin(200, []string{"content-type", jsonType}, []byte(text))
}

func defined(name string) bool {
	return interpreter.QuerySolution(fmt.Sprintf("current_predicate(%s/2).", name)).Err() == nil
}
