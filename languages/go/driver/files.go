package main

import (
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"time"
)

const (
	functionPath = "function" // what the package of the function is imported as
	shimName     = "mayfly_shim.go"
)

// sources is the file system in which the interpreter looks for packages, at src/IMPORT-PATH: the files of the bundle. With a
// go.mod those of its module are found by its name; others in vendor/, or by their folder.
type sources struct {
	folder string // of the function's package
	module string
	shim   string // a file more in that package
}

// real is the path in the bundle; "" for none.
func (files *sources) real(name string) string {
	name, found := strings.CutPrefix(path.Clean(strings.TrimPrefix(name, "/")), "src/")
	if !found {
		return ""
	}
	if rest, own := under(name, functionPath); own {
		return path.Join(files.folder, rest)
	}
	if rest, own := under(name, files.module); own && files.module != "" {
		return path.Join("/", rest)
	}
	if vendored := path.Join("/vendor", name); exists(vendored) {
		return vendored
	}
	return path.Join("/", name)
}

func under(name, folder string) (string, bool) {
	if name == folder {
		return "", true
	}
	return strings.CutPrefix(name, folder+"/")
}

func exists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}

func (files *sources) isShim(name string) bool {
	return strings.HasSuffix(name, "src/"+functionPath+"/"+shimName)
}

func (files *sources) Open(name string) (fs.File, error) {
	if files.isShim(name) {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrInvalid}
	}
	if found := files.real(name); found != "" {
		return os.Open(found)
	}
	return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
}

func (files *sources) ReadFile(name string) ([]byte, error) {
	if files.isShim(name) {
		return []byte(files.shim), nil
	}
	return os.ReadFile(files.real(name))
}

func (files *sources) Stat(name string) (fs.FileInfo, error) {
	if found := files.real(name); found != "" {
		return os.Stat(found)
	}
	return nil, &fs.PathError{Op: "stat", Path: name, Err: fs.ErrNotExist}
}

// ReadDir leaves tests out.
func (files *sources) ReadDir(name string) ([]fs.DirEntry, error) {
	found := files.real(name)
	if found == "" {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	entries, err := os.ReadDir(found)
	if err != nil {
		return nil, err
	}
	entries = slices.DeleteFunc(entries, func(entry fs.DirEntry) bool { return strings.HasSuffix(entry.Name(), "_test.go") })
	if path.Base(name) == functionPath && files.shim != "" {
		entries = append(entries, shimEntry{})
	}
	return entries, nil
}

type shimEntry struct{}

func (shimEntry) Name() string               { return shimName }
func (shimEntry) IsDir() bool                { return false }
func (shimEntry) Type() fs.FileMode          { return 0 }
func (shimEntry) Info() (fs.FileInfo, error) { return shimEntry{}, nil }
func (shimEntry) Size() int64                { return 0 }
func (shimEntry) Mode() fs.FileMode          { return 0o444 }
func (shimEntry) ModTime() time.Time         { return time.Time{} }
func (shimEntry) Sys() any                   { return nil }
