module mayfly.dev/prolog

go 1.26

require (
	github.com/ichiban/prolog v1.2.1
	mayfly.dev v0.0.0
)

replace mayfly.dev => ../common/go
