import io.jsonwebtoken.Jwts;
import io.jsonwebtoken.io.Serializer;
import io.jsonwebtoken.jackson.io.JacksonSerializer;
import io.jsonwebtoken.security.Jwk;
import io.jsonwebtoken.security.JwkSet;
import io.jsonwebtoken.security.Jwks;
import io.jsonwebtoken.security.SignatureAlgorithm;
import java.io.ByteArrayOutputStream;
import java.security.KeyPair;
import java.util.Date;
import java.util.Map;

final class Jjwt {
  public static void main(String[] words) throws Exception {
    Maker.run(
        words,
        (alg, asked) -> {
          // By itself it makes a key of Ed448 for EdDSA.
          SignatureAlgorithm algorithm =
              (SignatureAlgorithm) Jwts.SIG.get().forKey(alg.equals("Ed448") ? "EdDSA" : alg);
          KeyPair pair =
              alg.equals("EdDSA") ? Jwks.CRV.Ed25519.keyPair().build() : algorithm.keyPair().build();
          Jwk<?> jwk = Jwks.builder().key(pair.getPublic()).build();
          JwkSet set = Jwks.set().add(jwk).build();
          String token =
              Jwts.builder()
                  .issuer(asked.issuer())
                  .audience()
                  .add(asked.audience())
                  .and()
                  .subject(asked.subject())
                  .issuedAt(Date.from(asked.issued()))
                  .expiration(Date.from(asked.expires()))
                  .signWith(pair.getPrivate(), algorithm)
                  .compact();
          ByteArrayOutputStream text = new ByteArrayOutputStream();
          Serializer<Map<String, ?>> serializer = new JacksonSerializer<>();
          serializer.serialize(set, text);
          return new Maker.Made(text.toString(), token);
        });
  }
}
