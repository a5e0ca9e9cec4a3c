import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.postgresql.plugin.AuthenticationPlugin;
import org.postgresql.plugin.AuthenticationRequestType;
import org.postgresql.util.PSQLException;
import org.postgresql.util.PSQLState;

/** As docs/connect/clients.md has it. */
public final class TokenFile implements AuthenticationPlugin {
  @Override
  public char[] getPassword(AuthenticationRequestType type) throws PSQLException {
    try {
      return Files.readString(Path.of(System.getenv("TOKEN_FILE"))).strip().toCharArray();
    } catch (IOException e) {
      throw new PSQLException("cannot read the token", PSQLState.CONNECTION_REJECTED, e);
    }
  }
}
