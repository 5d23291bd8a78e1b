package main

import (
	"fmt"
	"io"
	"math/rand"
	randv2 "math/rand/v2"
	"os"
	"reflect"

	"github.com/traefik/yaegi/interp"
	"mayfly.dev/go/mayfly"
	"mayfly.dev/go/stdlib"
	"mayfly.dev/host"
)

const shimPath = "mayfly/shim"

// streams are the process's at the time: the function's main has others than a handler.
type streams struct{}

func (streams) Read(into []byte) (int, error)  { return os.Stdin.Read(into) }
func (streams) Write(part []byte) (int, error) { return os.Stdout.Write(part) }

func newInterpreter(files *sources, log io.Writer) (*interp.Interpreter, error) {
	made := interp.New(interp.Options{GoPath: "/", Args: os.Args, Stdin: streams{}, Stdout: streams{}, Stderr: log, SourcecodeFilesystem: files})
	if err := made.Use(stdlib.Symbols); err != nil {
		return nil, err
	}
	if err := made.Use(interp.Exports{
		"os/os": {
			"Stdin": reflect.ValueOf(&os.Stdin).Elem(), "Stdout": reflect.ValueOf(&os.Stdout).Elem(), "Stderr": reflect.ValueOf(&os.Stderr).Elem(),
			"Clearenv": reflect.ValueOf(os.Clearenv), "Environ": reflect.ValueOf(os.Environ), "ExpandEnv": reflect.ValueOf(os.ExpandEnv),
			"Getenv": reflect.ValueOf(os.Getenv), "LookupEnv": reflect.ValueOf(os.LookupEnv), "Setenv": reflect.ValueOf(os.Setenv),
			"Unsetenv": reflect.ValueOf(os.Unsetenv),
		},
		"net/http/http": {"ListenAndServe": reflect.ValueOf(listenAndServe)},
		"mayfly/mayfly": {
			"Request": reflect.ValueOf((*mayfly.Request)(nil)), "Response": reflect.ValueOf((*mayfly.Response)(nil)),
			"Context": reflect.ValueOf((*mayfly.Context)(nil)),
		},
		shimPath + "/shim": {
			"Request": reflect.ValueOf((*mayfly.Request)(nil)), "Context": reflect.ValueOf((*mayfly.Context)(nil)),
			"Serve": reflect.ValueOf(serveHTTP), "ServeRequest": reflect.ValueOf(serveRequest),
			"ServeContext": reflect.ValueOf(serveContext), "ServeText": reflect.ValueOf(serveText), "ServeMain": reflect.ValueOf(serveMain),
		},
	}); err != nil {
		return nil, err
	}
	if err := made.Use(interp.Exports{"math/rand/rand": randomly(one, stdlib.Symbols["math/rand/rand"]),
		"math/rand/v2/rand": randomly(two, stdlib.Symbols["math/rand/v2/rand"])}); err != nil {
		return nil, err
	}
	_, err := made.Eval(`import "fmt"`)
	return made, err
}

// --- Random numbers --------------------------------------------------------------------------------------------------

// What the runtime draws numbers from is in the image. The functions of math/rand are those of these generators, which are
// seeded for each request.
var (
	chacha = randv2.NewChaCha8([32]byte{})
	one    = rand.New(source{})
	two    = randv2.New(chacha)
)

type source struct{}

func (source) Int63() int64   { return int64(chacha.Uint64() >> 1) }
func (source) Uint64() uint64 { return chacha.Uint64() }
func (source) Seed(seed int64) {
	var bytes [32]byte
	copy(bytes[:], fmt.Sprint(seed))
	chacha.Seed(bytes)
}

func reseed() {
	chacha.Seed(host.Seed())
}

func randomly(generator any, symbols map[string]reflect.Value) map[string]reflect.Value {
	changed := map[string]reflect.Value{}
	for name, symbol := range symbols {
		if method := reflect.ValueOf(generator).MethodByName(name); method.IsValid() && symbol.Kind() == reflect.Func {
			changed[name] = method
		}
	}
	return changed
}
