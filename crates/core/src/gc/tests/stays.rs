//! What stays, whatever its age, and is told.

use super::*;

#[test]
fn an_entry_stays_whatever_its_age() {
    let lake = Arc::new(Clocked::default());
    let root = root(&lake);
    let entry = stored(&root, &address(9), b"value");
    advance(GRACE * 100);
    let before = block_on(lake.paths());
    let swept = sweep(&root);
    assert!(swept.removed.tallies.is_empty() && swept.left.tallies.is_empty(), "{swept:?}");
    assert_eq!(block_on(lake.paths()), before);
    assert_eq!(swept.objects, 4, "marker, manifest and two of data: {entry:?}");
}

#[test]
fn what_is_not_nuthatchs_stays_and_is_told() {
    let lake = Arc::new(Clocked::default());
    let root = root(&lake);
    stored(&root, &address(9), b"value");
    let folder = "_/lake.weather.daily";
    let key = "a4dqobyha4dqobyha4dqobyha4";
    let foreign = [
        "README.md".to_owned(),
        ".probe/notes.txt".to_owned(),
        format!("{folder}/data/notes.txt"),
        format!("{folder}/data/a4/x~{key}/notes.txt"),
        format!("{folder}/data/a4/x~{key}/01jfzxyzg1f3vq7kz0m2n4p6r8"),
        format!("{folder}/data/a4/x~{key}/01JFZXYZG1F3VQ7KZ0M2N4P6R8/value.bin"),
        format!("{folder}/data/zz/x~{key}/01jfzxyzg1f3vq7kz0m2n4p6r8/value.bin"),
        format!("{folder}/entries/a4/x~{key}.json.bak"),
        format!("{folder}/leases/a4/x~{key}"),
        format!("backup/{folder}/data/a4/x~{key}/01jfzxyzg1f3vq7kz0m2n4p6r8/value.bin"),
    ];
    for path in &foreign {
        block_on(lake.write(path, b"mine"));
    }
    advance(GRACE * 2);
    let swept = sweep(&root);
    assert!(swept.removed.tallies.is_empty(), "{swept:?}");
    let told: Vec<_> = swept.left.listed.iter().map(|item| item.path.clone()).collect();
    for path in &foreign {
        assert!(told.contains(path), "{path}");
        assert_eq!(paths(&lake, path).len(), paths(&lake, path).len().max(1), "{path}");
    }
    assert_eq!(swept.left.of(Kind::Foreign).count, foreign.len() as u64);
}

#[test]
fn data_of_a_manifest_that_is_damaged_or_newer_stays_and_is_told() {
    for bytes in [&b"{"[..], b"{\"layout\":99}", b""] {
        let lake = Arc::new(Clocked::default());
        let root = root(&lake);
        let old = stored(&root, &address(9), b"old");
        stored(&root, &address(9), b"new");
        block_on(lake.write(address(9).manifest().as_ref(), bytes));
        advance(GRACE * 2);
        let swept = sweep(&root);
        assert!(swept.removed.tallies.is_empty(), "{swept:?}");
        assert_eq!(swept.left.of(Kind::Abandoned).count, 2);
        assert_eq!(swept.left.of(Kind::Unreadable).count, 1);
        assert_eq!(paths(&lake, &old.backends[0].path).len(), 2);
    }
}

#[test]
fn a_filesystem_without_a_marker_or_of_a_newer_layout_is_not_touched() {
    let lake = Arc::new(Clocked::default());
    let data = "_/f.g/data/a4/x~a4dqobyha4dqobyha4dqobyha4/01jfzxyzg1f3vq7kz0m2n4p6r8/value.bin";
    block_on(lake.write(data, b"whose?"));
    advance(GRACE * 2);
    let swept = sweep(&root(&lake));
    assert_eq!((swept.objects, swept.removed.tallies.len()), (0, 0));
    block_on(lake.write("nuthatch.json", b"{\"layout\":99}"));
    let swept = sweep(&root(&lake));
    assert_eq!(swept.failed.of(Kind::Location).count, 1);
    assert!(swept.failed.listed[0].why.contains("layout 99"));
    assert_eq!(paths(&lake, "/data/"), [data]);
}

#[test]
fn a_backends_own_filesystem_keeps_what_another_location_may_name() {
    let (manifests, cheap) = (Arc::new(Clocked::default()), Arc::new(Clocked::default()));
    let mut options = LocationOptions::new(LocationName::Root, filesystem(&manifests, "lake"));
    options.elsewhere.insert("basic".to_owned(), filesystem(&cheap, "cheap"));
    let root = Location::with_clock(options, clock);
    let old = stored(&root, &address(9), b"old");
    stored(&root, &address(9), b"new");
    let writing = block_on(begin(&root, &address(3)));
    block_on(data(&writing, b"in vain")).unwrap();
    advance(GRACE);
    let swept = sweep(&root);
    assert_eq!(swept.removed.of(Kind::Replaced).count, 1, "{swept:?}");
    assert!(paths(&cheap, &old.backends[0].path).is_empty());
    assert_eq!(swept.left.of(Kind::Abandoned).count, 1);
    assert_eq!(paths(&cheap, writing.target().prefix.as_ref()).len(), 2);

    let sure = Asked { elsewhere: true, ..Asked::default() };
    block_on(cheap.write("nuthatch.json", b"{}"));
    cheap.requests();
    let swept = sweep_as(&root, sure.clone());
    assert_eq!(swept.left.of(Kind::Location).count, 1, "it is another's root: {swept:?}");
    let requests = cheap.requests();
    assert!(!requests.is_empty());
    assert!(requests.iter().all(|(operation, _)| !operation.writes()), "{requests:?}");
    block_on(cheap.inner.delete(&Path::parse("nuthatch.json").unwrap())).unwrap();
    assert_eq!(sweep_as(&root, sure).removed.of(Kind::Abandoned).count, 1);
    assert!(paths(&cheap, writing.target().prefix.as_ref()).is_empty());
    assert_eq!(read(&cheap, &root, &address(9)).unwrap(), b"new");
}

#[test]
fn what_a_backend_keeps_elsewhere_stays_until_its_remover_is_at_hand() {
    let lake = Arc::new(Clocked::default());
    let root = root(&lake);
    let writing = block_on(begin(&root, &address(9)));
    block_on(data(&writing, b"in vain")).unwrap();
    let announced = serde_json::Map::from_iter([("table".to_owned(), "t".into())]);
    block_on(writing.target().announce("database", announced)).unwrap();
    advance(GRACE);
    let swept = sweep(&root);
    assert_eq!(swept.failed.of(Kind::Abandoned).count, 1, "{swept:?}");
    assert!(swept.failed.listed[0].why.contains("\"database\" keeps more of it elsewhere"));
    assert_eq!(paths(&lake, "/data/").len(), 3);
}

#[test]
fn a_replaced_record_that_points_elsewhere_removes_nothing() {
    let lake = Arc::new(Clocked::default());
    let root = root(&lake);
    let other = stored(&root, &address(1), b"other");
    stored(&root, &address(9), b"mine");
    let path = address(9).manifest().clone();
    let text = block_on(async { lake.inner.get(&path).await.unwrap().bytes().await.unwrap() });
    let text = String::from_utf8(text.to_vec()).unwrap();
    let record = format!(
        "\"replaced\":[{{\"backend\":\"basic\",\"generation\":\"{}\",\"path\":\"{}\",\
         \"replaced_at\":\"2020-01-01T00:00:00Z\"}}],\n\"backends\"",
        other.backends[0].generation, other.backends[0].path
    );
    let text = text.replacen("\"backends\"", &record, 1);
    let body = &text[..text.rfind(",\n\"blake3\"").unwrap()];
    let hash = blake3::hash(body.as_bytes()).to_hex();
    let sealed = format!("{body},\n\"blake3\":\"{hash}\"\n}}\n");
    block_on(lake.write(path.as_ref(), sealed.as_bytes()));
    advance(GRACE);
    let swept = sweep(&root);
    assert!(swept.removed.tallies.is_empty(), "{swept:?}");
    assert!(swept.left.listed[0].why.contains("outside the folder"), "{swept:?}");
    assert_eq!(read(&lake, &root, &address(1)).unwrap(), b"other");
}
