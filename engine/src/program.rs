//! A module, linked once, with its entry point looked up once: what every invocation of it starts from.

use crate::expose::State;
use crate::image::Changes;
use crate::room::Growth;
use crate::{Data, boxed_error, door, image, inner, text, wasmtime_error_t, wasmtime_linker_t, wasmtime_module_t};
use std::sync::Arc;
use wasmtime::{
    Error, Extern, ExternType, Instance, InstancePre, Linker, Memory, Module, ModuleExport, Result, Store, ValType,
};

/// Shared and immutable; instances hold their own reference.
pub struct mayfly_program_t(pub(crate) Arc<Program>);

pub(crate) struct Program {
    link: Link,
    initialize: Option<ModuleExport>,
    pub entry: ModuleExport,
    pub result: Option<ValType>,
    /// Of the image that it is linked to.
    changes: Option<Changes>,
    pub growth: Growth,
}

enum Link {
    /// Every import is a host function.
    Ready { pre: InstancePre<Data>, state: Option<State> },
    /// The module imports its memory: a second one defines it, with what else it imports of an image.
    WithMemory { memory: InstancePre<Data>, code: Arc<Code> },
}

/// A module that imports its memory, so that nothing can be instantiated in advance, with its other imports found.
struct Code {
    module: Module,
    /// Imports the same host functions and exports them again: it can be.
    door: InstancePre<Data>,
    items: Vec<Item>,
    /// An image says what its globals begin with.
    state: Option<State>,
}

/// Where an import comes from.
enum Item {
    Door(ModuleExport),
    /// By its name.
    Memory(String),
}

impl Code {
    fn new(linker: &Linker<Data>, module: &Module) -> Result<Self> {
        if module.imports().filter(|import| matches!(import.ty(), ExternType::Memory(_))).count() > 1 {
            return Err(Error::msg("the module imports more than one memory"));
        }
        let door = Module::new(linker.engine(), door::for_module(module)?)?;
        let mut exports = 0..;
        let items = module.imports().map(|import| {
            Ok(match import.ty() {
                ExternType::Memory(_) => Item::Memory("memory".into()),
                _ if import.module() == image::IMAGE => Item::Memory(import.name().into()),
                _ => {
                    let export = exports.next().and_then(|index: u32| door.get_export_index(&index.to_string()));
                    Item::Door(export.ok_or_else(|| Error::msg(format!("unknown import {}", import.name())))?)
                }
            })
        });
        Ok(Self {
            items: items.collect::<Result<_>>()?,
            module: module.clone(),
            door: linker.instantiate_pre(&door)?,
            state: State::of(module),
        })
    }
}

impl Program {
    /// `like` is another program of this module, if there is one: they share what does not depend on the image.
    fn new(
        linker: &Linker<Data>,
        module: &Module,
        memory: Option<&Module>,
        changes: Option<Changes>,
        start: mayfly_start_t,
        entry: &str,
        like: Option<&Program>,
    ) -> Result<Self> {
        let missing = || Error::msg(format!("the module has no export {entry}"));
        let Some(ExternType::Func(function)) = module.get_export(entry) else { return Err(missing()) };
        Ok(Self {
            entry: module.get_export_index(entry).ok_or_else(missing)?,
            initialize: module
                .get_export_index("_initialize")
                .filter(|_| entry != "_initialize" && start == mayfly_start_t::Fresh),
            result: function.result(0),
            changes,
            growth: Growth::default(),
            link: match memory {
                None => Link::Ready { pre: linker.instantiate_pre(module)?, state: State::of(module) },
                Some(memory) => Link::WithMemory {
                    memory: linker.instantiate_pre(memory)?,
                    code: match like.map(|program| &program.link) {
                        Some(Link::WithMemory { code, .. }) if Module::same(&code.module, module) => code.clone(),
                        _ => Arc::new(Code::new(linker, module)?),
                    },
                },
            },
        })
    }

    /// Returns the instance; `provide` is told the memory that it imports, if any, before anything of it runs.
    pub async fn instantiate(&self, store: &mut Store<Data>, provide: impl FnOnce(Option<Memory>)) -> Result<Instance> {
        Ok(match &self.link {
            Link::Ready { pre, .. } => pre.instantiate_async(&mut *store).await?,
            Link::WithMemory { memory, code } => {
                let provider = memory.instantiate_async(&mut *store).await?;
                provide(provider.get_memory(&mut *store, "memory"));
                let door = code.door.instantiate_async(&mut *store).await?;
                let mut items = Vec::with_capacity(code.items.len());
                for item in &code.items {
                    let found = match item {
                        Item::Door(export) => door.get_module_export(&mut *store, export),
                        Item::Memory(name) => provider.get_export(&mut *store, name),
                    };
                    items.push(found.ok_or_else(|| Error::msg("the image is not one of this module"))?);
                }
                let instance = Instance::new_async(&mut *store, &code.module, &items).await?;
                if let (Some(changes), Some(memory)) = (&self.changes, provider.get_memory(&mut *store, "memory")) {
                    let globals = code.state.as_ref().map_or(&[][..], |state| &state.globals);
                    changes.apply(store, &instance, &memory, globals).await?;
                }
                instance
            }
        })
    }

    /// All that can change in its instances, beside a memory that they import. None when that is not known.
    pub fn state(&self) -> Option<&State> {
        match &self.link {
            Link::Ready { state, .. } => state.as_ref(),
            Link::WithMemory { code, .. } => code.state.as_ref(),
        }
    }

    /// Calls `_initialize`, of a reactor.
    pub async fn initialize(&self, store: &mut Store<Data>, instance: &Instance) -> Result<()> {
        if let Some(initialize) = &self.initialize
            && let Some(Extern::Func(function)) = instance.get_module_export(&mut *store, initialize)
        {
            function.typed::<(), ()>(&*store)?.call_async(&mut *store, ()).await?;
        }
        Ok(())
    }
}

/// What an instance begins with.
#[repr(u8)]
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum mayfly_start_t {
    /// Its module's own data: `_initialize` is called, if there is one.
    Fresh = 0,
    /// An image of an instance for which that has been done.
    Image = 1,
}

/// Links a module. `memory` is null, or a module exporting "memory" for a module that imports one: `start` says whether it
/// is an image, and `changes`, unless null, what is different in the one that is meant. `like` is null, or another program
/// of this module.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mayfly_program_new(
    linker: &wasmtime_linker_t,
    module: &wasmtime_module_t,
    memory: Option<&wasmtime_module_t>,
    changes: *const u8,
    changes_length: usize,
    start: mayfly_start_t,
    entry: *const u8,
    entry_length: usize,
    like: Option<&mayfly_program_t>,
    program: &mut *mut mayfly_program_t,
) -> Option<Box<wasmtime_error_t>> {
    let linker = inner!(linker, wasmtime_linker_t => Linker<Data>);
    let module = inner!(module, wasmtime_module_t => Module);
    let memory = memory.map(|memory| inner!(memory, wasmtime_module_t => Module));
    let changes = (!changes.is_null()).then(|| unsafe { std::slice::from_raw_parts(changes, changes_length) });
    let made = unsafe { text(entry, entry_length) }.and_then(|entry| {
        let changes = changes.map(Changes::read).transpose()?;
        Program::new(linker, module, memory, changes, start, entry, like.map(|program| &*program.0))
    });
    match made {
        Ok(made) => {
            *program = Box::into_raw(Box::new(mayfly_program_t(Arc::new(made))));
            None
        }
        Err(error) => boxed_error(error),
    }
}

/// What calling an export would take and give.
#[repr(u8)]
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum mayfly_callable_t {
    NoFunction = 0,
    TakesParameters = 1,
    ReturnsNoNumber = 2,
    ReturnsNothing = 3,
    ReturnsNumber = 4,
}

/// Wasmtime's C API tells the same through value types, and aborts on those it does not know.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mayfly_module_callable(
    module: &wasmtime_module_t,
    name: *const u8,
    name_length: usize,
) -> mayfly_callable_t {
    let module = inner!(module, wasmtime_module_t => Module);
    let Some(ExternType::Func(function)) = unsafe { text(name, name_length) }.ok().and_then(|name| module.get_export(name))
    else {
        return mayfly_callable_t::NoFunction;
    };
    let numbers = |ty: ValType| matches!(ty, ValType::I32 | ValType::I64 | ValType::F32 | ValType::F64);
    match (function.params().len(), function.results().len()) {
        (0, 0) => mayfly_callable_t::ReturnsNothing,
        (0, 1) if function.result(0).is_some_and(numbers) => mayfly_callable_t::ReturnsNumber,
        (0, _) => mayfly_callable_t::ReturnsNoNumber,
        _ => mayfly_callable_t::TakesParameters,
    }
}

/// Whether its instances can be put back to how they began: mayfly_instance_rewind().
#[unsafe(no_mangle)]
pub extern "C" fn mayfly_program_rewinds(program: &mayfly_program_t) -> bool {
    program.0.state().is_some()
}

#[unsafe(no_mangle)]
pub extern "C" fn mayfly_program_delete(_program: Box<mayfly_program_t>) {}
