// The translator, as a function like those it translates: the body is a file, the path its name; the response is the
// same lines in JavaScript. Types are removed, not checked.

const { transform } = require("sucrase");

const kPlace = / \((\d+):(\d+)\)$/;

module.exports = async function translate(request) {
  const name = decodeURIComponent(new URL(request.url).pathname).slice(1);
  try {
    const { code } = transform(await request.text(), {
      transforms: name.endsWith("x") ? ["typescript", "jsx"] : ["typescript"],
      disableESTransforms: true, // QuickJS has what they would replace
      jsxRuntime: "automatic",
      production: true,
    });
    return new Response(code, { headers: { "content-type": "text/javascript" } });
  } catch (error) {
    const place = kPlace.exec(error.message);
    const message = error.message.replace(kPlace, "").replace("Error transforming sample.tsx: ", "");
    const failure = new SyntaxError(place === null ? `${name}:1:1: ${message}` : `${name}:${place[1]}:${place[2]}: ${message}`);
    failure.name = ""; // so that the place comes first
    throw failure;
  }
};
