package main

import (
	"cmp"
	"os"
	"runtime"
)

func main() {
	name := cmp.Or(os.Getenv("name"), "World")
	os.Stdout.WriteString("Hello, " + name + "!\n" +
		"This is " + runtime.Version() + " on " + runtime.GOOS + "/" + runtime.GOARCH + ".\n")
}
