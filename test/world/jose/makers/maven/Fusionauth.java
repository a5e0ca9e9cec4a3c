import io.fusionauth.jwks.domain.JSONWebKey;
import io.fusionauth.jwt.JWTUtils;
import io.fusionauth.jwt.Signer;
import io.fusionauth.jwt.domain.JWT;
import io.fusionauth.jwt.domain.KeyPair;
import io.fusionauth.jwt.ec.ECSigner;
import io.fusionauth.jwt.rsa.RSAPSSSigner;
import io.fusionauth.jwt.rsa.RSASigner;
import io.fusionauth.pem.domain.PEM;
import java.security.PublicKey;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;

final class Fusionauth {
  public static void main(String[] words) throws Exception {
    Maker.run(
        words,
        (alg, asked) -> {
          KeyPair pair =
              switch (alg) {
                case "ES256" -> JWTUtils.generate256_ECKeyPair();
                case "ES384" -> JWTUtils.generate384_ECKeyPair();
                case "ES512" -> JWTUtils.generate521_ECKeyPair();
                default -> JWTUtils.generate2048_RSAKeyPair();
              };
          Signer signer =
              switch (alg) {
                case "ES256" -> ECSigner.newSHA256Signer(pair.privateKey);
                case "ES384" -> ECSigner.newSHA384Signer(pair.privateKey);
                case "ES512" -> ECSigner.newSHA512Signer(pair.privateKey);
                case "PS256" -> RSAPSSSigner.newSHA256Signer(pair.privateKey);
                case "PS384" -> RSAPSSSigner.newSHA384Signer(pair.privateKey);
                case "PS512" -> RSAPSSSigner.newSHA512Signer(pair.privateKey);
                case "RS256" -> RSASigner.newSHA256Signer(pair.privateKey);
                case "RS384" -> RSASigner.newSHA384Signer(pair.privateKey);
                default -> RSASigner.newSHA512Signer(pair.privateKey);
              };
          JWT claims =
              new JWT()
                  .setIssuer(asked.issuer())
                  .setAudience(asked.audience())
                  .setSubject(asked.subject())
                  .setIssuedAt(ZonedDateTime.ofInstant(asked.issued(), ZoneOffset.UTC))
                  .setExpiration(ZonedDateTime.ofInstant(asked.expires(), ZoneOffset.UTC));
          PublicKey publicKey = PEM.decode(pair.publicKey).getPublicKey();
          JSONWebKey key = JSONWebKey.build(publicKey);
          return new Maker.Made(Maker.setOf(key.toJSON()), JWT.getEncoder().encode(claims, signer));
        });
  }
}
