//! A module that imports functions and exports them again: linked in advance, it hands host functions to an instance that
//! cannot be, at a fraction of what looking them up for each instance costs.

use crate::image;
use wasm_encoder::{EntityType, ExportKind, ExportSection, ImportSection, Module, TypeSection, ValType};
use wasmtime::{Error, ExternType, Result};

/// For the functions that a module imports. Its exports are called by their numbers among these.
pub(crate) fn for_module(module: &wasmtime::Module) -> Result<Vec<u8>> {
    let (mut types, mut imports, mut exports) = (TypeSection::new(), ImportSection::new(), ExportSection::new());
    let functions = module.imports().filter(|import| {
        import.module() != image::IMAGE && !matches!(import.ty(), ExternType::Memory(_))
    });
    for (index, import) in functions.enumerate() {
        let ExternType::Func(function) = import.ty() else {
            return Err(Error::msg(format!("unknown import {}", import.name())));
        };
        let parameters = function.params().map(number).collect::<Result<Vec<_>>>()?;
        let results = function.results().map(number).collect::<Result<Vec<_>>>()?;
        types.ty().function(parameters, results);
        imports.import(import.module(), import.name(), EntityType::Function(index as u32));
        exports.export(&index.to_string(), ExportKind::Func, index as u32);
    }
    let mut door = Module::new();
    door.section(&types).section(&imports).section(&exports);
    Ok(door.finish())
}

/// Host functions take and give nothing else.
fn number(ty: wasmtime::ValType) -> Result<ValType> {
    Ok(match ty {
        wasmtime::ValType::I32 => ValType::I32,
        wasmtime::ValType::I64 => ValType::I64,
        wasmtime::ValType::F32 => ValType::F32,
        wasmtime::ValType::F64 => ValType::F64,
        other => return Err(Error::msg(format!("incompatible import type: no host function knows {other}"))),
    })
}
