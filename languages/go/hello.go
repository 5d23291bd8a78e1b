package main

import (
	"cmp"
	"fmt"
	"net/http"
)

func Handler(w http.ResponseWriter, r *http.Request) {
	fmt.Fprintf(w, "Hello, %s!\n", cmp.Or(r.URL.Query().Get("name"), "world"))
}
