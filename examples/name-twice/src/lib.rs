use serde_json::{Value, json};
use std::io;

#[unsafe(no_mangle)]
pub extern "C" fn handler() {
    let input: Value = serde_json::from_reader(io::stdin()).expect("the request body is not JSON");
    let name = input["name"].as_str().expect("the JSON has no string `name`");
    println!("{}", json!({ "name_twice": format!("{name} {name}") }));
}
