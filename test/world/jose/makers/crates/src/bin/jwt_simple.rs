use jwt_simple::prelude::*;
use makers::LIFETIME;
use serde_json::Value;

fn main() {
    makers::run(|alg, asked| {
        let claims = Claims::create(Duration::from_secs(LIFETIME))
            .with_issuer(asked.iss)
            .with_audience(asked.aud)
            .with_subject(asked.sub);
        macro_rules! sign {
            ($key:expr) => {{
                let key = $key;
                (
                    set_of(&key.public_key().to_jwk()),
                    key.sign(claims).unwrap(),
                )
            }};
        }
        match alg {
            "RS256" => sign!(RS256KeyPair::generate(2048).unwrap()),
            "RS384" => sign!(RS384KeyPair::generate(2048).unwrap()),
            "RS512" => sign!(RS512KeyPair::generate(2048).unwrap()),
            "PS256" => sign!(PS256KeyPair::generate(2048).unwrap()),
            "PS384" => sign!(PS384KeyPair::generate(2048).unwrap()),
            "PS512" => sign!(PS512KeyPair::generate(2048).unwrap()),
            "ES256" => sign!(ES256KeyPair::generate()),
            "ES384" => sign!(ES384KeyPair::generate()),
            "ML-DSA-44" => sign!(MLDSA44KeyPair::generate()),
            "ML-DSA-65" => sign!(MLDSA65KeyPair::generate()),
            "ML-DSA-87" => sign!(MLDSA87KeyPair::generate()),
            _ => sign!(Ed25519KeyPair::generate()),
        }
    });
}

fn set_of(jwk: &str) -> String {
    makers::set_of(serde_json::from_str::<Value>(jwk).unwrap())
}
