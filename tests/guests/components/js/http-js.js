// Answers with the request's method and target. The stream and the future of the response come from `wit`, by the names
// of their types.
import { Fields, Response } from "wasi:http/types@0.3.2";

const noTrailers = () => {
  const type = Object.keys(wit.Future.types).find((name) => name.includes("OPTION"));
  const { readable, writable } = wit.Future(wit.Future.types[type]);
  writable.write({ tag: "ok", val: null });
  return readable;
};

const encode = (text) => Uint8Array.from(text, (character) => character.charCodeAt(0));

export const handler = {
  async handle(request) {
    const { tag } = request.getMethod();
    const headers = Fields.fromList([["content-type", encode("text/plain")]]);
    const text = `${tag} ${request.getPathWithQuery()} from JavaScript\n`;
    const body = (async function* () {
      yield encode(text);
    })();
    const [response] = Response.new(headers, body, noTrailers());
    return response;
  },
};
