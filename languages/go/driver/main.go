// Go as an interpreter with an image (../README.md): yaegi, of which `prepare` makes an interpreter with the standard library.
package main

import (
	"fmt"
	"net/http"
	"os"
	"path"
	"regexp"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/traefik/yaegi/interp"
	"mayfly.dev/gate"
	"mayfly.dev/go/mayfly"
	"mayfly.dev/host"
)

const (
	stackBytes = 64 << 20 // of a goroutine
	garbage    = 300      // percent of what is in use
)

var (
	files       = &sources{}
	interpreter *interp.Interpreter
	answer      func(*host.Request) error // nil until the function has said what answers
	log         = &logWriter{}
)

func main() {}

// logWriter is the interpreter's standard error. It is told of each call that a panic leaves, the innermost first: that is kept
// for behind the message.
type logWriter struct{ trace []string }

var panicking = regexp.MustCompile(`^\S+:\d+:\d+: panic: `)

func (log *logWriter) Write(line []byte) (int, error) {
	text := own(string(line))
	switch {
	case !panicking.MatchString(text):
		_, _ = os.Stderr.WriteString(text)
	case !strings.Contains(text, shimName):
		log.trace = append(log.trace, "\t"+strings.TrimSpace(strings.Replace(text, "panic: "+functionPath+".", "in ", 1)))
	}
	return len(line), nil
}

// say writes what went wrong, and then the trace.
func (log *logWriter) say(message string) {
	fmt.Fprintln(os.Stderr, strings.Join(append([]string{message}, log.trace...), "\n"))
	log.trace = nil
}

// place is that of the innermost call that a panic left.
func (log *logWriter) place() string {
	if len(log.trace) == 0 {
		return ""
	}
	return strings.TrimSpace(strings.SplitAfterN(log.trace[0], ": ", 2)[0]) + " "
}

var sourceName = regexp.MustCompile(`/src/[^\s:]+\.go`)

// own names files as the function has them.
func own(text string) string {
	return sourceName.ReplaceAllStringFunc(text, func(name string) string {
		return strings.TrimPrefix(files.real(name), "/")
	})
}

//go:wasmexport prepare
func prepare() {
	debug.SetMaxStack(stackBytes)
	debug.SetGCPercent(garbage)
	host.HideStreams()
	os.Args = []string{"function"}
	http.DefaultTransport = gate.Gate{}
	var err error
	if interpreter, err = newInterpreter(files, log); err != nil {
		fail(err.Error())
	}
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
	if err := load(arguments[1]); err != nil {
		message := own(err.Error())
		if !startsWithPlace(message) {
			message = fmt.Sprintf("%s:1:1: %s", strings.TrimPrefix(arguments[1], "/"), message)
		}
		fail(message)
	}
	runtime.GC()
	runtime.GC()
}

var place = regexp.MustCompile(`^[^\s:]+:\d+(:\d+)?: `)

func startsWithPlace(message string) bool { return place.MatchString(message) }

func fail(message string) {
	log.say(message)
	os.Exit(1)
}

func load(entry string) (err error) {
	folder, name := path.Split(entry)
	files.folder = path.Clean(folder)
	what, err := scan(files.folder, name)
	if err != nil {
		return err
	}
	if files.shim, err = what.shim(strings.TrimPrefix(entry, "/")); err != nil {
		return err
	}
	files.module = moduleName()
	defer func() {
		if problem := recover(); problem != nil {
			err = fmt.Errorf("%s", described(problem))
		}
	}()
	if err = interpreter.EvalTest(functionPath); err != nil {
		return err
	}
	if program != nil && what.listens {
		return listen(program)
	}
	return nil
}

func moduleName() string {
	text, _ := os.ReadFile("/go.mod")
	for line := range strings.Lines(string(text)) {
		if name, found := strings.CutPrefix(strings.TrimSpace(line), "module "); found {
			return strings.Trim(strings.TrimSpace(name), `"`)
		}
	}
	return ""
}

// described is FILE:LINE:COLUMN: of the innermost call, where there is one, and what was panicked with.
func described(problem any) string {
	text := fmt.Sprint(problem)
	if failed, is := problem.(error); is {
		text = failed.Error()
	}
	text = own(text)
	if !startsWithPlace(text) {
		text = log.place() + text
	}
	return text
}

//go:wasmexport serve
func serve() {
	host.Again()
	host.Enter()
	reseed()
	request, err := host.ReadRequest()
	if err != nil {
		fail(err.Error())
	}
	if err := answered(request); err != nil {
		log.say(err.Error())
		host.Fail(err.Error())
	}
}

func answered(request *host.Request) (err error) {
	defer func() {
		if problem := recover(); problem != nil {
			err = fmt.Errorf("%s", described(problem))
		}
	}()
	log.trace = nil
	return answer(request)
}

// --- The forms of functions ----------------------------------------------------------------------------------------------

var program func() // the function's main

func serveHTTP(handler func(http.ResponseWriter, *http.Request)) {
	answer = func(head *host.Request) error {
		request, err := mayfly.HTTPRequest(head)
		if err != nil {
			return err
		}
		writer := mayfly.NewWriter()
		handler(writer, request)
		return writer.Finish()
	}
}

func serveRequest(handler func(*mayfly.Request) (any, error)) {
	answer = func(head *host.Request) error {
		request, err := mayfly.NewRequest(head)
		if err != nil {
			return err
		}
		result, err := handler(request)
		if err != nil {
			return err
		}
		return mayfly.Send(result)
	}
}

func serveContext(handler func(*mayfly.Context) (any, error)) {
	answer = func(head *host.Request) error {
		request, err := mayfly.NewRequest(head)
		if err != nil {
			return err
		}
		ctx := mayfly.NewContext(request)
		result, err := handler(ctx)
		if err != nil {
			return err
		}
		return mayfly.SendContext(ctx, result)
	}
}

func serveText(exec func(string) (string, error)) {
	answer = func(head *host.Request) error {
		request, err := mayfly.NewRequest(head)
		if err != nil {
			return err
		}
		result, err := exec(request.Text())
		if err != nil {
			return err
		}
		return mayfly.SendJSON(result)
	}
}

// serveMain runs main for each request: it reads the body and prints the response.
func serveMain(main func()) {
	program = main
	answer = func(*host.Request) error {
		if err := host.Begin(http.StatusOK, []string{"content-type", "text/plain; charset=utf-8"}, nil); err != nil {
			return err
		}
		host.ShowStreams()
		defer host.HideStreams()
		defer func() {
			if problem := recover(); problem != nil && fmt.Sprint(problem) != "os.Exit(0)" {
				panic(problem)
			}
		}()
		main()
		return nil
	}
}

var listening = make(chan http.Handler)

// listen runs a main that serves, until it does.
func listen(main func()) error {
	ended := make(chan error)
	go func() {
		defer func() {
			if problem := recover(); problem != nil {
				ended <- fmt.Errorf("%s", described(problem))
			}
		}()
		main()
		ended <- fmt.Errorf("main() ends without a call of http.ListenAndServe")
	}()
	select {
	case handler := <-listening:
		serveHTTP(handler.ServeHTTP)
		return nil
	case err := <-ended:
		return err
	}
}

// listenAndServe is http.ListenAndServe for functions: the server has the connections, and calls the handler.
func listenAndServe(_ string, handler http.Handler) error {
	if handler == nil {
		handler = http.DefaultServeMux
	}
	listening <- handler
	select {}
}
