import { TextDecoder, TextEncoder } from "mayfly:encoding";
import { TransformStream } from "mayfly:streams";

export class TextEncoderStream {
  constructor() {
    const encoder = new TextEncoder();
    const { readable, writable } = new TransformStream({
      transform(text, controller) {
        const bytes = encoder.encode(text);
        if (bytes.length > 0) controller.enqueue(bytes);
      },
    });
    Object.assign(this, { readable, writable, encoding: "utf-8" });
  }
}

export class TextDecoderStream {
  constructor(label = "utf-8", options = {}) {
    const decoder = new TextDecoder(label, options);
    const pass = (text, controller) => text !== "" && controller.enqueue(text);
    const { readable, writable } = new TransformStream({
      transform: (bytes, controller) => pass(decoder.decode(bytes, { stream: true }), controller),
      flush: (controller) => pass(decoder.decode(), controller),
    });
    Object.assign(this, { readable, writable, encoding: decoder.encoding });
  }
}
