//! S3 as moto serves it: in memory, with conditional requests.

use std::ffi::OsString;
use std::net::{SocketAddr, TcpStream};

use super::{POLL, Server, python, words};
use crate::Result;
use crate::context::Context;

const VARIABLE: &str = "TEST_S3_URL";

pub(super) fn start(context: &Context) -> Result<Server> {
    let python = python::ensure(context, &python::MOTO)?;
    super::start(
        context,
        VARIABLE,
        |port, folder| {
            let mut arguments: Vec<OsString> = words(["-m", "moto.server", "-H", "127.0.0.1"]);
            arguments.push(format!("-p{port}").into());
            let server = context.program(&python, arguments).start(&folder.join("log"))?;
            Ok((server, format!("http://127.0.0.1:{port}")))
        },
        |port, _| {
            let address = SocketAddr::from(([127, 0, 0, 1], port));
            Ok(TcpStream::connect_timeout(&address, POLL).is_ok())
        },
    )
}
