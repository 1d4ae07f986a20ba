//! Environments of Python, each with the packages that one file names: the libraries that others
//! use, as xarray and its like, and servers that are written in Python.

use std::fs;
use std::path::PathBuf;

use crate::Result;
use crate::context::Context;

/// The variable in which tests find the interpreter.
pub(super) const VARIABLE: &str = "TEST_PYTHON";

/// An environment: its folder's name in the cache, and the file of its requirements.
pub(super) struct Environment {
    name: &'static str,
    requirements: &'static str,
}

/// What tests compare with.
pub(super) const LIBRARIES: Environment =
    Environment { name: "python", requirements: "tests/python/requirements.txt" };

/// The server of S3. It stands apart: what it needs must not hold back the libraries.
pub(super) const MOTO: Environment =
    Environment { name: "moto", requirements: "tests/python/moto.txt" };

/// The interpreter of an environment that has all of its requirements. It is kept between runs,
/// below the cache folder, and made anew where they have changed.
pub(super) fn ensure(context: &Context, environment: &Environment) -> Result<PathBuf> {
    let Environment { name, requirements } = environment;
    let requirements = context.places.root.join(requirements);
    let wanted = fs::read_to_string(&requirements)?;
    let folder = context.places.tools.with_file_name(name);
    let (python, known) = (folder.join("bin/python"), folder.join("requirements.txt"));
    if python.is_file() && fs::read_to_string(&known).is_ok_and(|known| known == wanted) {
        return Ok(python);
    }
    println!("making a Python environment in {}", folder.display());
    let made = || -> Result {
        let venv = ["-m", "venv", "--clear"].map(Into::into);
        let arguments = venv.into_iter().chain([folder.clone().into_os_string()]);
        context.program("python3", arguments).run()?;
        let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r"];
        let arguments =
            pip.map(Into::into).into_iter().chain([requirements.clone().into_os_string()]);
        context.program(&python, arguments).run()
    };
    made().map_err(|error| {
        format!(
            "{error}; the tests need Python 3.11 or later with its `venv`, and the packages of {}",
            requirements.display()
        )
    })?;
    // Last: an environment that was not finished is made again.
    fs::write(known, wanted)?;
    Ok(python)
}
