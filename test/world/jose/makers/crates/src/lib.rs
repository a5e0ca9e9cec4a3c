//! What all makers in Rust share: which tokens are asked for, and how they are handed back.
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

#[derive(Serialize, Deserialize)]
pub struct Claims {
    pub iss: String,
    pub aud: String,
    pub sub: String,
    pub iat: u64,
    pub exp: u64,
}

/// Seconds that a token is valid.
pub const LIFETIME: u64 = 600;

/// Calls make for each algorithm of the command line; it returns the published keys, as text, and a token. The issuer is the first
/// word with the algorithm behind it.
pub fn run(make: impl Fn(&str, Claims) -> (String, String)) {
    let words: Vec<String> = std::env::args().skip(1).collect();
    for alg in &words[3..] {
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap()
            .as_secs();
        let claims = Claims {
            iss: format!("{}/{alg}", words[0]),
            aud: words[1].clone(),
            sub: words[2].clone(),
            iat: now,
            exp: now + LIFETIME,
        };
        let (keys, token) = make(alg, claims);
        println!("{}", json!({ "keys": keys, "token": token }));
    }
}

/// For libraries that know JWKs and no sets of them.
pub fn set_of(jwk: impl Serialize) -> String {
    let jwk: Value = serde_json::to_value(jwk).unwrap();
    json!({ "keys": [jwk] }).to_string()
}
