use serde_json::{Value, json};

wit_bindgen::generate!({
    inline: "
        package examples:exec;
        world hello { export exec: func(input: string) -> string; }
    ",
});

struct Hello;
export!(Hello);

impl Guest for Hello {
    fn exec(input: String) -> String {
        let input: Value = serde_json::from_str(&input).expect("the input is not JSON");
        let name = input["name"].as_str().expect("the input has no string `name`");
        println!("--- Test output ---");
        json!({ "result": format!("Hello {name}, how are you?") }).to_string()
    }
}
