//! pandas' `to_sql`, through SQLAlchemy and psycopg, in an environment of its own.

use std::process::Command;
use std::time::Duration;

use crate::Result;

const PACKAGES: [&str; 3] = ["pandas==2.3.3", "sqlalchemy==2.0.44", "psycopg[binary]==3.2.12"];

/// Makes the rows, stores them three times, and prints the median of the seconds.
const SCRIPT: &str = "\
import sys, time, numpy, pandas, sqlalchemy
n = numpy.arange(int(sys.argv[2]))
frame = pandas.DataFrame({
    'n': n, 'x': numpy.sin(n), 'y': n / 3,
    'weather': numpy.array(['sun', 'rain', 'drizzle', 'fog', 'snow'])[n % 5],
    'time': pandas.Timestamp('2008-01-01') + pandas.to_timedelta(n, unit='min'),
})
engine = sqlalchemy.create_engine(sys.argv[1])
took = []
for _ in range(3):
    begun = time.perf_counter()
    frame.to_sql('pandas', engine, if_exists='replace', index=False)
    took.append(time.perf_counter() - begun)
print(sorted(took)[1])
";

pub(crate) struct Pandas {
    folder: tempfile::TempDir,
    url: String,
}

impl Pandas {
    /// Installs it.
    pub(crate) fn start(url: &str) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let made = Command::new("python3").args(["-m", "venv"]).arg(folder.path()).status()?;
        let pip = folder.path().join("bin/pip");
        if !made.success()
            || !Command::new(pip).args(["install", "-q"]).args(PACKAGES).status()?.success()
        {
            return Err("pandas cannot be installed".into());
        }
        let url = url.replacen("postgresql://", "postgresql+psycopg://", 1);
        Ok(Self { folder, url })
    }

    /// How long it takes for so many rows.
    pub(crate) fn store(&self, count: usize) -> Result<Duration> {
        let python = self.folder.path().join("bin/python");
        let mut python = Command::new(python);
        let ran = python.args(["-c", SCRIPT, &self.url, &count.to_string()]).output()?;
        if !ran.status.success() {
            return Err(String::from_utf8_lossy(&ran.stderr).into());
        }
        Ok(Duration::from_secs_f64(String::from_utf8(ran.stdout)?.trim().parse()?))
    }
}
