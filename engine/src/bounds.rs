//! What is refused before anything else reads a file, as it would cost a reader its stack, or time out of all
//! proportion to its size.

use wasmparser::{Parser, Payload};

/// Modules and components inside each other: a validator holds each open, and goes through all at the end of each.
/// The deepest seen have 3.
const MAX_NESTING: usize = 100;
/// Types of components and instances inside others, each of which is a call inside a call. Packages of WIT have tens.
const MAX_NESTED_TYPES: usize = 1000;
/// Imports and exports of all components of a file; the largest seen have hundreds.
const MAX_LISTED: u32 = 10_000;
/// Of the sections that list them.
const MAX_LIST_BYTES: usize = 4 << 20;

/// Says what is too much. What cannot be read is left to those who read all of it.
pub(crate) fn check(bytes: &[u8]) -> Result<(), String> {
    let (mut depth, mut types, mut listed, mut list_bytes) = (0, 0, 0u32, 0);
    for payload in Parser::new(0).parse_all(bytes) {
        let Ok(payload) = payload else { break };
        match &payload {
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) if depth == 0 => break,
            Payload::End(_) => depth -= 1,
            Payload::ComponentTypeSection(section) => types += nested_types(&bytes[section.range()]),
            Payload::ComponentImportSection(section) => {
                listed = listed.saturating_add(section.count());
                list_bytes += section.range().len();
            }
            Payload::ComponentExportSection(section) => {
                listed = listed.saturating_add(section.count());
                list_bytes += section.range().len();
            }
            _ => {}
        }
        if depth > MAX_NESTING {
            return Err(format!("it has modules and components more than {MAX_NESTING} deep in each other"));
        }
        if types > MAX_NESTED_TYPES {
            return Err(format!("it has more than {MAX_NESTED_TYPES} types of components or instances in others"));
        }
        if listed > MAX_LISTED {
            return Err(format!("its components have {listed} imports and exports; {MAX_LISTED} are the most"));
        }
        if list_bytes > MAX_LIST_BYTES {
            return Err(format!("the names of its imports and exports are longer than {MAX_LIST_BYTES} bytes"));
        }
    }
    Ok(())
}

/// At most so many are in a section: each starts as the declaration of a type (1) that is one of a component (0x41) or
/// an instance (0x42). What else looks so, as a name of the one letter A does, is rare.
fn nested_types(section: &[u8]) -> usize {
    section.windows(2).filter(|start| matches!(start, [1, 0x41 | 0x42])).count()
}
