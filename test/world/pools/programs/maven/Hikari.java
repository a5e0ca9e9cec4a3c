import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.HashSet;
import java.util.Set;

/** Hikari WAY HOST PORT DATABASE USER SECONDS: see ../../README.md. */
public final class Hikari {
  private static final Set<Integer> SESSIONS = new HashSet<>();
  private static int queries;
  private static int failures;
  private static double lastAnswer;
  private static String firstFailure = "";

  public static void main(String[] args) throws Exception {
    String way = args[0];
    HikariConfig config = new HikariConfig();
    config.setJdbcUrl("jdbc:postgresql://" + args[1] + ":" + args[2] + "/" + args[3] + "?sslmode=disable");
    config.setUsername(args[4]);
    config.setMaximumPoolSize(4);
    config.setConnectionTimeout(10_000);
    config.setInitializationFailTimeout(-1);
    if (way.equals("once")) config.setPassword(Files.readString(Path.of(System.getenv("TOKEN_FILE"))).strip());
    if (way.equals("callback")) config.addDataSourceProperty("authenticationPluginClassName", "TokenFile");
    long start = System.nanoTime();
    long end = start + Long.parseLong(args[5]) * 1_000_000_000L;
    try (HikariDataSource pool = new HikariDataSource(config)) {
      Thread[] workers = new Thread[4];
      for (int i = 0; i < workers.length; i++) {
        workers[i] = new Thread(() -> work(pool, args[4], start, end));
        workers[i].start();
      }
      // No lifetime under 30 seconds is accepted: connections are replaced by hand.
      while (System.nanoTime() < end) {
        Thread.sleep(2000);
        pool.getHikariPoolMXBean().softEvictConnections();
      }
      for (Thread worker : workers) worker.join();
    }
    System.out.printf(java.util.Locale.ROOT, "{\"queries\":%d,\"failures\":%d,\"sessions\":%d,\"lastAnswer\":%.1f,\"firstFailure\":\"%s\"}%n",
        queries, failures, SESSIONS.size(), lastAnswer, firstFailure);
  }

  private static void work(HikariDataSource pool, String user, long start, long end) {
    while (System.nanoTime() < end) {
      try {
        ask(pool, user, start);
        Thread.sleep(50);
      } catch (SQLException e) {
        synchronized (SESSIONS) {
          failures++;
          Throwable cause = e.getCause() == null ? e : e.getCause();
          if (firstFailure.isEmpty()) firstFailure = cause.getMessage().replaceAll("[^ -~]|[\"\\\\]", " ");
        }
      } catch (InterruptedException e) {
        return;
      }
    }
  }

  private static void ask(HikariDataSource pool, String user, long start) throws SQLException {
    try (var connection = pool.getConnection(); var statement = connection.createStatement();
        ResultSet row = statement.executeQuery("select current_user, pg_backend_pid()")) {
      row.next();
      if (!row.getString(1).equals(user)) throw new SQLException("answered by " + row.getString(1));
      synchronized (SESSIONS) {
        queries++;
        SESSIONS.add(row.getInt(2));
        lastAnswer = (System.nanoTime() - start) / 1e9;
      }
    }
  }
}
