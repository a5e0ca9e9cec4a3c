//! What both programs are told, and what they print: see ../../README.md.
use std::{env, fs};

/// Where to log in, how, and as whom.
pub struct Login {
    pub way: String,
    pub host: String,
    pub port: u16,
    pub database: String,
    pub user: String,
    pub authority: String,
}

/// Reads WAY HOST PORT DATABASE USER AUTHORITY.
pub fn read_login() -> Login {
    let args: Vec<String> = env::args().skip(1).collect();
    let [way, host, port, database, user, authority] = args.try_into().expect("six arguments");
    let port = port.parse().expect("a port");
    Login { way, host, port, database, user, authority }
}

pub fn read_token() -> String {
    let path = env::var("TOKEN_FILE").expect("TOKEN_FILE");
    fs::read_to_string(path).expect("a token").trim().to_owned()
}

/// Prints who was let in over what, or the error as the driver shows it.
pub fn report<E: std::fmt::Display>(outcome: Result<(String, bool), E>) {
    match outcome {
        Ok((user, tls)) => println!("{user} {}", if tls { "TLS" } else { "plain" }),
        Err(error) => {
            eprintln!("{error}");
            std::process::exit(1);
        }
    }
}
