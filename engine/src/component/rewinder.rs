//! A component whose state can be put back from outside. Wasmtime shows neither the memory and the globals of a component's
//! core instances nor the table of its handles, so it is given one more core module, the *rewinder*, to which it hands all
//! of them, and two functions to call that by. Its own sections stay as they are, but for modules, which export what the
//! rewinder imports.

use super::outline::Outline;
use crate::expose::{self, exposed};
use crate::facts::Facts;
use crate::image::exported_global;
use crate::room::Room;
use wasm_encoder::{
    Alias, CanonicalFunctionSection, CanonicalOption, Component, ComponentAliasSection, ComponentExportKind,
    ComponentExportSection, ComponentSectionId, ComponentTypeSection, ComponentValType, ExportKind, InstanceSection, ModuleArg,
    PrimitiveValType, RawSection, ValType,
};
use wasmparser::{Validator, WasmFeatures};

/// `func(handles: list<borrow<incoming-request>>) -> u32`: puts the globals back, and the table of handles; writes over the
/// beginning of the memory. Says how many pages of that the guest has not seen.
pub(super) const REWIND: &str = "mayfly-rewind";
/// `func(room: u32) -> list<u8>`: all of the memory, with so many pages more, if it can have room behind it.
pub(super) const LOOK: &str = "mayfly-look";

/// None unless it is a handler without asynchronous functions of which nothing else can change.
pub(super) fn with_rewinder(component: &[u8]) -> Option<Vec<u8>> {
    let outline = Outline::read(component)?;
    let state = Changeable::of(&outline)?;
    let mut made = Component::new();
    copy_exposed(&outline, component, &mut made)?;
    add_rewinder(&outline, &state, &mut made)?;
    let made = made.finish();
    Validator::new_with_features(WasmFeatures::all()).validate_all(&made).is_ok().then_some(made)
}

/// What a guest can change, by the core instances that have it.
struct Changeable {
    memory: u32,
    /// With the number that each has in its instance.
    globals: Vec<(u32, usize, ValType)>,
    /// Which of them has the size of the memory, when that has room behind it.
    size: Option<usize>,
}

impl Changeable {
    fn of(outline: &Outline) -> Option<Self> {
        let (mut memory, mut globals, mut size) = (None, Vec::new(), None);
        for (instance, module) in (0..).zip(&outline.instances) {
            let Some(module) = module else { continue };
            let facts = outline.modules.get(*module as usize)?;
            if facts.has_memory && memory.replace(instance).is_some() || has_state(facts) && !facts.has_exports {
                return None; // there is more than one, or nothing to export it with
            }
            globals.extend(facts.mutable_types().enumerate().map(|(number, ty)| (instance, number, ty)));
            if room(outline, facts).is_some() {
                size = Some(globals.len());
                globals.push((instance, facts.mutable_types().count(), ValType::I32));
            }
        }
        Some(Self { memory: memory?, globals, size })
    }
}

fn has_state(facts: &Facts) -> bool {
    facts.has_memory || facts.mutable_types().next().is_some()
}

/// Who grows a memory of another module would not know of the room behind it.
fn room(outline: &Outline, facts: &Facts) -> Option<Room> {
    let is_shared = outline.modules.iter().any(|facts| facts.grows && !facts.has_memory);
    if is_shared { None } else { Room::of(facts) }
}

fn copy_exposed(outline: &Outline, component: &[u8], made: &mut Component) -> Option<()> {
    let mut modules = outline.modules.iter();
    for (id, range) in &outline.sections {
        let section = component.get(range.clone())?;
        let facts = if *id == ComponentSectionId::CoreModule as u8 { modules.next() } else { None };
        match facts.filter(|facts| has_state(facts)) {
            Some(facts) => {
                let module = exposed(section, facts, room(outline, facts).as_ref())?;
                made.section(&RawSection { id: *id, data: &module });
            }
            None => _ = made.section(&RawSection { id: *id, data: section }),
        }
    }
    Some(())
}

const HOST: &str = "host";
const EXPORTS: [&str; 4] = ["rewind", "realloc", "look", "looked"];

/// What is added is referred to by number: each begins behind those that there are.
fn add_rewinder(outline: &Outline, state: &Changeable, made: &mut Component) -> Option<()> {
    let module = wat::parse_str(module(state)).ok()?;
    made.section(&RawSection { id: ComponentSectionId::CoreModule as u8, data: &module });

    let mut aliases = ComponentAliasSection::new();
    let request = outline.types;
    let kind = ComponentExportKind::Type;
    aliases.alias(Alias::InstanceExport { instance: outline.http_types?, kind, name: "incoming-request" });
    let memory = outline.core_memories;
    aliases.alias(Alias::CoreInstanceExport { instance: state.memory, kind: ExportKind::Memory, name: expose::MEMORY });
    for (instance, number, _) in &state.globals {
        let name = exported_global(*number);
        aliases.alias(Alias::CoreInstanceExport { instance: *instance, kind: ExportKind::Global, name: &name });
    }

    let mut dropping = CanonicalFunctionSection::new();
    dropping.resource_drop(request);
    let drop = outline.core_functions;
    let mut given = vec![("drop".to_owned(), ExportKind::Func, drop), ("memory".to_owned(), ExportKind::Memory, memory)];
    let globals = (outline.core_globals..).take(state.globals.len());
    given.extend((0..).zip(globals).map(|(name, index): (u32, u32)| (name.to_string(), ExportKind::Global, index)));
    let host = outline.instances.len() as u32;
    let mut instances = InstanceSection::new();
    instances.export_items(given.iter().map(|(name, kind, index)| (&**name, *kind, *index)));
    instances.instantiate(outline.modules.len() as u32, [(HOST, ModuleArg::Instance(host))]);
    let mut functions = ComponentAliasSection::new();
    for name in EXPORTS {
        functions.alias(Alias::CoreInstanceExport { instance: host + 1, kind: ExportKind::Func, name });
    }
    let [rewind, realloc, look, looked] = [1, 2, 3, 4].map(|number| drop + number);

    let mut types = ComponentTypeSection::new();
    let [handle, handles, to_rewind, bytes, to_look] = [1, 2, 3, 4, 5].map(|number| request + number);
    let number = ComponentValType::Primitive(PrimitiveValType::U32);
    types.defined_type().borrow(request);
    types.defined_type().list(ComponentValType::Type(handle));
    types.function().params([("handles", ComponentValType::Type(handles))]).result(Some(number));
    types.defined_type().list(PrimitiveValType::U8);
    types.function().params([("room", number)]).result(Some(ComponentValType::Type(bytes)));

    let mut lifted = CanonicalFunctionSection::new();
    lifted.lift(rewind, to_rewind, [CanonicalOption::Memory(memory), CanonicalOption::Realloc(realloc)]);
    lifted.lift(look, to_look, [CanonicalOption::Memory(memory), CanonicalOption::PostReturn(looked)]);
    let mut exports = ComponentExportSection::new();
    exports.export(REWIND, ComponentExportKind::Func, outline.functions, None);
    exports.export(LOOK, ComponentExportKind::Func, outline.functions + 1, None);

    made.section(&aliases).section(&dropping).section(&instances).section(&functions);
    made.section(&types).section(&lifted).section(&exports);
    Some(())
}

/// The rewinder, as text. For each global it has one of its own, which keeps what that began with.
fn module(state: &Changeable) -> String {
    let each = |text: &dyn Fn(usize, &str) -> String| -> String {
        state.globals.iter().enumerate().map(|(index, (_, _, ty))| text(index, name_of(*ty))).collect()
    };
    let imports = each(&|index, ty| format!("(import \"{HOST}\" \"{index}\" (global ${index} (mut {ty})))"));
    let kept = each(&|index, ty| format!("(global $kept{index} (mut {ty}) ({ty}.const 0))"));
    let keep = each(&|index, _| format!("(global.set $kept{index} (global.get ${index}))"));
    let put_back = each(&|index, _| format!("(global.set ${index} (global.get $kept{index}))"));
    let (grow, size) = match state.size {
        Some(size) => ("(drop (memory.grow (local.get $room)))", format!("(global.get ${size})")),
        None => ("", "(memory.size)".to_owned()),
    };
    format!(
        r#"(module
          (import "{HOST}" "drop" (func $drop (param i32)))
          (import "{HOST}" "memory" (memory 1))
          {imports}
          {kept}
          (global $hidden (mut i64) (i64.const 0))

          (func $keep {keep})
          (start $keep)

          ;; Handles are given the free places of the table, of which it has a list, the last to be left first. When these
          ;; are all there are, leaving them from behind puts the list in order; when not, there is one to be left that
          ;; is no handle, or not of this type, or one remains at the end: each is a trap.
          (func (export "rewind") (param $handles i32) (param $count i32) (result i32)
            (block $all
              (loop $next
                (br_if $all (i32.eqz (local.get $count)))
                (call $drop (local.get $count))
                (local.set $count (i32.sub (local.get $count) (i32.const 1)))
                (br $next)))
            (i32.sub (memory.size) {size})
            {put_back})
          ;; For the list of handles, which nobody reads: over what is put back next.
          (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 0))

          ;; A list is told by address and length in the memory itself: at its beginning, which looked() puts back.
          (func (export "look") (param $room i32) (result i32)
            {grow}
            (global.set $hidden (i64.load (i32.const 0)))
            (i32.store (i32.const 0) (i32.const 0))
            (i32.store (i32.const 4) (i32.shl (memory.size) (i32.const 16)))
            (i32.const 0))
          (func (export "looked") (param i32) (i64.store (i32.const 0) (global.get $hidden))))"#
    )
}

fn name_of(ty: ValType) -> &'static str {
    match ty {
        ValType::I64 => "i64",
        ValType::F32 => "f32",
        ValType::F64 => "f64",
        _ => "i32",
    }
}
