import com.auth0.jwt.JWT;
import com.auth0.jwt.algorithms.Algorithm;
import java.security.KeyPair;
import java.security.interfaces.ECPrivateKey;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.RSAPrivateKey;
import java.security.interfaces.RSAPublicKey;

final class Auth0 {
  public static void main(String[] words) throws Exception {
    Maker.run(
        words,
        (alg, asked) -> {
          // It leaves keys to the JDK, and knows no JWK.
          KeyPair pair = Maker.generate(alg);
          String token =
              JWT.create()
                  .withIssuer(asked.issuer())
                  .withAudience(asked.audience())
                  .withSubject(asked.subject())
                  .withIssuedAt(asked.issued())
                  .withExpiresAt(asked.expires())
                  .sign(algorithmOf(alg, pair));
          return new Maker.Made(Maker.pem(pair), token);
        });
  }

  private static Algorithm algorithmOf(String alg, KeyPair pair) {
    return switch (alg) {
      case "ES256" -> Algorithm.ECDSA256((ECPublicKey) pair.getPublic(), (ECPrivateKey) pair.getPrivate());
      case "ES384" -> Algorithm.ECDSA384((ECPublicKey) pair.getPublic(), (ECPrivateKey) pair.getPrivate());
      case "ES512" -> Algorithm.ECDSA512((ECPublicKey) pair.getPublic(), (ECPrivateKey) pair.getPrivate());
      case "RS256" -> Algorithm.RSA256((RSAPublicKey) pair.getPublic(), (RSAPrivateKey) pair.getPrivate());
      case "RS384" -> Algorithm.RSA384((RSAPublicKey) pair.getPublic(), (RSAPrivateKey) pair.getPrivate());
      default -> Algorithm.RSA512((RSAPublicKey) pair.getPublic(), (RSAPrivateKey) pair.getPrivate());
    };
  }
}
