import { environment } from "mayfly:native";

// The function's variables, which are read when the first is asked for.
let variables;

const all = () => {
  if (variables !== undefined) return variables;
  variables = {};
  const pairs = environment();
  for (let i = 0; i < pairs.length; i += 2) variables[pairs[i]] = pairs[i + 1];
  return variables;
};

export function forgetEnvironment() {
  variables = undefined;
}

export const env = new Proxy({}, {
  get: (_, name) => all()[name],
  has: (_, name) => name in all(),
  set: (_, name, value) => ((all()[name] = `${value}`), true),
  deleteProperty: (_, name) => delete all()[name],
  ownKeys: () => Reflect.ownKeys(all()),
  getOwnPropertyDescriptor: (_, name) => {
    const about = Object.getOwnPropertyDescriptor(all(), name);
    return about && { ...about, configurable: true };
  },
});
