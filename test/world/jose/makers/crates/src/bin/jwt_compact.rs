use chrono::Duration;
use ed25519_dalek::SigningKey;
use jwt_compact::alg::{Ed25519, Es256, Rsa};
use jwt_compact::jwk::JsonWebKey;
use jwt_compact::prelude::*;
use makers::{Claims as Asked, LIFETIME};
use rand::rngs::OsRng;
use rsa::RsaPrivateKey;
use serde::Serialize;

/// Issuer, audience and subject are claims like others to it.
#[derive(Serialize)]
struct Custom {
    iss: String,
    aud: String,
    sub: String,
}

fn main() {
    makers::run(|alg, asked| {
        let header = Header::empty();
        let claims = claims_of(asked);
        // It leaves keys to others, and makes JWKs of them.
        match alg {
            "EdDSA" | "Ed25519" => {
                let key = SigningKey::generate(&mut OsRng);
                let token = if alg == "EdDSA" {
                    Ed25519.token(&header, &claims, &key)
                } else {
                    Ed25519::with_specific_name().token(&header, &claims, &key)
                }
                .unwrap();
                (
                    makers::set_of(JsonWebKey::from(&key.verifying_key())),
                    token,
                )
            }
            "ES256" => {
                let key = p256::ecdsa::SigningKey::random(&mut OsRng);
                let token = Es256.token(&header, &claims, &key).unwrap();
                (makers::set_of(JsonWebKey::from(key.verifying_key())), token)
            }
            _ => {
                let key = RsaPrivateKey::new(&mut OsRng, 2048).unwrap();
                let signer: Rsa = alg.parse().unwrap();
                let token = signer.token(&header, &claims, &key).unwrap();
                (
                    makers::set_of(JsonWebKey::from(&key.to_public_key())),
                    token,
                )
            }
        }
    });
}

fn claims_of(asked: Asked) -> Claims<Custom> {
    Claims::new(Custom {
        iss: asked.iss,
        aud: asked.aud,
        sub: asked.sub,
    })
    .set_duration_and_issuance(&TimeOptions::default(), Duration::seconds(LIFETIME as i64))
}
