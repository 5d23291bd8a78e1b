//! Interfaces of WASI that are imported without a version, as some toolchains and older guests do: they are taken for
//! 0.2.0. The names are in the import sections of the outermost component, which nothing else refers into.

use std::borrow::Cow;

/// What is renamed, when no version follows.
const PACKAGES: &[&str] =
    &["wasi:cli/", "wasi:clocks/", "wasi:filesystem/", "wasi:http/", "wasi:io/", "wasi:random/", "wasi:sockets/"];
const VERSION: &str = "@0.2.0";

const PREAMBLE: usize = 8; // bytes before the first section
const IMPORTS: u8 = 10; // a section's number

/// The component with versions; what is no component that we understand is left to the compiler.
pub(super) fn with_versions(component: &[u8]) -> Cow<'_, [u8]> {
    renamed(component).map_or(Cow::Borrowed(component), Cow::Owned)
}

fn renamed(component: &[u8]) -> Option<Vec<u8>> {
    let mut result = component.get(..PREAMBLE)?.to_vec();
    let mut left = Reader(&component[PREAMBLE..]);
    let mut changed = false;
    while !left.0.is_empty() {
        let id = left.byte()?;
        let length = left.number()?;
        let section = left.take(length)?;
        let rebuilt = if id == IMPORTS { imports(section)? } else { None };
        changed |= rebuilt.is_some();
        let content = rebuilt.as_deref().unwrap_or(section);
        result.push(id);
        put_number(&mut result, content.len());
        result.extend_from_slice(content);
    }
    changed.then_some(result)
}

/// An import section anew, when a name in it needs a version.
fn imports(section: &[u8]) -> Option<Option<Vec<u8>>> {
    let mut left = Reader(section);
    let count = left.number()?;
    let mut result = Vec::new();
    put_number(&mut result, count);
    let mut changed = false;
    for _ in 0..count {
        let name_kind = left.byte()?;
        if name_kind > 1 {
            return None; // with attributes that we do not know
        }
        let length = left.number()?;
        let name = std::str::from_utf8(left.take(length)?).ok()?;
        let before_type = left.0;
        left.skip_type()?;
        let ty = &before_type[..before_type.len() - left.0.len()];

        let bare = !name.contains('@') && PACKAGES.iter().any(|package| name.starts_with(package));
        let version = if bare { VERSION } else { "" };
        changed |= bare;
        result.push(name_kind);
        put_number(&mut result, name.len() + version.len());
        result.extend_from_slice(name.as_bytes());
        result.extend_from_slice(version.as_bytes());
        result.extend_from_slice(ty);
    }
    Some(if changed && left.0.is_empty() { Some(result) } else { None })
}

/// As LEB128.
fn put_number(into: &mut Vec<u8>, mut number: usize) {
    while number > 0x7f {
        into.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    into.push(number as u8);
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    /// Of 32 bits, in LEB128.
    fn number(&mut self) -> Option<usize> {
        let mut number = 0u64;
        for shift in (0..35).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return u32::try_from(number).ok().map(|small| small as usize);
            }
        }
        None
    }

    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let taken = self.0.get(..length)?;
        self.0 = &self.0[length..];
        Some(taken)
    }

    /// The type of an import: what kind of thing, and which of the types before.
    fn skip_type(&mut self) -> Option<()> {
        match self.byte()? {
            0x00 => {
                self.byte()?; // a core module
                self.number()?;
            }
            0x01 | 0x04 | 0x05 => {
                self.number()?; // a function, component, instance
            }
            0x03 => {
                if self.byte()? == 0x00 {
                    self.number()?; // a type equal to another; else, a resource
                }
            }
            _ => return None,
        }
        Some(())
    }
}
