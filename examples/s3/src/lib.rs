mod http;
mod sign;

use serde_json::{Value, json};
use std::env;

wit_bindgen::generate!({
    inline: "
        package examples:exec;
        world s3 { export exec: func(input: string) -> string; }
    ",
});

struct S3;
export!(S3);

impl Guest for S3 {
    fn exec(input: String) -> String {
        let input: Value = serde_json::from_str(&input).expect("the input is not JSON");
        let bucket = input["bucket"].as_str().expect("the input has no string `bucket`");
        let files = list(bucket).inspect_err(|reason| eprintln!("{bucket}: {reason}"));
        json!({ "success": files.is_ok(), "files": files.unwrap_or_default() }).to_string()
    }
}

/// Where the bucket is, and as whom it is read.
pub struct Account {
    pub region: String,
    pub key: String,
    pub secret: String,
}

fn setting(name: &str, fallback: &str) -> String {
    env::var(name).unwrap_or_else(|_| fallback.to_string())
}

/// All files of the bucket, page by page.
fn list(bucket: &str) -> Result<Vec<Value>, String> {
    let endpoint = setting("AWS_ENDPOINT_URL", "http://localhost:9000");
    let account = Account {
        region: setting("AWS_REGION", "eu-west-1"),
        key: setting("AWS_ACCESS_KEY_ID", "rustfsadmin"),
        secret: setting("AWS_SECRET_ACCESS_KEY", "rustfsadmin"),
    };
    let (scheme, authority) = endpoint.trim_end_matches('/').split_once("://").ok_or("AWS_ENDPOINT_URL is no URL")?;
    let path = format!("/{}", sign::encode(bucket));
    let (mut files, mut next) = (Vec::new(), None);
    loop {
        let page = next.map(|token: String| format!("continuation-token={}&", sign::encode(&token)));
        let query = format!("{}list-type=2", page.unwrap_or_default());
        let headers = sign::headers(&account, authority, &path, &query);
        let (status, body) = http::get(scheme, authority, &format!("{path}?{query}"), &headers)?;
        let text = String::from_utf8(body).map_err(|_| "the answer is not UTF-8")?;
        if status != 200 {
            return Err(format!("{status} {text}"));
        }
        next = add_page(&text, &mut files)?;
        if next.is_none() {
            return Ok(files);
        }
    }
}

/// Adds the files of a ListObjectsV2 answer; the token of the next page, if there is one.
fn add_page(text: &str, files: &mut Vec<Value>) -> Result<Option<String>, String> {
    let document = roxmltree::Document::parse(text).map_err(|error| error.to_string())?;
    let child = |of: roxmltree::Node, name| {
        of.children().find(|node| node.tag_name().name() == name).and_then(|node| node.text()).map(str::to_string)
    };
    let root = document.root_element();
    for entry in root.children().filter(|node| node.tag_name().name() == "Contents") {
        let name = child(entry, "Key").ok_or("a file has no Key")?;
        let size: u64 = child(entry, "Size").and_then(|size| size.parse().ok()).ok_or("a file has no Size")?;
        files.push(json!({ "name": name, "size": size }));
    }
    Ok(child(root, "NextContinuationToken"))
}
