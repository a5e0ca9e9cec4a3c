// What all makers in Java share: which tokens are asked for, and how they are handed back.
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.spec.ECGenParameterSpec;
import java.time.Instant;
import java.util.Arrays;
import java.util.Base64;
import java.util.Map;

final class Maker {
  static final Map<String, String> CURVES =
      Map.of("ES256", "P-256", "ES384", "P-384", "ES512", "P-521");

  /** Issuer, audience, subject and times of the token that is asked for. */
  record Claims(String issuer, String audience, String subject, Instant issued, Instant expires) {}

  /** The published keys, as text, and a token. */
  record Made(String keys, String token) {}

  interface Make {
    Made make(String alg, Claims claims) throws Exception;
  }

  /** Calls make for each algorithm of the command line. The issuer is the first word with the algorithm behind it. */
  static void run(String[] words, Make make) throws Exception {
    for (String alg : Arrays.copyOfRange(words, 3, words.length)) {
      Instant now = Instant.now();
      Made made = make.make(alg, new Claims(words[0] + "/" + alg, words[1], words[2], now, now.plusSeconds(600)));
      System.out.println("{\"keys\":" + quote(made.keys) + ",\"token\":" + quote(made.token) + "}");
    }
  }

  /** For libraries that leave keys to the JDK. */
  static KeyPair generate(String alg) throws Exception {
    if (CURVES.containsKey(alg)) {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
      generator.initialize(new ECGenParameterSpec("secp" + CURVES.get(alg).substring(2) + "r1"));
      return generator.generateKeyPair();
    }
    KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
    generator.initialize(2048);
    return generator.generateKeyPair();
  }

  /** For libraries that know no JWK. */
  static String pem(KeyPair pair) {
    String base64 = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(pair.getPublic().getEncoded());
    return "-----BEGIN PUBLIC KEY-----\n" + base64 + "\n-----END PUBLIC KEY-----\n";
  }

  /** For libraries that know JWKs and no sets of them. */
  static String setOf(String jwk) {
    return "{\"keys\":[" + jwk + "]}";
  }

  private static String quote(String text) {
    return '"' + text.replace("\\", "\\\\").replace("\"", "\\\"").replace("\r", "\\r").replace("\n", "\\n") + '"';
  }

  private Maker() {}
}
