//! The sections of a component without those of the modules and components inside.

use wasmparser::{BinaryReaderError, Parser, Payload};

/// In order, up to the first that cannot be read.
pub(super) fn outermost(component: &[u8]) -> impl Iterator<Item = Result<Payload<'_>, BinaryReaderError>> {
    let mut depth = 0;
    Parser::new(0).parse_all(component).filter(move |payload| {
        let is_outermost = depth == 0;
        match payload {
            Ok(Payload::ModuleSection { .. } | Payload::ComponentSection { .. }) => depth += 1,
            Ok(Payload::End(_)) => depth -= 1,
            _ => {}
        }
        is_outermost || payload.is_err()
    })
}
