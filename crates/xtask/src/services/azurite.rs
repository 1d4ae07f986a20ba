//! Blobs of Azure as azurite serves them: in memory, with conditional requests.

use std::ffi::OsString;
use std::fs;
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;

use super::{POLL, Server, find, install, words};
use crate::Result;
use crate::context::Context;

const VARIABLE: &str = "TEST_AZURE_URL";
const PACKAGE: &str = "azurite@3.35.0";

pub(super) fn start(context: &Context) -> Result<Server> {
    let program = ensure(context)?;
    super::start(
        context,
        VARIABLE,
        |port, folder| {
            let mut arguments: Vec<OsString> = words(["--blobHost", "127.0.0.1", "--blobPort"]);
            arguments.push(port.to_string().into());
            // The client speaks a version of the protocol that it does not know yet.
            arguments.extend(words(["--inMemoryPersistence", "--skipApiVersionCheck"]));
            arguments.extend(words(["--silent", "--disableTelemetry"]));
            let server = context.program(&program, arguments).start(&folder.join("log"))?;
            Ok((server, format!("http://127.0.0.1:{port}")))
        },
        |port, _| {
            let address = SocketAddr::from(([127, 0, 0, 1], port));
            Ok(TcpStream::connect_timeout(&address, POLL).is_ok())
        },
    )
}

/// The server, kept between runs below the cache folder.
fn ensure(context: &Context) -> Result<PathBuf> {
    let folder = context.places.tools.with_file_name("azurite");
    let (program, known) = (folder.join("node_modules/.bin/azurite-blob"), folder.join("package"));
    if program.is_file() && fs::read_to_string(&known).is_ok_and(|known| known == PACKAGE) {
        return Ok(program);
    }
    if find(context, "npm", &[]).is_none() {
        install(context, "npm")?;
    }
    println!("installing {PACKAGE} in {}", folder.display());
    fs::create_dir_all(&folder)?;
    let mut arguments: Vec<OsString> = words(["install", "--no-audit", "--no-fund", "--silent"]);
    arguments.extend(["--prefix".into(), folder.clone().into_os_string(), PACKAGE.into()]);
    context.program("npm", arguments).run()?;
    // Last: what was not finished is installed again.
    fs::write(known, PACKAGE)?;
    Ok(program)
}
