interface Greeting {
  name: string;
}

export default {
  async fetch(request: Request): Promise<Response> {
    const greeting: Greeting = { name: new URL(request.url).searchParams.get("name") ?? "world" };
    return new Response(`Hello, ${greeting.name}!\n`);
  },
};
