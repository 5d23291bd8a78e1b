module mayfly.dev/go

go 1.26

require (
	github.com/traefik/yaegi v0.16.1
	mayfly.dev v0.0.0
)

replace mayfly.dev => ../common/go
