import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSSigner;
import com.nimbusds.jose.crypto.ECDSASigner;
import com.nimbusds.jose.crypto.RSASSASigner;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.gen.ECKeyGenerator;
import com.nimbusds.jose.jwk.gen.RSAKeyGenerator;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import java.util.Date;

final class Nimbus {
  public static void main(String[] words) throws Exception {
    Maker.run(
        words,
        (alg, asked) -> {
          JWK key =
              Maker.CURVES.containsKey(alg)
                  ? new ECKeyGenerator(Curve.parse(Maker.CURVES.get(alg))).generate()
                  : new RSAKeyGenerator(2048).generate();
          JWSSigner signer =
              key instanceof ECKey ? new ECDSASigner(key.toECKey()) : new RSASSASigner(key.toRSAKey());
          JWTClaimsSet claims =
              new JWTClaimsSet.Builder()
                  .issuer(asked.issuer())
                  .audience(asked.audience())
                  .subject(asked.subject())
                  .issueTime(Date.from(asked.issued()))
                  .expirationTime(Date.from(asked.expires()))
                  .build();
          SignedJWT token = new SignedJWT(new JWSHeader(JWSAlgorithm.parse(alg)), claims);
          token.sign(signer);
          return new Maker.Made(new JWKSet(key).toString(), token.serialize());
        });
  }
}
