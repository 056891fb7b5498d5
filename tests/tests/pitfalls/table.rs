//! The table for people is complete and names tests that there are.

const TABLE: &str = include_str!("../../../transports/finesse/PITFALLS.md");
const TESTS: [&str; 3] = [
    include_str!("notifications.rs"),
    include_str!("requests.rs"),
    include_str!("service.rs"),
];

/// Number and tests of each row.
fn rows() -> Vec<(u32, Vec<&'static str>)> {
    let rows = TABLE.lines().filter_map(|line| {
        let mut cells = line.split('|').map(str::trim).skip(1);
        let number = cells.next()?.parse().ok()?;
        let tests = cells.nth(2)?;
        let names = tests.split('`').skip(1).step_by(2);
        Some((number, names.collect()))
    });
    rows.collect()
}

#[test]
fn every_pitfall_has_its_row_and_every_row_its_test() {
    let rows = rows();
    let numbers: Vec<u32> = rows.iter().map(|(number, _)| *number).collect();
    assert_eq!(numbers, (1..=26).collect::<Vec<_>>());
    for (number, tests) in &rows {
        assert!(!tests.is_empty(), "{number} has no test");
        for test in tests {
            let declaration = format!("#[test]\nfn {test}()");
            let found = TESTS.iter().filter(|text| text.contains(&declaration));
            assert_eq!(found.count(), 1, "{number}: {test}");
        }
    }
}

#[test]
fn every_test_has_its_row() {
    let named: Vec<&str> = rows().into_iter().flat_map(|(_, tests)| tests).collect();
    for text in TESTS {
        for declaration in text.split("#[test]\nfn ").skip(1) {
            let name = declaration.split('(').next().unwrap_or_default();
            assert!(named.contains(&name), "{name} stands in no row");
        }
    }
}
