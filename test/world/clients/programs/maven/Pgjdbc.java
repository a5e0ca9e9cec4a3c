import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;

/** pgjdbc, which asks a class for its password, or reads it in a .pgpass itself: see ../../README.md. */
public final class Pgjdbc {
  public static void main(String[] args) throws Exception {
    String way = args[0];
    String url = "jdbc:postgresql://" + args[1] + ":" + args[2] + "/" + args[3] + "?user="
        + URLEncoder.encode(args[4], StandardCharsets.UTF_8) + "&sslmode=verify-full&sslrootcert=" + args[5];
    if (way.equals("callback")) url += "&authenticationPluginClassName=TokenFile";
    try (var connection = DriverManager.getConnection(url); var statement = connection.createStatement();
        ResultSet row = statement.executeQuery(
            "select current_user, ssl from pg_stat_ssl where pid = pg_backend_pid()")) {
      row.next();
      System.out.println(row.getString(1) + " " + (row.getBoolean(2) ? "TLS" : "plain"));
    } catch (SQLException e) {
      System.err.println(e.getMessage());
      System.exit(1);
    }
  }
}
