use super::World;
use crate::config::secrets::{looks_secret, masked_url};

const SECRETS: &str = "
[nuthatch]
filesystem = 's3://user:hunter2@lake/path'
filesystem_options = { aws_secret_access_key = 'hunter2', region = 'eu', Token = 'hunter2' }
[nuthatch.root.sql]
host = 'db'
password = 'hunter2'
url = 'postgres://me:hunter2@db/lake?sslmode=hunter2'
nested = { write_password = 'hunter2', list = [ { api-key = 'hunter2' } ] }
[nuthatch.mirror]
filesystem = 'https://x/y?sig=hunter2'
";

#[test]
fn secrets_are_shown_nowhere() {
    let world = World::new().project(SECRETS);
    let settings = world.resolve();
    for shown in [settings.to_string(), format!("{settings:?}"), format!("{settings:#?}")] {
        assert!(!shown.contains("hunter2"), "{shown}");
        assert!(shown.contains("***") && shown.contains("eu"), "{shown}");
    }
    let resolver = crate::config::resolve::Resolver::new(world.sources.clone()).unwrap();
    assert!(!format!("{resolver:?}").contains("hunter2"));
    let root = settings.root.as_ref().unwrap();
    assert_eq!(root.filesystem_options["Token"].as_str(), Some("hunter2"));
    let code = World::new().code("root.sql.password", "hunter2").sources.code;
    assert!(!format!("{code:?}").contains("hunter2"));
}

#[test]
fn settings_print_a_line_a_parameter_with_its_origin() {
    let world = World::new()
        .project("[nuthatch]\nfilesystem = 'memory://lake'\nmemo_size = 1500\n[nuthatch.zarr]\nlevel = 3")
        .env("NUTHATCH_GRACE", "90 min");
    let shown = world.resolve().to_string().replace(&world.path("").display().to_string(), "/");
    assert_eq!(
        shown,
        "cache_mode = \"write\"  (default)\n\
         memoize = false  (default)\n\
         memo_size = 1500  (/project/nuthatch.toml:3)\n\
         durable = false  (default)\n\
         on_store_failure = \"warn\"  (default)\n\
         manifest_identity = \"full\"  (default)\n\
         commit = \"conditional\"  (default)\n\
         grace = \"90min\"  (NUTHATCH_GRACE)\n\
         timeout = \"30s\"  (default)\n\
         lease_ttl = \"30s\"  (default)\n\
         lease_wait = \"1h\"  (default)\n\
         on_busy = \"wait\"  (default)\n\
         verify = \"full\"  (default)\n\
         progress = \"auto\"  (default)\n\
         root.filesystem = \"memory://lake\"  (/project/nuthatch.toml:2)\n\
         root.zarr.filesystem = \"memory://lake\"  (/project/nuthatch.toml:2)\n\
         root.zarr.level = 3  (/project/nuthatch.toml:5)\n\
         local.filesystem = \"/home/.nuthatch/caches\"  (default)\n"
    );
}

#[test]
fn secrets_are_told_by_their_names() {
    for name in ["aws_secret_access_key", "SAS-Token", "password", "google_credentials", "apiKey"] {
        assert!(looks_secret(name), "{name}");
    }
    for name in ["region", "endpoint", "host", "user", "allow_http"] {
        assert!(!looks_secret(name), "{name}");
    }
    assert_eq!(
        masked_url("abfss://lake@account.dfs.core.windows.net/x"),
        "abfss://lake@account.dfs.core.windows.net/x"
    );
    assert_eq!(masked_url("https://a:b@c@host/x@y?z"), "https://***@host/x@y?***");
    assert_eq!(masked_url("/a@b?c"), "/a@b?c");
}
