package main

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"os"
	"strings"

	"github.com/ichiban/prolog"
	"github.com/ichiban/prolog/engine"
)

// addLibrary adds what ISO Prolog has not, and functions need.
func addLibrary(interpreter *prolog.Interpreter) {
	interpreter.Register2(engine.NewAtom("atomic_list_concat"), func(vm *engine.VM, list, result engine.Term, next engine.Cont, env *engine.Env) *engine.Promise {
		return joined(vm, list, "", result, next, env)
	})
	interpreter.Register3(engine.NewAtom("atomic_list_concat"), func(vm *engine.VM, list, separator, result engine.Term, next engine.Cont, env *engine.Env) *engine.Promise {
		between, err := textOf(separator, env)
		if err != nil {
			return thrown("type_error", "atomic", separator, env)
		}
		return joined(vm, list, between, result, next, env)
	})
	interpreter.Register2(engine.NewAtom("atom_json"), atomJSON)
	interpreter.Register1(engine.NewAtom("halt"), func(_ *engine.VM, code engine.Term, _ engine.Cont, env *engine.Env) *engine.Promise {
		return engine.Error(fmt.Errorf("halt(%s) was called: a function binds its response instead", written(env.Resolve(code), env)))
	})
	interpreter.Register2(engine.NewAtom("getenv"), func(vm *engine.VM, name, value engine.Term, next engine.Cont, env *engine.Env) *engine.Promise {
		text, _ := textOf(name, env)
		found, is := os.LookupEnv(text)
		if !is {
			return engine.Bool(false)
		}
		return engine.Unify(vm, value, engine.NewAtom(found), next, env)
	})
	interpreter.Register3(engine.NewAtom("random_between"), func(vm *engine.VM, low, high, number engine.Term, next engine.Cont, env *engine.Env) *engine.Promise {
		least, is := env.Resolve(low).(engine.Integer)
		most, also := env.Resolve(high).(engine.Integer)
		if !is || !also {
			return thrown("type_error", "integer", low, env)
		}
		if most < least {
			return engine.Bool(false)
		}
		count := new(big.Int).Add(new(big.Int).Sub(big.NewInt(int64(most)), big.NewInt(int64(least))), big.NewInt(1))
		drawn, err := rand.Int(rand.Reader, count)
		if err != nil {
			return engine.Error(err)
		}
		return engine.Unify(vm, number, engine.Integer(drawn.Add(drawn, big.NewInt(int64(least))).Int64()), next, env)
	})
}

func joined(vm *engine.VM, list engine.Term, separator string, result engine.Term, next engine.Cont, env *engine.Env) *engine.Promise {
	parts := []string{}
	iterator := engine.ListIterator{List: list, Env: env}
	for iterator.Next() {
		if _, is := env.Resolve(iterator.Current()).(engine.Variable); is {
			return engine.Error(engine.InstantiationError(env))
		}
		part, err := textOf(iterator.Current(), env)
		if err != nil {
			return thrown("type_error", "atomic", iterator.Current(), env)
		}
		parts = append(parts, part)
	}
	if err := iterator.Err(); err != nil {
		return engine.Error(err)
	}
	return engine.Unify(vm, result, engine.NewAtom(strings.Join(parts, separator)), next, env)
}

// atom_json(Atom, Term): whichever is there makes the other.
func atomJSON(vm *engine.VM, atom, term engine.Term, next engine.Cont, env *engine.Env) *engine.Promise {
	if _, unknown := env.Resolve(atom).(engine.Variable); unknown {
		value, err := valueOf(term, env, mostLevels)
		if err != nil {
			return thrown("type_error", "json", term, env)
		}
		text, err := encoded(value)
		if err != nil {
			return thrown("type_error", "json", term, env)
		}
		return engine.Unify(vm, atom, engine.NewAtom(string(text)), next, env)
	}
	text, err := textOf(atom, env)
	if err != nil {
		return thrown("type_error", "atom", atom, env)
	}
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	value, err := termOfValue(decoder)
	if err == nil {
		if _, more := decoder.Token(); more != io.EOF {
			err = fmt.Errorf("more")
		}
	}
	if err != nil {
		return thrown("syntax_error", "json", atom, env)
	}
	return engine.Unify(vm, term, value, next, env)
}

// thrown is error(Kind(Wanted, Culprit), mayfly).
func thrown(kind, wanted string, culprit engine.Term, env *engine.Env) *engine.Promise {
	formal := engine.NewAtom(kind).Apply(engine.NewAtom(wanted), culprit)
	return engine.Error(engine.NewException(engine.NewAtom("error").Apply(formal, engine.NewAtom("mayfly")), env))
}
