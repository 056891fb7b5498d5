//! Control-failure codes, from the telephone system to the driver.

use std::cell::Cell;
use std::rc::Rc;

use finewire_core::contract::{Command as C, Event as Wire};
use finewire_finesse::ErrorCode;
use finewire_tests::world::site::Site;

#[test]
fn every_control_failure_reaches_the_driver_with_its_code_its_number_and_a_sentence() {
    let mut site = Site::calm();
    site.be_ready(1);
    let mut knobs = finewire_simulator::Knobs::default();
    knobs.no_peripheral_errors = true;
    site.turn(move |own| *own = knobs);
    let current = Rc::new(Cell::new(0));
    let shown = Rc::clone(&current);
    site.rewrite_notifications(move |text| {
        let name = ErrorCode(shown.get()).name()?;
        let text = text.replace("CF_INVALID_OBJECT_STATE", &name);
        let data = |number: u32| format!("&lt;errorData&gt;{number}&lt;");
        Some(text.replace(&data(22), &data(shown.get())))
    });
    let codes = (1..2000).filter(|number| ErrorCode(*number).name().is_some());

    let mut seen = 0;
    for number in codes {
        current.set(number);
        let name = ErrorCode(number).name().expect("a name");
        // From READY, UCCE signs nobody out.
        let text = site.expect_refused(1, C::Logout);
        assert!(text.starts_with(&format!("{name}: ")), "{text}");
        assert!(text.ends_with(&format!(". ({number})")), "{text}");
        let meaning = ErrorCode(number).meaning().expect("a text");
        assert!(text.contains(&meaning[1..]), "{text}");
        seen += 1;
    }

    assert_eq!(seen, 67);
    let refused = |event: &Wire| matches!(event, Wire::Error(_));
    assert_eq!(site.count(1, refused), seen);
}
