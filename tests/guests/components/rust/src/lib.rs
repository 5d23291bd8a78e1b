//! How the guests are told what to do: by the end of the path and by the query, as in `/http3-sse?events=3&delay=10`.

/// What follows the `?` of `target`, or nothing.
pub fn query(target: &str) -> &str {
    target.split_once('?').map_or("", |(_, query)| query)
}

/// Whether `name` is a query parameter, with or without a value.
pub fn has(target: &str, name: &str) -> bool {
    query(target).split('&').any(|item| item.split('=').next() == Some(name))
}

/// The value of the query parameter `name`, or `fallback` where it is missing or not a number.
pub fn number(target: &str, name: &str, fallback: u64) -> u64 {
    let value = query(target).split('&').find_map(|item| item.strip_prefix(name)?.strip_prefix('='));
    value.and_then(|text| text.parse().ok()).unwrap_or(fallback)
}

/// What the handler is to do: the query, or without one the last segment of the path.
pub fn chosen(target: &str) -> &str {
    match target.split_once('?') {
        Some((_, query)) => query,
        None => target.rsplit('/').next().unwrap_or_default(),
    }
}
