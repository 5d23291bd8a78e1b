//! wasi:config, which reads the configured variables, and wasi:logging, which writes the function log: under each name
//! that guests import them by.

use super::host::{mayfly_bytes_t, mayfly_stream_t};
use super::state::State;
use wasmtime::component::{ComponentType, Lift, Linker, Lower};
use wasmtime::{Result, StoreContextMut};

const CONFIG: &[&str] = &[
    "wasi:config/store@0.2.0-rc.1",
    "wasi:config/store@0.2.0-draft",
    "wasi:config/store@0.2.0-draft-2024-09-27",
    "wasi:config/runtime@0.2.0-draft",
    "wasi:config/runtime@0.2.0-draft-2024-09-27",
];
const LOGGING: &[&str] = &["wasi:logging/logging", "wasi:logging/logging@0.1.0-draft"];

/// Never made: nothing here fails.
#[derive(ComponentType, Lift, Lower)]
#[component(variant)]
enum ConfigError {
    #[component(name = "upstream")]
    Upstream(String),
    #[component(name = "io")]
    Io(String),
}

#[derive(Clone, Copy, ComponentType, Lift, Lower)]
#[component(enum)]
#[repr(u8)]
enum Level {
    #[component(name = "trace")]
    Trace,
    #[component(name = "debug")]
    Debug,
    #[component(name = "info")]
    Info,
    #[component(name = "warn")]
    Warn,
    #[component(name = "error")]
    Error,
    #[component(name = "critical")]
    Critical,
}

type Store<'a> = StoreContextMut<'a, State>;

fn get(store: Store<'_>, (key,): (String,)) -> Result<(Result<Option<String>, ConfigError>,)> {
    let found = store.data().config.iter().find(|(name, _)| *name == key);
    Ok((Ok(found.map(|(_, value)| value.clone())),))
}

fn get_all(store: Store<'_>, (): ()) -> Result<(Result<Vec<(String, String)>, ConfigError>,)> {
    Ok((Ok(store.data().config.clone()),))
}

fn log(mut store: Store<'_>, (level, context, message): (Level, String, String)) -> Result<()> {
    let level = match level {
        Level::Trace => "trace",
        Level::Debug => "debug",
        Level::Info => "info",
        Level::Warn => "warn",
        Level::Error => "error",
        Level::Critical => "critical",
    };
    let separator = if context.is_empty() { "" } else { ": " };
    let line = format!("{level}: {context}{separator}{message}\n");
    store.data_mut().asked = true;
    let host = store.data().host;
    (host.write)(host.data, mayfly_stream_t::Stderr, mayfly_bytes_t::of(line.as_bytes()));
    Ok(())
}

pub(super) fn add_to_linker(linker: &mut Linker<State>) -> Result<()> {
    for name in CONFIG {
        let mut config = linker.instance(name)?;
        config.func_wrap("get", get)?;
        config.func_wrap("get-all", get_all)?;
    }
    for name in LOGGING {
        linker.instance(name)?.func_wrap("log", log)?;
    }
    Ok(())
}
