package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"strings"

	"github.com/ichiban/prolog/engine"
	"mayfly.dev/host"
)

const (
	textType = "text/plain; charset=utf-8"
	jsonType = "application/json"

	mostLevels = 1000 // of a term that is sent as JSON
)

var (
	equals   = engine.NewAtom("=")
	minus    = engine.NewAtom("-")
	none     = engine.NewAtom("[]")
	response = engine.NewAtom("response")
	jsonTerm = engine.NewAtom("json")
)

func pair(name string, value engine.Term) engine.Term {
	return equals.Apply(engine.NewAtom(name), value)
}

// termOf is a request as a list of Name=Value.
func termOf(request *host.Request) (engine.Term, error) {
	body, err := io.ReadAll(host.Body{})
	if err != nil {
		return nil, err
	}
	query, headers, path := []engine.Term{}, []engine.Term{}, ""
	if parsed, err := url.Parse(request.URL); err == nil {
		path = parsed.Path
		for part := range strings.SplitSeq(parsed.RawQuery, "&") {
			name, value, _ := strings.Cut(part, "=")
			name, failed := url.QueryUnescape(name)
			value, also := url.QueryUnescape(value)
			if part != "" && failed == nil && also == nil {
				query = append(query, pair(name, engine.NewAtom(value)))
			}
		}
	}
	for i := 0; i+1 < len(request.Fields); i += 2 {
		headers = append(headers, pair(strings.ToLower(request.Fields[i]), engine.NewAtom(request.Fields[i+1])))
	}
	return engine.List(pair("method", engine.NewAtom(request.Method)), pair("url", engine.NewAtom(request.URL)),
		pair("path", engine.NewAtom(path)), pair("query", engine.List(query...)), pair("headers", engine.List(headers...)),
		pair("body", engine.NewAtom(string(body))), pair("client", engine.NewAtom(request.Client)),
		pair("function", engine.NewAtom(request.Function))), nil
}

// send writes what a handler has bound its response to.
func send(result engine.Term, env *engine.Env) error {
	status, fields := 200, []string{}
	if compound, is := result.(engine.Compound); is && compound.Functor() == response && compound.Arity() == 3 {
		number, is := env.Resolve(compound.Arg(0)).(engine.Integer)
		if !is {
			return fmt.Errorf("response(Status, Headers, Body): the status is no integer")
		}
		status = int(number)
		var err error
		if fields, err = fieldsOf(compound.Arg(1), env); err != nil {
			return err
		}
		result = env.Resolve(compound.Arg(2))
	}
	kind, body := textType, []byte(nil)
	if compound, is := result.(engine.Compound); is && compound.Functor() == jsonTerm && compound.Arity() == 1 {
		value, err := valueOf(compound.Arg(0), env, mostLevels)
		if err != nil {
			return err
		}
		kind = jsonType
		if body, err = encoded(value); err != nil {
			return err
		}
	} else {
		text, err := textOf(result, env)
		if err != nil {
			return err
		}
		body = []byte(text)
	}
	for i := 0; i < len(fields); i += 2 {
		if strings.EqualFold(fields[i], "content-type") {
			return host.Begin(status, fields, body)
		}
	}
	return host.Begin(status, append(fields, "content-type", kind), body)
}

func fieldsOf(list engine.Term, env *engine.Env) ([]string, error) {
	fields := []string{}
	iterator := engine.ListIterator{List: list, Env: env}
	for iterator.Next() {
		name, value, is := pairOf(iterator.Current(), env)
		if !is {
			return nil, fmt.Errorf("response(Status, Headers, Body): headers are a list of Name=Value")
		}
		text, err := textOf(value, env)
		if err != nil {
			return nil, err
		}
		fields = append(fields, name, text)
	}
	return fields, iterator.Err()
}

// pairOf takes Name=Value and Name-Value.
func pairOf(term engine.Term, env *engine.Env) (string, engine.Term, bool) {
	compound, is := env.Resolve(term).(engine.Compound)
	if !is || compound.Arity() != 2 || (compound.Functor() != equals && compound.Functor() != minus) {
		return "", nil, false
	}
	name, is := env.Resolve(compound.Arg(0)).(engine.Atom)
	return name.String(), env.Resolve(compound.Arg(1)), is
}

// textOf takes atoms, numbers, and lists of characters or of codes.
func textOf(term engine.Term, env *engine.Env) (string, error) {
	switch term := env.Resolve(term).(type) {
	case engine.Atom:
		if term == none {
			return "", nil
		}
		return term.String(), nil
	case engine.Integer:
		return fmt.Sprint(int64(term)), nil
	case engine.Float:
		return fmt.Sprint(float64(term)), nil
	case engine.Compound:
		var text strings.Builder
		iterator := engine.ListIterator{List: term, Env: env}
		for iterator.Next() {
			switch each := env.Resolve(iterator.Current()).(type) {
			case engine.Atom:
				text.WriteString(each.String())
			case engine.Integer:
				text.WriteRune(rune(each))
			default:
				return "", notText(term, env)
			}
		}
		if iterator.Err() != nil {
			return "", notText(term, env)
		}
		return text.String(), nil
	default:
		return "", notText(term, env)
	}
}

func notText(term engine.Term, env *engine.Env) error {
	return fmt.Errorf("a response is an atom, a list of characters, json(Term), or response(Status, Headers, Body), not %s", written(term, env))
}

func written(term engine.Term, env *engine.Env) string {
	if _, is := term.(engine.Variable); is {
		return "a variable"
	}
	var text strings.Builder
	_ = term.WriteTerm(&text, &engine.WriteOptions{}, env)
	return text.String()
}

// --- JSON ------------------------------------------------------------------------------------------------------------

func encoded(value any) ([]byte, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(value)
	return bytes.TrimSuffix(text.Bytes(), []byte("\n")), err
}

// object keeps the order of its members.
type object []member

type member struct {
	name  string
	value any
}

func (members object) MarshalJSON() ([]byte, error) {
	text := []byte("{")
	for i, each := range members {
		name, _ := encoded(each.name)
		value, err := encoded(each.value)
		if err != nil {
			return nil, err
		}
		if i > 0 {
			text = append(text, ',')
		}
		text = append(append(append(text, name...), ':'), value...)
	}
	return append(text, '}'), nil
}

// valueOf is a term as JSON: a list of pairs is an object, as is {}, any other an array. Terms may be circular.
func valueOf(term engine.Term, env *engine.Env, levels int) (any, error) {
	if levels == 0 {
		return nil, fmt.Errorf("the term has more than %d levels, or is circular: it is no JSON", mostLevels)
	}
	switch term := env.Resolve(term).(type) {
	case engine.Atom:
		switch name := term.String(); name {
		case "[]":
			return []any{}, nil
		case "{}":
			return object{}, nil
		case "true", "false":
			return name == "true", nil
		case "null":
			return nil, nil
		default:
			return name, nil
		}
	case engine.Integer:
		return int64(term), nil
	case engine.Float:
		return float64(term), nil
	case engine.Compound:
		values, members := []any{}, object{}
		iterator := engine.ListIterator{List: term, Env: env}
		for iterator.Next() {
			each, name, is := iterator.Current(), "", false
			if name, each, is = pairOf(each, env); !is {
				each = iterator.Current()
			}
			value, err := valueOf(each, env, levels-1)
			if err != nil {
				return nil, err
			}
			if is {
				members = append(members, member{name, value})
			}
			values = append(values, value)
		}
		if iterator.Err() != nil {
			return nil, fmt.Errorf("%s is no JSON", written(term, env))
		}
		if len(members) == len(values) {
			return members, nil
		}
		return values, nil
	default:
		return nil, fmt.Errorf("%s is no JSON", written(term, env))
	}
}

// termOfValue reads the next value of a text.
func termOfValue(decoder *json.Decoder) (engine.Term, error) {
	token, err := decoder.Token()
	if err != nil {
		return nil, err
	}
	switch token := token.(type) {
	case string:
		return engine.NewAtom(token), nil
	case bool:
		return engine.NewAtom(fmt.Sprint(token)), nil
	case nil:
		return engine.NewAtom("null"), nil
	case json.Number:
		if whole, err := token.Int64(); err == nil {
			return engine.Integer(whole), nil
		}
		number, err := token.Float64()
		return engine.Float(number), err
	case json.Delim:
		list := []engine.Term{}
		for decoder.More() {
			name := ""
			if token == '{' {
				key, err := decoder.Token()
				if err != nil {
					return nil, err
				}
				name, _ = key.(string)
			}
			value, err := termOfValue(decoder)
			if err != nil {
				return nil, err
			}
			if token == '{' {
				value = pair(name, value)
			}
			list = append(list, value)
		}
		if _, err := decoder.Token(); err != nil {
			return nil, err
		}
		if token == '{' && len(list) == 0 {
			return engine.NewAtom("{}"), nil
		}
		return engine.List(list...), nil
	default:
		return nil, fmt.Errorf("no JSON")
	}
}
