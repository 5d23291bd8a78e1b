//! A handler of wasi:http 0.3 as a plain component: one without asynchronous functions. It is the same component, but that
//! handles, streams and futures are numbers, which `types.wat` has functions for, and that its handler is exported as the
//! two functions that it is made of: `handle: func(request: u32) -> u64`, and `callback: func(event: u32, waitable: u32,
//! code: u32, context: u32) -> u64`, which goes on with it. Both return what the canonical ABI has for that, which is whether the
//! handler is over, or what it waits for, and in the upper half the context of its task.

use super::known::Known;
use super::numbers::Numbers;
use crate::component::outermost::outermost;
use std::convert::Infallible;
use wasm_encoder::reencode::{self, Reencode, ReencodeComponent, RoundtripReencoder, component_utils};
use wasm_encoder::{
    Alias, CanonicalFunctionSection, CanonicalOption, Component, ComponentAliasSection, ComponentExportKind, ComponentExportSection,
    ComponentFuncTypeEncoder, ComponentInstanceSection, ComponentSectionId, ComponentTypeSection, ComponentValType, ExportKind,
    InstanceSection, InstanceType, ModuleArg, PrimitiveValType, RawSection,
};
use wasmparser::{
    CanonicalFunction, CanonicalOption as OldOption, ComponentAlias, ComponentExternalKind, ComponentFuncType, ComponentType,
    ComponentTypeRef, ExternalKind, Parser, Payload, Validator, WasmFeatures,
};

/// What takes the place of instances that are imported: all that is asynchronous is in these.
const PLAIN: [(&str, &str); 2] =
    [(TYPES, include_str!("types.wat")), ("wasi:clocks/monotonic-clock@0.3.", include_str!("clock.wat"))];
/// Others of 0.3, which are what they were.
const SAME: [&str; 5] =
    ["wasi:clocks/types@0.3.", "wasi:clocks/system-clock@0.3.", "wasi:random/", "wasi:cli/environment@0.3.", "wasi:cli/exit@0.3."];
pub(super) const HANDLER: &str = "wasi:http/handler@0.3.";
const TYPES: &str = "wasi:http/types@0.3.";
pub(super) const HANDLE: &str = "handle";
pub(super) const CALLBACK: &str = "callback";
/// Where a read future, or an event, is written to; bytes.
pub(super) const FUTURE: u32 = 16;
pub(super) const EVENT: u32 = 8;

/// None when it is something else, or uses more of what is asynchronous than there is in `types.wat`.
pub(crate) fn with_plain_handler(component: &[u8]) -> Option<Vec<u8>> {
    let mut rewriting = Rewriting::of(component)?;
    for payload in outermost(component) {
        rewriting.add(&payload.ok()?, component)?;
    }
    let made = rewriting.finish()?;
    let plain = WasmFeatures::all().difference(WasmFeatures::CM_ASYNC);
    Validator::new_with_features(plain).validate_all(&made).is_ok().then_some(made)
}

/// The lift of the handler.
struct Lifted {
    handle: u32,
    callback: u32,
}

struct Rewriting {
    made: Component,
    /// Of wasi:http/types, its number among instances.
    http: u32,
    /// Of types that are replaced, by which of PLAIN.
    replaced: Vec<(u32, &'static str)>,
    /// Functions that begin a subtask, by the numbers that they had.
    subtasks: Vec<u32>,
    export: String,
    /// How many it imports, which are all that it has.
    instances: u32,
    /// Whether it is inside of a type.
    depth: usize,
    types: Vec<Known>,
    functions: Numbers,
    modules: Numbers,
    core_functions: Numbers,
    core_instances: Numbers,
    /// Of the module that has the context.
    context: Option<u32>,
    lifted: Option<Lifted>,
}

/// The first context of the task that runs, which a guest asks for often: a global, that is put in and taken out with each call.
const CONTEXT: &str = r#"(module
  (global $context (export "context") (mut i32) (i32.const 0))
  (func (export "get") (result i32) (global.get $context))
  (func (export "set") (param i32) (global.set $context (local.get 0))))"#;
const CALLS: &str = r#"(module
  (import "context" "context" (global $context (mut i32)))
  (import "guest" "handle" (func $handle (param i32) (result i32)))
  (import "guest" "callback" (func $callback (param i32 i32 i32) (result i32)))
  (func $with_context (param $code i32) (result i64)
    (i64.or
      (i64.extend_i32_u (local.get $code))
      (i64.shl (i64.extend_i32_u (global.get $context)) (i64.const 32))))
  (func (export "handle") (param $request i32) (result i64)
    (global.set $context (i32.const 0))
    (call $with_context (call $handle (local.get $request))))
  (func (export "callback") (param $event i32) (param $waitable i32) (param $code i32) (param $task i32) (result i64)
    (global.set $context (local.get $task))
    (call $with_context (call $callback (local.get $event) (local.get $waitable) (local.get $code)))))"#;

type Add = Option<()>;

impl Rewriting {
    fn of(component: &[u8]) -> Option<Self> {
        let (mut http, mut export, mut instances) = (None, None, 0);
        let mut replaced = Vec::new();
        for payload in outermost(component) {
            match payload.ok()? {
                Payload::ComponentImportSection(imports) => {
                    for import in imports {
                        let import = import.ok()?;
                        let ComponentTypeRef::Instance(ty) = import.ty else { continue };
                        let name = import.name.name;
                        if let Some((_, plain)) = PLAIN.iter().find(|(prefix, _)| name.starts_with(prefix)) {
                            replaced.push((ty, *plain));
                        } else if name.contains("@0.3.") && !SAME.iter().any(|prefix| name.starts_with(prefix)) {
                            return None;
                        }
                        http = if name.starts_with(TYPES) { Some(instances) } else { http };
                        instances += 1;
                    }
                }
                Payload::ComponentExportSection(exports) => {
                    for exported in exports {
                        let exported = exported.ok()?;
                        let is_handler = exported.name.name.starts_with(HANDLER) && exported.kind == ComponentExternalKind::Instance;
                        if !is_handler || export.replace(exported.name.name.to_owned()).is_some() {
                            return None; // it has other functions too
                        }
                    }
                }
                _ => {}
            }
        }
        Some(Self {
            made: Component::new(),
            http: http?,
            replaced,
            subtasks: Vec::new(),
            export: export?,
            instances,
            depth: 0,
            types: Vec::new(),
            functions: Numbers::default(),
            modules: Numbers::default(),
            core_functions: Numbers::default(),
            core_instances: Numbers::default(),
            context: None,
            lifted: None,
        })
    }

    /// A section of it, and what takes its place.
    fn add(&mut self, payload: &Payload, component: &[u8]) -> Add {
        let is_needed = matches!(
            payload,
            Payload::ModuleSection { .. } | Payload::InstanceSection(_) | Payload::ComponentImportSection(_)
                | Payload::ComponentCanonicalSection(_)
        );
        if self.lifted.is_some() {
            return if is_needed { None } else { Some(()) }; // what follows is what the handler was exported with
        }
        match payload {
            Payload::ComponentTypeSection(types) => types.clone().into_iter().try_for_each(|ty| self.add_type(ty.ok()?)),
            Payload::ComponentAliasSection(aliases) => {
                aliases.clone().into_iter().try_for_each(|alias| self.add_alias(&alias.ok()?))
            }
            Payload::ComponentCanonicalSection(functions) => {
                functions.clone().into_iter().try_for_each(|function| self.add_function(&function.ok()?))
            }
            Payload::InstanceSection(instances) => {
                let mut made = InstanceSection::new();
                for instance in instances.clone() {
                    self.parse_instance(&mut made, instance.ok()?).ok()?;
                    self.core_instances.note();
                }
                self.made.section(&made);
                Some(())
            }
            Payload::ModuleSection { .. } => {
                self.modules.note();
                self.copy(payload, component)
            }
            Payload::ComponentImportSection(imports) => {
                for import in imports.clone() {
                    match import.ok()?.ty {
                        ComponentTypeRef::Instance(_) => {}
                        ComponentTypeRef::Func(_) => self.functions.note(),
                        ComponentTypeRef::Type(_) => self.types.push(Known::Other),
                        _ => return None,
                    }
                }
                self.copy(payload, component)
            }
            Payload::CoreTypeSection(_) => self.copy(payload, component),
            Payload::CustomSection(_) | Payload::Version { .. } | Payload::End(_) => Some(()), // names would be of other numbers
            _ => None,
        }
    }

    fn copy(&mut self, payload: &Payload, component: &[u8]) -> Add {
        let (id, range) = payload.as_section()?;
        self.made.section(&RawSection { id, data: component.get(range)? });
        Some(())
    }

    fn add_type(&mut self, ty: ComponentType) -> Add {
        let known = Known::of(&ty, &self.types);
        let mut made = ComponentTypeSection::new();
        let number = self.types.len() as u32;
        let plain = self.replaced.iter().find(|(replaced, _)| *replaced == number);
        match (plain, known) {
            (Some((_, plain)), _) => _ = made.instance(&plain_type(plain)),
            (None, Known::Handle | Known::Stream | Known::Trailers | Known::Sent) => {
                made.defined_type().primitive(PrimitiveValType::U32);
            }
            (None, _) => self.parse_component_type(made.ty(), ty).ok()?,
        }
        self.types.push(known);
        self.made.section(&made);
        Some(())
    }

    fn add_alias(&mut self, alias: &ComponentAlias) -> Add {
        let mut made = ComponentAliasSection::new();
        match *alias {
            ComponentAlias::InstanceExport { kind, instance_index, name } => {
                let is_http = instance_index == self.http;
                if kind == ComponentExternalKind::Func && name.starts_with("wait-") {
                    self.subtasks.push(self.functions.before());
                }
                match kind {
                    ComponentExternalKind::Func => self.functions.note(),
                    ComponentExternalKind::Type if is_http => self.types.push(Known::of_http(name)),
                    ComponentExternalKind::Type => self.types.push(Known::Other),
                    _ => return None,
                }
                let plain = if is_http && kind == ComponentExternalKind::Func { plain_name(name)? } else { name.to_owned() };
                made.alias(Alias::InstanceExport { instance: instance_index, kind: kind.into(), name: &plain });
            }
            ComponentAlias::CoreInstanceExport { kind, instance_index, name } => {
                if kind == ExternalKind::Func {
                    self.core_functions.note();
                }
                let instance = self.core_instances.get(instance_index);
                made.alias(Alias::CoreInstanceExport { instance, kind: kind.into(), name });
            }
            ComponentAlias::Outer { .. } => return None,
        }
        self.made.section(&made);
        Some(())
    }

    fn add_function(&mut self, function: &CanonicalFunction) -> Add {
        use CanonicalFunction as F;
        let known = |ty: &u32| self.types.get(*ty as usize).copied();
        let memory = |memory: &u32| Box::from([OldOption::Memory(*memory)]);
        let none = || Box::default();
        // Which function takes its place, with what options, and how long what it is told to write to is.
        let (name, options, length): (&str, Box<[OldOption]>, Option<u32>) = match function {
            F::Lift { core_func_index, options, .. } => {
                let callback = options.iter().find_map(|option| match option {
                    OldOption::Callback(function) => Some(*function),
                    _ => None,
                });
                let number = |function| self.core_functions.get(function);
                self.lifted = Some(Lifted { handle: number(*core_func_index), callback: number(callback?) });
                return Some(());
            }
            F::ResourceDrop { resource } => match known(resource)? {
                Known::Resource(name) => (name, none(), None),
                _ => return self.keep(function),
            },
            F::Lower { options, .. } if !options.contains(&OldOption::Async) => return self.keep(function),
            F::Lower { func_index, options } if self.subtasks.contains(func_index) => {
                let (func_index, options) = (*func_index, waits_elsewhere(options)?);
                return self.keep(&F::Lower { func_index, options });
            }
            F::SubtaskCancel { .. } => ("subtask-cancel", none(), None),
            F::SubtaskDrop => ("subtask-drop", none(), None),
            F::StreamNew { ty } if matches!(known(ty)?, Known::Stream) => ("stream-new", none(), None),
            F::StreamRead { options, .. } => ("stream-read", waits_elsewhere(options)?, None),
            F::StreamWrite { options, .. } => ("stream-write", waits_elsewhere(options)?, None),
            F::FutureNew { ty } => match known(ty)? {
                Known::Trailers => ("trailers-new", none(), None),
                Known::Sent => ("sent-new", none(), None),
                _ => return None,
            },
            F::FutureRead { options, .. } => ("future-read", waits_elsewhere(options)?, Some(FUTURE)),
            F::FutureWrite { ty, options } => match known(ty)? {
                Known::Trailers => ("trailers-write", waits_elsewhere(options)?, Some(1)),
                Known::Sent => ("sent-write", waits_elsewhere(options)?, Some(1)),
                _ => return None,
            },
            F::StreamCancelRead { .. } | F::FutureCancelRead { .. } => ("cancel-read", none(), None),
            F::StreamCancelWrite { .. } | F::FutureCancelWrite { .. } => ("cancel-write", none(), None),
            F::StreamDropReadable { .. } | F::FutureDropReadable { .. } => ("drop-readable", none(), None),
            F::StreamDropWritable { .. } | F::FutureDropWritable { .. } => ("drop-writable", none(), None),
            F::WaitableSetNew => ("waitable-set-new", none(), None),
            F::WaitableSetPoll { memory: at, .. } => ("waitable-set-poll", memory(at), Some(EVENT)),
            F::WaitableSetWait { memory: at, .. } => ("waitable-set-wait", memory(at), Some(EVENT)),
            F::WaitableSetDrop => ("waitable-set-drop", none(), None),
            F::WaitableJoin => ("waitable-join", none(), None),
            F::TaskReturn { options, .. } => ("task-return", options.clone(), None),
            F::TaskCancel => ("task-cancel", none(), None),
            F::ContextGet { ty: wasmparser::ValType::I32, slot: 0 } => return self.add_context("get"),
            F::ContextSet { ty: wasmparser::ValType::I32, slot: 0 } => return self.add_context("set"),
            F::ContextGet { ty: wasmparser::ValType::I32, slot: 1 } => ("context1-get", none(), None),
            F::ContextSet { ty: wasmparser::ValType::I32, slot: 1 } => ("context1-set", none(), None),
            F::BackpressureInc => ("backpressure-inc", none(), None),
            F::BackpressureDec => ("backpressure-dec", none(), None),
            F::ThreadYield { .. } => ("thread-yield", none(), None),
            _ => return None,
        };
        match length {
            None => {
                self.lower(name, &options)?;
                self.core_functions.note();
            }
            Some(length) => self.lower_with_length(name, &options, length)?,
        }
        Some(())
    }

    fn keep(&mut self, function: &CanonicalFunction) -> Add {
        let mut made = CanonicalFunctionSection::new();
        self.parse_component_canonical(&mut made, function.clone()).ok()?;
        self.core_functions.note();
        self.made.section(&made);
        Some(())
    }

    /// A core function, not numbered yet, that calls one of `types.wat`.
    fn lower(&mut self, name: &str, options: &[OldOption]) -> Add {
        let mut aliases = ComponentAliasSection::new();
        aliases.alias(Alias::InstanceExport { instance: self.http, kind: ComponentExportKind::Func, name });
        let options: Result<Vec<CanonicalOption>, _> = options.iter().map(|option| self.canonical_option(*option)).collect();
        let mut lowered = CanonicalFunctionSection::new();
        lowered.lower(self.functions.add(), options.ok()?);
        self.made.section(&aliases).section(&lowered);
        Some(())
    }

    /// The same for one that the guest calls with an address, and that takes a list: the length is added by a module.
    fn lower_with_length(&mut self, name: &str, options: &[OldOption], length: u32) -> Add {
        self.lower(name, options)?;
        let module = format!(
            r#"(module
              (import "" "f" (func $f (param i32 i32 i32) (result i32)))
              (func (export "f") (param i32 i32) (result i32)
                (call $f (local.get 0) (local.get 1) (i32.const {length}))))"#
        );
        let lowered = self.core_functions.add();
        let given = self.add_exports(&[("f", lowered)]);
        let instance = self.add_instance(&module, &[("", given)])?;
        self.alias_function(instance, "f");
        self.core_functions.note();
        Some(())
    }

    fn add_context(&mut self, name: &str) -> Add {
        let context = self.context()?;
        self.alias_function(context, name);
        self.core_functions.note();
        Some(())
    }

    /// The instance of CONTEXT.
    fn context(&mut self) -> Option<u32> {
        if self.context.is_none() {
            self.context = Some(self.add_instance(CONTEXT, &[])?);
        }
        self.context
    }

    fn add_exports(&mut self, functions: &[(&str, u32)]) -> u32 {
        let mut instances = InstanceSection::new();
        instances.export_items(functions.iter().map(|(name, function)| (*name, ExportKind::Func, *function)));
        self.made.section(&instances);
        self.core_instances.add()
    }

    fn add_instance(&mut self, module: &str, given: &[(&str, u32)]) -> Option<u32> {
        let module = wat::parse_str(module).ok()?;
        let mut instances = InstanceSection::new();
        instances.instantiate(self.modules.add(), given.iter().map(|(name, instance)| (*name, ModuleArg::Instance(*instance))));
        self.made.section(&RawSection { id: ComponentSectionId::CoreModule as u8, data: &module }).section(&instances);
        Some(self.core_instances.add())
    }

    /// A core function of an instance, not numbered yet.
    fn alias_function(&mut self, instance: u32, name: &str) {
        let mut aliases = ComponentAliasSection::new();
        aliases.alias(Alias::CoreInstanceExport { instance, kind: ExportKind::Func, name });
        self.made.section(&aliases);
    }

    fn finish(mut self) -> Option<Vec<u8>> {
        let Lifted { handle, callback } = self.lifted.take()?;
        let context = self.context()?;
        let guest = self.add_exports(&[(HANDLE, handle), (CALLBACK, callback)]);
        let calls = self.add_instance(CALLS, &[("context", context), ("guest", guest)])?;
        let [handle, callback] = [HANDLE, CALLBACK].map(|name| {
            self.alias_function(calls, name);
            self.core_functions.add()
        });

        let number = ComponentValType::Primitive(PrimitiveValType::U32);
        let both = Some(ComponentValType::Primitive(PrimitiveValType::U64));
        let mut types = ComponentTypeSection::new();
        types.function().params([("request", number)]).result(both);
        types.function().params([("event", number), ("waitable", number), ("code", number), ("context", number)]).result(both);
        let ty = self.types.len() as u32;
        let mut functions = CanonicalFunctionSection::new();
        functions.lift(handle, ty, []).lift(callback, ty + 1, []);
        let mut instances = ComponentInstanceSection::new();
        let kind = ComponentExportKind::Func;
        instances.export_items([(HANDLE, kind, self.functions.add()), (CALLBACK, kind, self.functions.add())]);
        let mut exports = ComponentExportSection::new();
        exports.export(&self.export, ComponentExportKind::Instance, self.instances, None);
        self.made.section(&types).section(&functions).section(&instances).section(&exports);
        Some(self.made.finish())
    }
}

/// The options of a call that does not wait. None when it does.
fn waits_elsewhere(options: &[OldOption]) -> Option<Box<[OldOption]>> {
    let others: Box<[OldOption]> = options.iter().filter(|option| **option != OldOption::Async).copied().collect();
    (others.len() < options.len()).then_some(others)
}

/// `[method]fields.get` is `fields-get`, `[constructor]fields` is `fields-new`.
fn plain_name(name: &str) -> Option<String> {
    let (kind, name) = name.strip_prefix('[')?.split_once(']')?;
    Some(if kind == "constructor" { format!("{name}-new") } else { name.replace('.', "-") })
}

/// The type of an instance, which is all that a text has.
fn plain_type(text: &str) -> InstanceType {
    let binary = wat::parse_str(text).expect("it is a component");
    let payloads = Parser::new(0).parse_all(&binary).map_while(Result::ok);
    let mut types = payloads.filter_map(|payload| match payload {
        Payload::ComponentTypeSection(types) => types.into_iter().next()?.ok(),
        _ => None,
    });
    let Some(ComponentType::Instance(declared)) = types.next() else { unreachable!("it is the type of an instance") };
    RoundtripReencoder.component_instance_type(declared).expect("it has nothing that cannot be copied")
}

impl Reencode for Rewriting {
    type Error = Infallible;

    fn function_index(&mut self, function: u32) -> Result<u32, reencode::Error> {
        Ok(self.core_functions.get(function))
    }
}

impl ReencodeComponent for Rewriting {
    fn push_depth(&mut self) {
        self.depth += 1;
    }

    fn pop_depth(&mut self) {
        self.depth -= 1;
    }

    fn parse_component_func_type(
        &mut self,
        function: ComponentFuncTypeEncoder<'_>,
        mut ty: ComponentFuncType<'_>,
    ) -> Result<(), reencode::Error> {
        ty.async_ &= self.depth > 0;
        component_utils::parse_component_func_type(self, function, ty)
    }

    fn component_func_index(&mut self, function: u32) -> u32 {
        self.functions.get(function)
    }

    fn instance_index(&mut self, instance: u32) -> u32 {
        self.core_instances.get(instance)
    }

    fn module_index(&mut self, module: u32) -> u32 {
        self.modules.get(module)
    }
}
