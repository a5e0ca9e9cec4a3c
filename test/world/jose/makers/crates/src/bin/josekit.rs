use std::time::{Duration, UNIX_EPOCH};

use josekit::jwk::alg::{ec::EcCurve, ed::EdCurve};
use josekit::jwk::{Jwk, JwkSet};
use josekit::jws::{self, JwsHeader, JwsSigner};
use josekit::jwt::{self, JwtPayload};

fn main() {
    makers::run(|alg, claims| {
        let key = match alg {
            "ES256" => Jwk::generate_ec_key(EcCurve::P256),
            "ES384" => Jwk::generate_ec_key(EcCurve::P384),
            "ES512" => Jwk::generate_ec_key(EcCurve::P521),
            "EdDSA" => Jwk::generate_ed_key(EdCurve::Ed25519),
            _ => Jwk::generate_rsa_key(2048),
        }
        .unwrap();
        let signer: Box<dyn JwsSigner> = match alg {
            "RS256" => Box::new(jws::RS256.signer_from_jwk(&key).unwrap()),
            "RS384" => Box::new(jws::RS384.signer_from_jwk(&key).unwrap()),
            "RS512" => Box::new(jws::RS512.signer_from_jwk(&key).unwrap()),
            "PS256" => Box::new(jws::PS256.signer_from_jwk(&key).unwrap()),
            "PS384" => Box::new(jws::PS384.signer_from_jwk(&key).unwrap()),
            "PS512" => Box::new(jws::PS512.signer_from_jwk(&key).unwrap()),
            "ES256" => Box::new(jws::ES256.signer_from_jwk(&key).unwrap()),
            "ES384" => Box::new(jws::ES384.signer_from_jwk(&key).unwrap()),
            "ES512" => Box::new(jws::ES512.signer_from_jwk(&key).unwrap()),
            _ => Box::new(jws::EdDSA.signer_from_jwk(&key).unwrap()),
        };
        let mut payload = JwtPayload::new();
        payload.set_issuer(claims.iss);
        payload.set_audience(vec![claims.aud]);
        payload.set_subject(claims.sub);
        payload.set_issued_at(&(UNIX_EPOCH + Duration::from_secs(claims.iat)));
        payload.set_expires_at(&(UNIX_EPOCH + Duration::from_secs(claims.exp)));
        let token = jwt::encode_with_signer(&payload, &JwsHeader::new(), &*signer).unwrap();
        let mut set = JwkSet::new();
        set.push_key(key.to_public_key().unwrap());
        (set.to_string(), token)
    });
}
