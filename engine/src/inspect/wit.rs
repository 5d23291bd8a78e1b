//! The WIT of a component, and through which of its exports it would be called.

use serde_json::{Map, Value};
use std::collections::HashSet;
use wit_component::WitPrinter;
use wit_parser::decoding::{DecodedWasm, decode};
use wit_parser::{Function, Resolve, Type, TypeDefKind, World, WorldItem, WorldKey};

/// Of WIT text.
const MAX_WIT_BYTES: usize = 1 << 20;

/// Adds `world`, `why`, `wit` and `wit_error`.
pub(super) fn describe(bytes: &[u8], found: &mut Map<String, Value>) {
    match decode(bytes) {
        Ok(DecodedWasm::Component(resolve, world)) => {
            let (world, why) = world_of(&resolve, &resolve.worlds[world]);
            found.insert("world".into(), world.into());
            if let Some(why) = why {
                found.insert("why".into(), why.into());
            }
            match print(&resolve, world_package(&resolve)) {
                Ok(text) => found.insert("wit".into(), text.into()),
                Err(why) => found.insert("wit_error".into(), why.into()),
            };
        }
        Ok(DecodedWasm::WitPackage(resolve, package)) => {
            found.insert("world".into(), "other".into());
            found.insert("why".into(), "it is a package of WIT, which has no code".into());
            match print(&resolve, package) {
                Ok(text) => found.insert("wit".into(), text.into()),
                Err(why) => found.insert("wit_error".into(), why.into()),
            };
        }
        Err(error) => {
            found.insert("wit_error".into(), format!("{error:#}").into());
        }
    }
}

/// The one that holds the component's own world: the last that was made.
fn world_package(resolve: &Resolve) -> wit_parser::PackageId {
    let (_, world) = resolve.worlds.iter().last().expect("a component has a world");
    world.package.expect("a decoded world has a package")
}

fn print(resolve: &Resolve, package: wit_parser::PackageId) -> Result<String, String> {
    let mut printer = WitPrinter::default();
    let others: Vec<_> = resolve.packages.iter().map(|(id, _)| id).filter(|id| *id != package).collect();
    printer.print(resolve, package, &others).map_err(|error| format!("{error:#}"))?;
    let text = printer.output.to_string();
    if text.len() > MAX_WIT_BYTES {
        return Err(format!("its WIT is longer than {MAX_WIT_BYTES} bytes"));
    }
    Ok(text)
}

/// As the engine finds it out once it is compiled, and why it cannot be called.
fn world_of(resolve: &Resolve, world: &World) -> (&'static str, Option<String>) {
    let mut functions = Vec::new(); // with their paths
    let mut exec = false;
    for (key, item) in &world.exports {
        match (key, item) {
            (key, WorldItem::Interface { id, .. }) => {
                let name = match key {
                    WorldKey::Name(name) => name.clone(),
                    WorldKey::Interface(id) => resolve.id_of(*id).unwrap_or_default(),
                };
                if name.starts_with("wasi:http/incoming-handler@0.2.") || name.starts_with("wasi:http/handler@0.3.") {
                    return ("http", None);
                }
                if name.starts_with("wasi:cli/run@0.2.") {
                    return ("command", None);
                }
                functions.extend(
                    resolve.interfaces[*id].functions.values().map(|found| (format!("{name}/{}", found.name), found)),
                );
            }
            (_, WorldItem::Function(function)) => {
                let takes_text = matches!(&function.params[..], [only] if only.ty == Type::String);
                exec |= function.name == "exec" && takes_text && function.result == Some(Type::String);
                functions.push((function.name.clone(), function));
            }
            (_, WorldItem::Type { .. }) => {}
        }
    }
    if exec {
        return ("exec", None);
    }
    if functions.is_empty() {
        return ("other", Some("it exports no wasi:http handler, no wasi:cli/run and no function".into()));
    }
    let mut seen = HashSet::new();
    let refused = functions.iter().find_map(|(path, function)| {
        let what = function_types(function).find_map(|ty| unsupported(resolve, ty, &mut seen))?;
        Some(format!("the function `{path}` cannot be called with JSON: it has {what}"))
    });
    (if refused.is_some() { "other" } else { "typed" }, refused)
}

fn function_types(function: &Function) -> impl Iterator<Item = Type> {
    function.params.iter().map(|parameter| parameter.ty).chain(function.result)
}

/// A type inside `ty` that JSON cannot carry. `seen` has those that it can.
fn unsupported(resolve: &Resolve, ty: Type, seen: &mut HashSet<Type>) -> Option<&'static str> {
    let Type::Id(id) = ty else { return (ty == Type::ErrorContext).then_some("an error-context") };
    if !seen.insert(ty) {
        return None;
    }
    let mut any =
        |mut types: &mut dyn Iterator<Item = Type>| (&mut types).find_map(|ty| unsupported(resolve, ty, seen));
    match &resolve.types[id].kind {
        TypeDefKind::Record(record) => any(&mut record.fields.iter().map(|field| field.ty)),
        TypeDefKind::Tuple(tuple) => any(&mut tuple.types.iter().copied()),
        TypeDefKind::Variant(variant) => any(&mut variant.cases.iter().filter_map(|case| case.ty)),
        TypeDefKind::Result(result) => any(&mut result.ok.into_iter().chain(result.err)),
        TypeDefKind::Option(inner) | TypeDefKind::List(inner) | TypeDefKind::Type(inner) => {
            any(&mut [*inner].into_iter())
        }
        TypeDefKind::Flags(_) | TypeDefKind::Enum(_) => None,
        TypeDefKind::Resource | TypeDefKind::Handle(_) => Some("a resource"),
        TypeDefKind::Future(_) => Some("a future"),
        TypeDefKind::Stream(_) => Some("a stream"),
        TypeDefKind::Map(..) => Some("a map"),
        TypeDefKind::FixedLengthList(..) => Some("a list of fixed length"),
        TypeDefKind::Unknown => Some("a type that is not known"),
    }
}
