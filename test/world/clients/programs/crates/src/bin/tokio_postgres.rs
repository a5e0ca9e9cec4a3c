//! tokio-postgres, which takes the token as its password.
use std::error::Error;

use openssl::ssl::{SslConnector, SslMethod};
use postgres_openssl::MakeTlsConnector;
use programs::{Login, read_login, read_token, report};
use tokio_postgres::config::{Config, SslMode};

async fn log_in(login: &Login) -> Result<(String, bool), Box<dyn Error>> {
    let mut tls = SslConnector::builder(SslMethod::tls())?;
    tls.set_ca_file(&login.authority)?;
    let (client, connection) = Config::new()
        .host(&login.host)
        .port(login.port)
        .dbname(&login.database)
        .user(&login.user)
        .password(read_token())
        .ssl_mode(SslMode::Require)
        .connect(MakeTlsConnector::new(tls.build()))
        .await?;
    tokio::spawn(connection);
    let row = client
        .query_one("select current_user::text, ssl from pg_stat_ssl where pid = pg_backend_pid()", &[])
        .await?;
    Ok((row.get(0), row.get(1)))
}

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    report(runtime.block_on(log_in(&read_login())));
}
