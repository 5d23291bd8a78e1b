//! Writes the C header of this crate beside the build output, for scripts/build_engine.sh to install.

fn main() {
    println!("cargo::rerun-if-changed=src");
    println!("cargo::rerun-if-changed=cbindgen.toml");
    let folder = std::env::var("CARGO_MANIFEST_DIR").expect("cargo sets it");
    let out = std::path::Path::new(&std::env::var("OUT_DIR").expect("cargo sets it")).join("mayfly_engine.h");
    cbindgen::generate(folder).expect("the header can be generated").write_to_file(out);
}
