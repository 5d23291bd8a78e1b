// A page from a JSON body, as a template with placeholders makes it; template.py is the same, step by step.
const PAGE = `<html><head><title>{{title}}</title></head>
<body><h1>{{title}}</h1>
<ul>
{{rows}}</ul>
<p>{{count}} items, {{total}} cents</p></body></html>
`;
const ROW = `<li class="{{state}}"><b>{{name}}</b> ({{tags}}): {{text}}, {{cents}} cents</li>
`;
const ESCAPES = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

function escape(value) {
  return String(value).replace(/[&<>"]/g, (found) => ESCAPES[found]);
}

function fill(template, values) {
  return template.replace(/\{\{(\w+)\}\}/g, (_, name) => values[name]);
}

function render(data) {
  let rows = "";
  let total = 0;
  for (const item of data.items) {
    total += item.cents;
    rows += fill(ROW, {
      state: item.cents < 5000 ? "cheap" : "dear",
      name: escape(item.name),
      tags: escape(item.tags.join(", ")),
      text: escape(item.text),
      cents: item.cents,
    });
  }
  const page = fill(PAGE, { title: escape(data.title), rows, count: data.items.length, total });
  return { page, count: data.items.length, total };
}

export default {
  async fetch(request) {
    const made = render(await request.json());
    return new Response(JSON.stringify(made), { headers: { "Content-Type": "application/json" } });
  },
};
