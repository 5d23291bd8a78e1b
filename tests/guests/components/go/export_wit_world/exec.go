// Package export_wit_world has the functions that the component exports.
package export_wit_world

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Exec answers {"words":N,"sorted":[...]} for the words of a JSON string.
func Exec(input string) string {
	var text string
	if err := json.Unmarshal([]byte(input), &text); err != nil {
		panic(err)
	}
	words := strings.Fields(text)
	slices.Sort(words)
	fmt.Println("sorted in Go")
	answer, err := json.Marshal(map[string]any{"words": len(words), "sorted": words})
	if err != nil {
		panic(err)
	}
	return string(answer)
}
