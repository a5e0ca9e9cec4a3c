use jsonwebtoken::jwk::{Jwk, JwkSet};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use rand::rngs::OsRng;
use rsa::pkcs8::{EncodePrivateKey, LineEnding};

fn main() {
    makers::run(|alg, claims| {
        // It leaves keys to others.
        let key = match alg {
            "ES256" => {
                let pem = p256::SecretKey::random(&mut OsRng)
                    .to_pkcs8_pem(LineEnding::LF)
                    .unwrap();
                EncodingKey::from_ec_pem(pem.as_bytes())
            }
            "ES384" => {
                let pem = p384::SecretKey::random(&mut OsRng)
                    .to_pkcs8_pem(LineEnding::LF)
                    .unwrap();
                EncodingKey::from_ec_pem(pem.as_bytes())
            }
            _ => {
                let key = rsa::RsaPrivateKey::new(&mut OsRng, 2048).unwrap();
                EncodingKey::from_rsa_pem(key.to_pkcs8_pem(LineEnding::LF).unwrap().as_bytes())
            }
        }
        .unwrap();
        let algorithm: Algorithm = alg.parse().unwrap();
        let token = encode(&Header::new(algorithm), &claims, &key).unwrap();
        let set = JwkSet {
            keys: vec![Jwk::from_encoding_key(&key, algorithm).unwrap()],
        };
        (serde_json::to_string(&set).unwrap(), token)
    });
}
