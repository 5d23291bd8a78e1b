//! The OpenAPI 3.1 document of typed functions, from their types.

use super::read::MAX_F32;
use super::shape::{Integer, Members, Shape};
use super::typed::Function;
use serde_json::{Map, Value, json};

/// All but what only the server knows: starts with `{"paths":`, which the members before go in front of.
pub(super) fn document(functions: &[Function]) -> String {
    let paths: Map<String, Value> = functions
        .iter()
        .map(|function| (format!("/{}", function.path), json!({ "post": operation(function) })))
        .collect();
    let components = json!({
        "schemas": { "problem": problem() },
        "responses": { "problem": described("Why there is no result", &problem_content(&problem_reference())) },
    });
    format!("{{\"paths\":{},\"components\":{components}}}", Value::from(paths))
}

fn operation(function: &Function) -> Value {
    let parameters = object(&function.parameters);
    let required = function.parameters.iter().any(|(_, shape)| !shape.is_option());
    let (ok, err) = match &function.result {
        Some(Shape::Result(ok, err)) => (ok.as_deref(), Some(err.as_deref())),
        other => (other.as_ref(), None),
    };
    let mut responses = Map::new();
    match ok {
        Some(shape) => responses.insert("200".into(), described("What it returns", &json_content(&schema(shape)))),
        None => responses.insert("204".into(), json!({ "description": "It returns nothing" })),
    };
    for status in ["400", "422", "default"] {
        responses.insert(status.into(), json!({ "$ref": "#/components/responses/problem" }));
    }
    if let Some(err) = err {
        let value = err.map_or(json!({ "type": "null" }), schema);
        let problem = json!({ "allOf": [problem_reference()], "properties": { "value": value } });
        let what = "The function returned the error `value`, or the arguments do not fit";
        responses.insert("422".into(), described(what, &problem_content(&problem)));
    }
    json!({
        "operationId": function.path.replace('/', "."),
        "requestBody": { "required": required, "content": { "application/json": { "schema": parameters } } },
        "responses": responses,
    })
}

fn described(what: &str, content: &Value) -> Value {
    json!({ "description": what, "content": content })
}

fn json_content(schema: &Value) -> Value {
    json!({ "application/json": { "schema": schema } })
}

fn problem_content(schema: &Value) -> Value {
    let example = json!({
        "type": "/_mayfly/errors/bad-argument", "title": "The arguments do not fit", "status": 422,
        "detail": "$.point.x: expected s32, found \"1\"", "instance": "4ba9d22767f7933e",
    });
    json!({ "application/problem+json": { "schema": schema, "example": example } })
}

fn problem_reference() -> Value {
    json!({ "$ref": "#/components/schemas/problem" })
}

/// RFC 9457.
fn problem() -> Value {
    json!({
        "type": "object",
        "properties": {
            "type": { "type": "string" },
            "title": { "type": "string" },
            "status": { "type": "integer" },
            "detail": { "type": "string" },
            "instance": { "type": "string" },
        },
        "required": ["type", "title", "status", "detail"],
    })
}

fn object(members: &Members<Shape>) -> Value {
    let properties: Map<String, Value> = members.iter().map(|(name, shape)| (name.clone(), schema(shape))).collect();
    let required: Vec<&str> =
        members.iter().filter(|(_, shape)| !shape.is_option()).map(|(name, _)| name.as_str()).collect();
    json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false })
}

fn one_member(name: &str, value: &Value) -> Value {
    json!({ "type": "object", "properties": { name: value }, "required": [name], "additionalProperties": false })
}

fn schema(shape: &Shape) -> Value {
    match shape {
        Shape::Bool => json!({ "type": "boolean" }),
        Shape::Integer(integer) => bounded(*integer),
        Shape::F32 => float(json!({ "type": "number", "minimum": -MAX_F32, "maximum": MAX_F32 })),
        Shape::F64 => float(json!({ "type": "number", "minimum": f64::MIN, "maximum": f64::MAX })),
        Shape::Char => json!({ "type": "string", "minLength": 1, "maxLength": 1 }),
        Shape::String => json!({ "type": "string" }),
        Shape::List(of) => json!({ "type": "array", "items": schema(of) }),
        Shape::Record(fields) => object(fields),
        Shape::Tuple(shapes) => {
            let items: Vec<Value> = shapes.iter().map(schema).collect();
            json!({ "type": "array", "prefixItems": items, "minItems": items.len(), "maxItems": items.len() })
        }
        Shape::Variant(cases) => {
            let each = |(name, payload): &(String, Option<Shape>)| match payload {
                None => json!({ "const": name }),
                Some(payload) => one_member(name, &schema(payload)),
            };
            json!({ "oneOf": cases.iter().map(each).collect::<Vec<_>>() })
        }
        Shape::Enum(cases) => json!({ "type": "string", "enum": names(cases) }),
        Shape::Flags(flags) => {
            json!({ "type": "array", "items": { "type": "string", "enum": names(flags) }, "uniqueItems": true })
        }
        Shape::Option(inner) if inner.is_option() => {
            json!({ "oneOf": [{ "type": "null" }, one_member("some", &schema(inner))] })
        }
        Shape::Option(inner) => json!({ "oneOf": [{ "type": "null" }, schema(inner)] }),
        Shape::Result(ok, err) => {
            let payload = |shape: &Option<Box<Shape>>| shape.as_deref().map_or(json!({ "type": "null" }), schema);
            json!({ "oneOf": [one_member("ok", &payload(ok)), one_member("err", &payload(err))] })
        }
    }
}

fn bounded(integer: Integer) -> Value {
    let (least, greatest) = integer.range();
    json!({ "type": "integer", "minimum": least as i64, "maximum": greatest as u64 })
}

fn float(number: Value) -> Value {
    json!({ "oneOf": [number, { "enum": ["NaN", "Infinity", "-Infinity"] }] })
}

fn names(members: &Members<()>) -> Vec<&str> {
    members.iter().map(|(name, ())| name.as_str()).collect()
}
