use object_store::ObjectStoreExt;
use object_store::path::Path;
use pollster::block_on;

use super::{Opened, open};
use crate::error::Error;

fn opened(text: &str) -> Opened {
    open(text, &toml::Table::new()).unwrap()
}

fn refused(text: &str) -> String {
    match open(text, &toml::Table::new()).unwrap_err() {
        error @ Error::Config { .. } => error.to_string(),
        error => panic!("{error:?}"),
    }
}

fn options(text: &str) -> toml::Table {
    text.parse().unwrap()
}

#[test]
fn paths_and_file_urls_name_the_same_folder() {
    let folder = tempfile::tempdir().unwrap();
    let plain = folder.path().join("a lake, é and 100%").to_str().unwrap().to_owned();
    let by_path = opened(&plain);
    let by_url = opened(&by_path.url);
    assert!(by_path.url.starts_with("file:///") && by_path.url.contains("a%20lake"));
    assert_eq!(by_path.url, by_url.url);
    assert_eq!(by_path.folder.as_deref(), Some(std::path::Path::new(&plain)));
    assert!(by_path.immediate);

    let name = Path::parse("x").unwrap();
    block_on(by_path.store.put(&name, "here".into())).unwrap();
    assert_eq!(block_on(async { by_url.store.get(&name).await?.bytes().await }).unwrap(), "here");
    assert_eq!(std::fs::read(format!("{plain}/x")).unwrap(), b"here");
}

#[test]
fn opening_makes_no_folder() {
    let folder = tempfile::tempdir().unwrap();
    let lake = folder.path().join("not/yet");
    let store = opened(lake.to_str().unwrap()).store;
    let name = Path::parse("x").unwrap();
    assert!(matches!(block_on(store.get(&name)), Err(object_store::Error::NotFound { .. })));
    assert!(matches!(block_on(store.delete(&name)), Err(object_store::Error::NotFound { .. })));
    assert!(block_on(store.list_with_delimiter(None)).unwrap().objects.is_empty());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_path_with_a_colon_is_a_path() {
    assert_eq!(opened("/data/a:b").folder.unwrap().to_str(), Some("/data/a:b"));
}

#[test]
fn local_host_is_no_other_machine() {
    assert_eq!(opened("file://localhost/data").url, "file:///data");
    assert!(refused("file://server/data").contains("another machine"));
}

#[test]
fn memory_is_one_store_a_name() {
    let name = Path::parse("x").unwrap();
    let read =
        |url: &str| block_on(async { opened(url).store.get(&name).await?.bytes().await }).ok();
    block_on(opened("memory://one-a-name/team/a").store.put(&name, "here".into())).unwrap();
    assert_eq!(read("memory://one-a-name/team/a").unwrap(), "here");
    assert_eq!(read("memory://one-a-name/team/a/").unwrap(), "here");
    assert!(read("memory://one-a-name").is_none());
    assert!(read("memory://another-name/team/a").is_none());
    let whole = opened("memory://one-a-name").store;
    assert!(block_on(whole.get(&Path::parse("team/a/x").unwrap())).is_ok());
    assert_eq!(opened("memory://one-a-name/team/a/").url, "memory://one-a-name/team/a");
}

#[test]
fn what_cannot_be_opened_is_told_with_its_text() {
    let cases = [
        ("", "neither a URL nor an absolute path"),
        ("lake", "neither a URL nor an absolute path"),
        ("./lake", "neither a URL nor an absolute path"),
        ("file:lake", "absolute path"),
        ("file:///a?b", "%3F"),
        ("file:///a#b", "%23"),
        ("file:///a%00b", "NUL"),
        ("/a\0b", "NUL"),
        ("memory://", "plain name"),
        ("memory:///x", "plain name"),
        ("memory://a/b//c", "empty path segment"),
        ("memory://a/../b", ".."),
        ("ftp://host/x", "ftp:// is not known"),
    ];
    for (text, said) in cases {
        let error = refused(text);
        assert!(error.contains(said), "{text:?}: {error}");
        assert!(
            error.contains(&format!("filesystem {text:?}"))
                || error.contains("filesystem \"file:///a\""),
            "{text:?}: {error}"
        );
    }
}

#[cfg(all(feature = "aws", feature = "azure", feature = "gcp", feature = "http"))]
mod remote {
    use super::{open, opened, options, refused};

    #[test]
    fn urls_name_stores_and_prefixes() {
        let key = options("region = 'eu-west-1'\naccess_key_id = 'k'\nsecret_access_key = 's'");
        let lake = open("s3://lake/team a/b/", &key).unwrap();
        assert_eq!(lake.url, "s3://lake/team a/b");
        assert!(!lake.immediate && !lake.read_only && lake.folder.is_none());

        let account = options("account_name = 'me'\naccess_key = 'a2V5'");
        assert_eq!(open("az://lake/x", &account).unwrap().url, "az://lake/x");
        let whole = "abfss://lake@me.dfs.core.windows.net/x";
        let key = options("access_key = 'a2V5'");
        assert_eq!(open(whole, &key).unwrap().url, whole);
        let anonymous = options("google_skip_signature = true");
        assert_eq!(open("gs://lake/x", &anonymous).unwrap().url, "gs://lake/x");

        let web = opened("https://lake.example/public");
        assert_eq!(web.url, "https://lake.example/public");
        assert!(web.read_only);
    }

    #[test]
    fn no_debug_shows_credentials() {
        for (url, told) in [
            ("s3://lake", "access_key_id = 'topsecret'\nsecret_access_key = 'topsecret'"),
            ("az://lake", "account_name = 'me'\nsas_token = 'sig=topsecret'"),
            ("az://lake/x", "account_name = 'me'\ntoken = 'topsecret'"),
            ("gs://lake", "google_skip_signature = true\nproxy_url = 'http://me:topsecret@host'"),
        ] {
            let shown = format!("{:?}", open(url, &options(told)).unwrap());
            assert!(shown.contains(url.split('/').nth(2).unwrap()), "{shown}");
            assert!(!shown.contains("topsecret"), "{shown}");
        }
    }

    #[test]
    fn what_names_no_store_is_told_with_its_text() {
        let cases = [
            ("s3://", "names a bucket or host"),
            ("s3:///x", "names a bucket or host"),
            ("s3://lake/a?b", "%3F"),
            ("s3://lake/a#b", "%23"),
            ("s3://localhost:9000/lake", "`endpoint`"),
            ("s3://lake/a/../../b//c", "empty path segment"),
            ("https://me@host/x", "filesystem_options"),
        ];
        for (text, said) in cases {
            let error = refused(text);
            assert!(error.contains(said), "{text:?}: {error}");
        }
    }
}

#[test]
fn credentials_are_not_repeated() {
    for text in [
        "s3://key:topsecret@bucket/x",
        "https://user:topsecret@host/path?sig=topsecret",
        "https://host/path?sig=topsecret#topsecret",
        "nonsense://topsecret@",
        "nonsense://a:top@topsecret@b/c",
        "memory://topsecret@a",
        "file://me:topsecret@host/x",
    ] {
        let error = refused(text);
        assert!(!error.contains("topsecret"), "{text:?}: {error}");
    }
}

#[test]
fn options_are_checked() {
    let error = open("/lake", &options("region = 'eu'")).unwrap_err().to_string();
    assert!(error.contains("\"region\"") && error.contains("\"durable\""), "{error}");
    let error = open("/lake", &options("durable = 'yes'")).unwrap_err().to_string();
    assert!(error.contains("true or false"), "{error}");
    let folder = tempfile::tempdir().unwrap();
    let lake = folder.path().to_str().unwrap();
    assert!(
        format!("{:?}", open(lake, &options("durable = true")).unwrap()).contains("durable: true")
    );
    assert!(open("memory://m", &options("durable = true")).is_ok());
}
