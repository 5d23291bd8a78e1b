use serde_json::{Value, json};

wit_bindgen::generate!({
    inline: "
        package examples:exec;
        world fibonacci { export exec: func(input: string) -> string; }
    ",
});

struct Fibonacci;
export!(Fibonacci);

impl Guest for Fibonacci {
    fn exec(input: String) -> String {
        let input: Value = serde_json::from_str(&input).expect("the input is not JSON");
        let n = input["n"].as_u64().and_then(|n| u32::try_from(n).ok()).expect("`n` is no number from 0 to 4294967295");
        let (mut a, mut b) = (1u32, 1u32);
        for _ in 0..n {
            (a, b) = (b, a.wrapping_add(b));
        }
        json!({ "result": b }).to_string()
    }
}
