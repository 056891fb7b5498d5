//! Digits, call data, recording.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may fail"
)]

mod office;

use finewire_core::agent::{CallAction, DialogId, Platform};
use finewire_finesse::{Request, UpdateData};
use office::centre::*;
use office::{Office, config};

#[test]
fn digits_are_checked_and_need_an_active_call() {
    let mut office = Office::new(config(), 1);
    let (seats, id) = talking(&mut office);
    let digits = |value: Option<&str>| Request::Act {
        dialog: id.clone(),
        action: CallAction::SendDtmf,
        address: "2002".into(),
        to: None,
        params: value
            .map(|v| ("dtmfString".into(), v.into()))
            .into_iter()
            .collect(),
    };
    office.tell(seats[1], &digits(Some("12*#AD")));
    assert!(office.updates(seats[1]).is_empty(), "nothing is told");
    for bad in [Some("12E"), Some("a"), Some("1 2")] {
        let refused = office.ask(seats[1], &digits(bad));
        assert_eq!(status(&refused), (400, "Invalid Input".into()), "{bad:?}");
    }
    let missing = office.ask(seats[1], &digits(None));
    assert_eq!(status(&missing), (400, "Parameter Missing".into()));
    office.act(seats[1], &id, CallAction::Hold, "2002");
    let held = office.ask(seats[1], &digits(Some("1")));
    assert_eq!(status(&held), (401, "Invalid State".into()));
}

#[test]
fn call_data_follow_the_matrix_of_answers() {
    let mut office = Office::new(config(), 2);
    let (seats, id) = talking(&mut office);
    let update = |dialog: &DialogId, variables: &[(&str, &str)]| Request::UpdateCallData {
        dialog: dialog.clone(),
        wrap_up_reason: None,
        variables: variables
            .iter()
            .map(|(n, v)| ((*n).into(), (*v).into()))
            .collect(),
    };
    let long = "x".repeat(41);
    let refused = office.ask(seats[1], &update(&id, &[("callVariable1", &long)]));
    assert_eq!(status(&refused), (400, "Invalid Input".into()));

    office.tell(seats[1], &update(&id, &[("nonsense", "1")]));
    assert!(
        office.updates(seats[1]).is_empty(),
        "no valid variable, no event, no error"
    );

    office.tell(
        seats[1],
        &update(&id, &[("nonsense", "1"), ("callVariable3", "gold")]),
    );
    let told = dialogs(&office.updates(seats[1]));
    assert_eq!(told[0].1.variable("callVariable3").unwrap(), &"gold");
    assert_eq!(told[0].1.variable("nonsense"), None);

    let direct = office.call("2003", "5550177");
    office.act(seats[2], &direct, CallAction::Answer, "2003");
    office.updates(seats[2]);
    office.tell(seats[2], &update(&direct, &[("callVariable3", "gold")]));
    let updates = office.updates(seats[2]);
    let UpdateData::Errors(errors) = &updates[0].data else {
        panic!("{updates:?}")
    };
    assert_eq!(
        errors.first().unwrap().message,
        *"Call Variable is protected"
    );
    assert_eq!(
        call(&office, &direct)
            .unwrap()
            .variable("callVariable3")
            .unwrap(),
        &""
    );
}

#[test]
fn recording_is_uccx_and_not_implemented_on_ucce() {
    for (platform, wanted) in [(Platform::Ucce, 501), (Platform::Uccx, 202)] {
        let mut config = config();
        config.platform = platform;
        let mut office = Office::new(config, 3);
        let (seats, id) = talking(&mut office);
        let record = Request::act(id, CallAction::StartRecording, "2002".into());
        assert_eq!(office.ask_http(seats[1], &record, None).status(), wanted);
        office.rest();
        assert!(office.updates(seats[1]).is_empty());
    }
}
