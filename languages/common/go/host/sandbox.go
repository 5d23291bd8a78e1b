package host

import (
	"bytes"
	"crypto/rand"
	"os"
	"syscall"
	"unsafe"
)

// What the runtime looks at once, when it starts, is looked at again in each sandbox: the image was made in another.

type preopen struct {
	fd   int32
	name string
}

//go:linkname preopens syscall.preopens
var preopens []preopen

//go:linkname working syscall.cwd
var working string

//go:wasmimport wasi_snapshot_preview1 args_sizes_get
func argsSizes(count, size unsafe.Pointer) uint32

//go:wasmimport wasi_snapshot_preview1 args_get
func argsGet(pointers, texts unsafe.Pointer) uint32

//go:wasmimport wasi_snapshot_preview1 environ_sizes_get
func environSizes(count, size unsafe.Pointer) uint32

//go:wasmimport wasi_snapshot_preview1 environ_get
func environGet(pointers, texts unsafe.Pointer) uint32

//go:wasmimport wasi_snapshot_preview1 fd_prestat_get
func prestat(fd int32, into unsafe.Pointer) uint32

//go:wasmimport wasi_snapshot_preview1 fd_prestat_dir_name
func prestatName(fd int32, into unsafe.Pointer, size uint32) uint32

func texts(sizes, get func(a, b unsafe.Pointer) uint32) []string {
	var count, size uint32
	if sizes(unsafe.Pointer(&count), unsafe.Pointer(&size)) != 0 || count == 0 {
		return nil
	}
	pointers, text := make([]uint32, count), make([]byte, size+1)
	if get(unsafe.Pointer(&pointers[0]), unsafe.Pointer(&text[0])) != 0 {
		return nil
	}
	list := make([]string, 0, count)
	for _, part := range bytes.SplitN(text[:size], []byte{0}, int(count)+1)[:count] {
		list = append(list, string(part))
	}
	return list
}

// Arguments are the name of the function and the path of the file.
func Arguments() []string { return texts(argsSizes, argsGet) }

// Enter makes the directories and the variables those of this sandbox.
func Enter() {
	preopens, working = nil, "/"
	for fd := int32(3); ; fd++ {
		var stat struct{ kind, size uint32 }
		if prestat(fd, unsafe.Pointer(&stat)) != 0 {
			break
		}
		name := make([]byte, max(stat.size, 1))
		if prestatName(fd, unsafe.Pointer(&name[0]), stat.size) != 0 {
			break
		}
		preopens = append(preopens, preopen{fd, string(bytes.TrimRight(name[:stat.size], "\x00"))})
	}
	os.Clearenv()
	for _, variable := range texts(environSizes, environGet) {
		if at := bytes.IndexByte([]byte(variable), '='); at > 0 {
			_ = os.Setenv(variable[:at], variable[at+1:])
		}
	}
}

// Seed is new random bytes.
func Seed() (seed [32]byte) {
	_, _ = rand.Read(seed[:])
	return seed
}

// Standard output is the response: what is printed goes to the log, and there is nothing to read.
func HideStreams() {
	os.Stdout = os.Stderr
	os.Stdin = os.NewFile(^uintptr(0)>>1, "/dev/stdin")
}

// ShowStreams makes standard input the body, and standard output that of the response.
func ShowStreams() {
	os.Stdin = os.NewFile(uintptr(syscall.Stdin), "/dev/stdin")
	os.Stdout = os.NewFile(uintptr(syscall.Stdout), "/dev/stdout")
}
