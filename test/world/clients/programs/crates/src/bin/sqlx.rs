//! sqlx, whose pool is given the token for the connections that come, or which reads it in a .pgpass when the URL is parsed.
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use programs::{Login, read_login, read_token, report};
use sqlx::{
    Error,
    postgres::{PgConnectOptions, PgPoolOptions},
};

async fn log_in(login: &Login) -> Result<(String, bool), Error> {
    let Login { way, host, port, database, user, authority } = login;
    let user = utf8_percent_encode(user, NON_ALPHANUMERIC);
    let url = format!("postgres://{user}@{host}:{port}/{database}?sslmode=verify-full&sslrootcert={authority}");
    let options: PgConnectOptions = url.parse()?;
    let pool = PgPoolOptions::new().max_connections(1).connect_lazy_with(options.clone());
    if way == "password" {
        pool.set_connect_options(options.password(&read_token()));
    }
    let row = sqlx::query_as("select current_user::text, ssl from pg_stat_ssl where pid = pg_backend_pid()")
        .fetch_one(&pool)
        .await;
    pool.close().await;
    row
}

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    report(runtime.block_on(log_in(&read_login())));
}
