module mayfly.dev

go 1.26
