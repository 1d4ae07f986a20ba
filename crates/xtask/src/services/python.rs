//! Python with the libraries that others use: xarray and its like, in an environment of its own.

use std::fs;
use std::path::PathBuf;

use crate::Result;
use crate::context::Context;

/// The variable in which tests find the interpreter.
pub(super) const VARIABLE: &str = "TEST_PYTHON";

const REQUIREMENTS: &str = "tests/python/requirements.txt";

/// The interpreter of an environment that has all of the requirements. It is kept between runs,
/// below the cache folder, and made anew where they have changed.
pub(super) fn ensure(context: &Context) -> Result<PathBuf> {
    let wanted = fs::read_to_string(context.places.root.join(REQUIREMENTS))?;
    let folder = context.places.tools.with_file_name("python");
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
        let requirements = context.places.root.join(REQUIREMENTS).into_os_string();
        let arguments = pip.map(Into::into).into_iter().chain([requirements]);
        context.program(&python, arguments).run()
    };
    made().map_err(|error| {
        format!(
            "{error}; the tests need Python 3.11 or later with its `venv`, and the packages of \
             {REQUIREMENTS}"
        )
    })?;
    // Last: an environment that was not finished is made again.
    fs::write(known, wanted)?;
    Ok(python)
}
