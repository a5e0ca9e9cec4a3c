import org.jose4j.jwk.EcJwkGenerator;
import org.jose4j.jwk.JsonWebKey;
import org.jose4j.jwk.JsonWebKeySet;
import org.jose4j.jwk.OkpJwkGenerator;
import org.jose4j.jwk.PublicJsonWebKey;
import org.jose4j.jwk.RsaJwkGenerator;
import org.jose4j.jws.JsonWebSignature;
import org.jose4j.jwt.JwtClaims;
import org.jose4j.keys.EllipticCurves;

final class Jose4j {
  public static void main(String[] words) throws Exception {
    Maker.run(
        words,
        (alg, asked) -> {
          PublicJsonWebKey key;
          if (Maker.CURVES.containsKey(alg)) {
            key = EcJwkGenerator.generateJwk(EllipticCurves.getSpec(Maker.CURVES.get(alg)));
          } else if (alg.equals("EdDSA")) {
            key = OkpJwkGenerator.generateJwk("Ed25519");
          } else {
            key = RsaJwkGenerator.generateJwk(2048);
          }
          JwtClaims claims = new JwtClaims();
          claims.setIssuer(asked.issuer());
          claims.setAudience(asked.audience());
          claims.setSubject(asked.subject());
          claims.setIssuedAtToNow();
          claims.setExpirationTimeMinutesInTheFuture(10);
          JsonWebSignature signature = new JsonWebSignature();
          signature.setPayload(claims.toJson());
          signature.setKey(key.getPrivateKey());
          signature.setAlgorithmHeaderValue(alg);
          String keys = new JsonWebKeySet(key).toJson(JsonWebKey.OutputControlLevel.PUBLIC_ONLY);
          return new Maker.Made(keys, signature.getCompactSerialization());
        });
  }
}
